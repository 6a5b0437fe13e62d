"""Agreement: how far results lie apart, against which tolerance, and the verdict."""
