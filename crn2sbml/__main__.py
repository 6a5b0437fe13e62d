"""`python -m crn2sbml` is the `crn2sbml` program."""

from crn2sbml.cli.main import main

if __name__ == "__main__":
    main()
