"""Training through closed forms: data sets, losses and loops; JAX enters the package here."""
