from itertools import product

from crn2sbml.core.truncation import Truncation


def test_states_are_counted() -> None:
    truncation = Truncation({"X": 4, "Y": 1}, ("A", "B", "C"), 2)
    kept = [state for state in product(range(5), range(2), *[range(3)] * 3) if sum(state[2:]) <= 2]
    assert truncation.states == len(kept)
    assert Truncation().states == 1
