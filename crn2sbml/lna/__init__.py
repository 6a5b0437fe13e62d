"""The linear noise approximation of any mass-action network."""
