import pytest

from crn2sbml.core.feeding import Feeding
from crn2sbml.core.network import Network, Species
from crn2sbml.errors import NetworkError


@pytest.mark.parametrize(
    ("threshold", "species", "examples", "words"),
    [
        (1.0, (), ((),), "1 examples of 0 species; needs both"),
        (1.0, ("X",), (), "0 examples of 1 species"),
        (1.0, ("X", "X"), ((1.0, 2.0),), "fed twice among X, X"),
        (0.0, ("X",), ((1.0,),), "the threshold is 0.0"),
        (float("inf"), ("X",), ((1.0,),), "the threshold is inf"),
        (1.0, ("X", "Y"), ((1.0, 2.0), (1.0,)), "example 2 has 1 counts for 2 species"),
        (1.0, ("X",), ((1.0,), (-0.5,)), "example 2 has -0.5 of 'X'"),
        (1.0, ("X",), ((float("nan"),),), "example 1 has nan of 'X'"),
    ],
)
def test_nonsense_is_refused(
    threshold: float, species: tuple[str, ...], examples: tuple[tuple[float, ...], ...], words: str
) -> None:
    with pytest.raises(NetworkError, match=words):
        Feeding("C", threshold, species, examples)


@pytest.mark.parametrize(
    ("clock", "fed", "words"),
    [
        ("D", "X", "did you mean|D"),
        ("C", "Y", "Y"),
        ("C", "Held", "'Held' is clamped"),
        ("Held", "X", "'Held' is clamped"),
    ],
)
def test_species_that_cannot_be_fed(clock: str, fed: str, words: str) -> None:
    network = Network("n", (Species("C"), Species("X"), Species("Held", 1, clamped=True)), (), ())
    with pytest.raises(NetworkError, match=words):
        Feeding(clock, 1.0, (fed,), ((1.0,),)).check(network)
