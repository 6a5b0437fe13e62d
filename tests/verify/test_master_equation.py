import numpy as np
import pytest
from scipy.stats import poisson

from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.core.truncation import Truncation
from crn2sbml.errors import EngineError
from crn2sbml.verify import master_equation
from crn2sbml.verify.master_equation import stationary_law
from tests.reference.master_equation import Step
from tests.reference.master_equation import stationary_law as reference_law


def network(steps: list[Step], start: tuple[int, ...]) -> Network:
    """Reactions given as the reference takes them, between species A, B, ..."""
    names = "ABC"[: len(start)]

    def terms(counts: tuple[int, ...]) -> tuple[tuple[str, int], ...]:
        return tuple((name, n) for name, n in zip(names, counts, strict=True) if n)

    return Network(
        "small",
        tuple(Species(name, n) for name, n in zip(names, start, strict=True)),
        tuple(Parameter(f"k{i}", k) for i, (_, _, k) in enumerate(steps)),
        tuple(Reaction(f"r{i}", terms(taken), terms(made), f"k{i}") for i, (taken, made, _) in enumerate(steps)),
    )


GATED: list[Step] = [
    ((0, 0), (1, 0), 0.03),
    ((1, 0), (0, 0), 0.05),
    ((2, 0), (1, 0), 7.0),
    ((1, 0), (1, 1), 1.5),
    ((0, 1), (0, 0), 0.2),
    ((0, 2), (0, 1), 3.0),
]
"""A few slow molecules of A, which make B."""


@pytest.mark.parametrize("together", [(), ("A",)])
def test_against_a_solution_by_other_code(together: tuple[str, ...]) -> None:
    """In one piece, and block by block, for each count of A."""
    law = stationary_law(network(GATED, (0, 0)), Truncation({"A": 3, "B": 14}, together, 3))
    box = reference_law(GATED, (4, 15))
    assert len(law.states) == 60
    np.testing.assert_allclose(law.probabilities, box[tuple(law.states.T)], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose([p for _, p in law.marginal(["B"])], box.sum(axis=0), rtol=1e-9, atol=1e-12)


def test_birth_and_death_are_poisson() -> None:
    steps: list[Step] = [((0,), (1,), 6.0), ((1,), (0,), 2.0)]
    law = stationary_law(network(steps, (0,)), Truncation({"A": 40}))
    points, p = zip(*law.marginal(["A"]), strict=True)
    np.testing.assert_allclose(p, poisson.pmf(np.ravel(points), 3.0), atol=1e-15)
    assert law.edge == pytest.approx(poisson.pmf(40, 3.0), rel=1e-6)


def test_states_that_are_left_for_good_have_no_part() -> None:
    law = stationary_law(network([((1, 0), (0, 1), 1.0)], (3, 0)))
    assert law.marginal(["A", "B"]) == [((0, 3), 1.0)]
    assert law.edge == 0


def test_two_laws_are_refused() -> None:
    steps: list[Step] = [((1, 0, 0), (0, 1, 0), 1.0), ((1, 0, 0), (0, 0, 1), 1.0)]
    with pytest.raises(EngineError, match="2 stationary laws"):
        stationary_law(network(steps, (1, 0, 0)))


def test_too_many_states_are_refused_with_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = network([((0,), (1,), 1.0), ((1,), (0,), 1.0)], (0,))
    with pytest.raises(EngineError, match=r"200,001 states.*sample it"):
        stationary_law(endless, Truncation({"A": 200_000}))
    monkeypatch.setattr(master_equation, "LARGEST", 50)
    with pytest.raises(EngineError, match=r"more than 50 states.*sample it"):
        stationary_law(endless)
