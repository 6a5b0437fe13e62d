"""The law of each construction, from master equations solved by other code or by closed forms."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from crn2sbml.circuits.distribution import LawNetwork, detailed_balanced, point_mass, robust
from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network
from crn2sbml.core.pmf import Pmf, parse_pmf, total_variation
from crn2sbml.errors import PmfError
from crn2sbml.verify.master_equation import stationary_law
from tests.reference.master_equation import Step
from tests.reference.master_equation import stationary_law as reference_law

ONE = parse_pmf("0:.2,2:.5,5:.3")
PMFS = {
    "one": ONE,
    "apart": parse_pmf("0:.9,7:.1"),
    "single": parse_pmf("3:1"),
    "nothing": parse_pmf("0:1"),
    "two": parse_pmf("0 1:.2,3 0:.5,2 2:.3"),
    "three": parse_pmf("0 1 2:.2,3 0 1:.5,2 2 0:.3"),
    "ten": parse_pmf(",".join(f"{n}:{(n + 1) / 55}" for n in range(10))),
}
every_pmf = pytest.mark.parametrize("pmf", PMFS.values(), ids=PMFS)


def steps_of(network: Network) -> list[Step]:
    names = [species.id for species in network.species]
    return [
        (
            tuple(dict(reaction.inputs).get(name, 0) for name in names),
            tuple(dict(reaction.outputs).get(name, 0) for name in names),
            network.rate_constants[reaction.rate],
        )
        for reaction in network.reactions
    ]


def error(made: LawNetwork, pmf: Pmf) -> float:
    return total_variation(stationary_law(made.network, made.truncation).marginal(made.counts), pmf)


@every_pmf
@pytest.mark.parametrize("asked", [0.3, 1e-1, 1e-3, 1e-6])
def test_robust_keeps_its_bound(pmf: Pmf, asked: float) -> None:
    made = robust(pmf, asked)
    found = error(made, pmf)
    assert made.error == asked
    assert found <= asked
    if len(pmf.support) > 1:
        assert found > asked / 20  # the bound is one to be used: constants are not faster than they must be


def test_robust_against_a_solution_by_other_code() -> None:
    made = robust(parse_pmf("0:.4,2:.6"), 0.05)
    box = reference_law(steps_of(made.network), (3, 3, 6))
    law = box.sum(axis=(0, 1))
    assert total_variation([((n,), p) for n, p in enumerate(law)], parse_pmf("0:.4,2:.6")) < 0.05
    # This box holds up to four selectors, the truncation two.
    for (n,), p in stationary_law(made.network, made.truncation).marginal(made.counts):
        assert p == pytest.approx(law[n], abs=1e-5)


@pytest.mark.parametrize("start", [{}, {"Z_3": 2, "X_1": 8}, {"Z_1": 1, "Z_2": 1, "X_1": 5}])
def test_robust_has_one_law_from_any_start(start: dict[str, float]) -> None:
    made = robust(ONE, 1e-2)
    own = stationary_law(made.network, made.truncation).marginal(made.counts)
    other = stationary_law(made.network.with_counts(start), made.truncation).marginal(made.counts)
    assert total_variation(other, ONE) == pytest.approx(total_variation(own, ONE), rel=1e-6)


@every_pmf
def test_detailed_balance(pmf: Pmf) -> None:
    """Exact, and each reaction carries as much as the one back."""
    made = detailed_balanced(pmf)
    assert made.error == 0
    assert error(made, pmf) < 1e-12
    matrices = Matrices.of(made.network)
    states = [[*row, *point] for row, point in zip(np.eye(len(pmf.support)), pmf.support, strict=True)]
    for i, (here, there) in enumerate(pairwise(states)):
        up, down = matrices.propensities(here)[2 * i], matrices.propensities(there)[2 * i + 1]
        assert up * pmf.probabilities[i] == pytest.approx(down * pmf.probabilities[i + 1], rel=1e-12)
        assert up > 0


def test_detailed_balance_needs_its_start() -> None:
    """One X more, and the law is another, on other counts: what detailed balance gives there."""
    made = detailed_balanced(ONE)
    law = stationary_law(made.network.with_counts({"Z_1": 1, "X_1": 1})).marginal(made.counts)
    ways = {n: ONE.probabilities[i] * math.factorial(n) / math.factorial(n + 1) for i, n in enumerate((0, 2, 5))}
    expected = [((n + 1,), w / sum(ways.values())) for n, w in ways.items()]
    assert [point for point, _ in law] == [point for point, _ in expected]
    np.testing.assert_allclose([p for _, p in law], [p for _, p in expected], rtol=1e-12)


def test_the_walk_s_relaxation_is_that_of_its_slowest_mode() -> None:
    made = detailed_balanced(parse_pmf("0:.1,3:.9"))
    # Two states: up at 1, down at 1/9.
    assert made.relaxation == pytest.approx(0.9)


@pytest.mark.parametrize("point", [(0,), (3,), (2, 0, 11)])
@pytest.mark.parametrize("asked", [0.3, 1e-3])
def test_point_mass(point: tuple[int, ...], asked: float) -> None:
    made = point_mass(point, asked)
    assert error(made, Pmf((point,), (1.0,))) <= asked
    one = point_mass((2,), 0.01)
    law = dict(stationary_law(one.network, one.truncation).marginal(one.counts))
    # From 2 to 3 at 1, back at 100: the next are rarer still.
    assert law[(3,)] / law[(2,)] == pytest.approx(0.01, rel=1e-9)


@pytest.mark.parametrize("make", [robust, lambda pmf, tv: point_mass(pmf.support[0], tv)])
@pytest.mark.parametrize("asked", [0, 1, -1, math.nan])
def test_an_error_that_makes_no_sense_is_refused(make: object, asked: float) -> None:
    with pytest.raises(PmfError, match="between 0 and 1"):
        make(ONE, asked)  # type: ignore[operator]


@pytest.mark.parametrize("make", [lambda pmf: robust(pmf, 0.1), detailed_balanced])
def test_reactions_of_too_many_molecules_are_refused(make: object) -> None:
    with pytest.raises(PmfError, match=r"(21|20) molecules.*12 are the most"):
        make(parse_pmf("0:.5,20:.5"))  # type: ignore[operator]


def test_a_walk_with_small_steps_goes_far() -> None:
    weights: Sequence[float] = np.full(60, 1 / 60).tolist()
    pmf = Pmf(tuple((n,) for n in range(60)), tuple(weights))
    assert error(detailed_balanced(pmf), pmf) < 1e-12
