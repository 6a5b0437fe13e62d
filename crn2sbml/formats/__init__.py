"""One kind of document a file; writers return text, readers take text."""
