"""Simulators behind one protocol; each runs what was exported (SBML text), not the object that was exported."""
