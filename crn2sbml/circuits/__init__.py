"""Whole networks, built from motifs."""
