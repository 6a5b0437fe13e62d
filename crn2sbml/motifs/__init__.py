"""Regulatory motifs, one a file: the reactions of each beside the closed form of their steady state.

A closed form is written once, for whatever array library holds its inputs (NumPy to check, JAX to train).
"""
