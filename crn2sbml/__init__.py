"""crn2sbml."""
