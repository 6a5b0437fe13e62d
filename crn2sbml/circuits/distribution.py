"""Networks whose stationary counts follow a wanted law.

The constructions are derived here; that networks with these properties exist is the result of Cappelletti,
Ortiz-Munoz, Anderson, Winfree 2020, doi:10.1016/j.tcs.2019.08.013. Propensities count sets of molecules: the files have
the stochastic reading.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations

import numpy as np
from scipy.linalg import eigvalsh_tridiagonal

from crn2sbml.core.network import Network, Parameter, Reaction, Species, Terms
from crn2sbml.core.pmf import Pmf
from crn2sbml.core.truncation import Truncation
from crn2sbml.errors import PmfError

_LARGEST_ORDER = 12
"""Molecules of one species in a reaction, at most: laws of more are not read back."""


@dataclass(frozen=True)
class LawNetwork:
    """A network, and what is known of its stationary law without solving for it.

    `counts` are the species whose law it is, one a dimension; `error` bounds the total variation between their
    stationary law and the wanted one; `relaxation` is the time, in seconds, in which the memory of the start falls by
    e; `truncation` has next to all of the probability.
    """

    network: Network
    counts: tuple[str, ...]
    error: float
    relaxation: float
    truncation: Truncation


def detailed_balanced(pmf: Pmf) -> LawNetwork:
    """A walk along the support, `Z_i + what is removed <-> Z_(i+1) + what is added`, whose steps balance in pairs.

    The law is exact, from the start that the network has: at the first point, with one Z_1. From another start it is
    another law. A step out of a point has the propensity q_(i+1) / max(q_i, q_(i+1)) there, and one back likewise.
    Raises: PmfError: a step of more molecules than a reaction may have.
    """
    selectors, counts = _names("Z", len(pmf.support)), _names("X", len(pmf.support[0]))
    q, parameters, reactions = pmf.probabilities, [], []
    ups, downs = [], []
    for i, (here, there) in enumerate(pairwise(pmf.support)):
        step = [after - before for before, after in zip(here, there, strict=True)]
        removed = _terms(counts, [max(-change, 0) for change in step])
        added = _terms(counts, [max(change, 0) for change in step])
        one, other = ((selectors[i], 1), *removed), ((selectors[i + 1], 1), *added)
        ups.append(q[i + 1] / max(q[i : i + 2]))
        downs.append(q[i] / max(q[i : i + 2]))
        for name, taken, made, point, propensity in (
            (f"up_{i + 1}", one, other, here, ups[-1]),
            (f"down_{i + 1}", other, one, there, downs[-1]),
        ):
            _check_order(max(count for _, count in taken), f"the step between {here} and {there}")
            at = dict(zip(counts, point, strict=True))
            ways = math.prod(math.perm(at[species], count) for species, count in taken[1:])
            parameters.append(Parameter(f"k_{name}", propensity / ways))
            reactions.append(Reaction(name, taken, made, f"k_{name}"))
    start = dict(zip((selectors[0], *counts), (1, *pmf.support[0]), strict=True))
    species = tuple(Species(name, start.get(name, 0)) for name in (*selectors, *counts))
    network = Network("detailed_balanced", species, tuple(parameters), tuple(reactions))
    return LawNetwork(network, counts, 0.0, _relaxation(ups, downs), Truncation())


def robust(pmf: Pmf, error: float) -> LawNetwork:
    """A network with one stationary law, from any start, within `error` of the wanted one in total variation.

    Selectors arrive, `0 -> Z_i` at eps q_i, and of two that meet one is lost at random, `Z_i + Z_j -> Z_i` or `Z_j`
    at 1 / delta: so the one that is left is i with probability q_i. It makes `Z_i -> Z_i + X_c` at 1 where n_ic > 0;
    `Z_i + (n_ic + 1) X_c -> Z_i + n_ic X_c` removes what is too many, with the propensity
    binomial(x, n_ic + 1) / delta.

    Counts are not those of the one selector while one too many has been made, for a share delta of all time in each
    dimension, which gets a quarter of the error; and after two have met: for delta / 2 while there are two, for
    sum_c (n_jc - n_ic)+ if j outlived i, by symmetry half the distance of two draws, and for delta for each molecule
    to remove. If counts were not yet reached when they met, it takes all that there are. Selectors meet at eps.
    Raises: PmfError: an error that is not between 0 and 1; counts that need reactions of too many molecules.
    """
    _check_error(error)
    points, q = pmf.points, pmf.weights
    largest = int(points.sum(axis=1).max())
    _check_order(int(points.max()) + 1, f"the count {points.max()}")
    selectors, counts = _names("Z", len(points)), _names("X", points.shape[1])
    delta = error / (4 * len(counts))
    apart = np.abs(points[:, None] - points[None]).sum(axis=2)
    catching_up = q @ apart @ q / 2 + delta * (largest + 1)
    eps = float(0.75 * error / (catching_up + error * largest))
    parameters = [Parameter("make", 1.0), Parameter("coalesce", 1 / delta)]
    parameters += [Parameter(f"arrive_{name}", eps * p) for name, p in zip(selectors, q.tolist(), strict=True)]
    parameters += _removal(np.unique(points).tolist(), delta)
    reactions = [Reaction(f"arrival_of_{z}", (), ((z, 1),), f"arrive_{z}") for z in selectors]
    reactions += _coalescence(selectors)
    for z, point in zip(selectors, pmf.support, strict=True):
        for x, n in zip(counts, point, strict=True):
            reactions += _held_at(z, x, n)
    species = tuple(Species(name) for name in (*selectors, *counts))
    network = Network("robust", species, tuple(parameters), tuple(reactions))
    # Three selectors at a time are as rare as two are, squared.
    return LawNetwork(network, counts, error, 2 / eps, Truncation(_caps(counts, points.max(axis=0)), selectors, 2))


def point_mass(point: Sequence[int], error: float) -> LawNetwork:
    """The law of one point, from any start: `robust` with nothing to select, `0 -> X_c` and what removes the excess.

    Raises: PmfError, as `robust`.
    """
    _check_error(error)
    _check_order(max(point) + 1, f"the count {max(point)}")
    counts, delta = _names("X", len(point)), error / len(point)
    parameters = [Parameter("make", 1.0), *_removal(sorted(set(point)), delta)]
    reactions = [reaction for x, n in zip(counts, point, strict=True) for reaction in _held_at("", x, n)]
    network = Network("point_mass", tuple(map(Species, counts)), tuple(parameters), tuple(reactions))
    return LawNetwork(network, counts, error, float(max(*point, 1)), Truncation(_caps(counts, point)))


def _caps(counts: Sequence[str], largest: Iterable[int]) -> dict[str, int]:
    """Three more than a selector makes: each one more is as rare as delta."""
    return {name: int(n) + 3 for name, n in zip(counts, largest, strict=True)}


def _removal(counts: Iterable[int], delta: float) -> list[Parameter]:
    """Constants of propensity 1 / delta where one molecule is too many."""
    return [Parameter(f"remove_above_{n}", 1 / (delta * math.factorial(n + 1))) for n in counts]


def _held_at(selector: str, x: str, n: int) -> Iterator[Reaction]:
    """Reactions that bring a count to n and keep it there, while the selector is (if it needs one)."""
    by = ((selector, 1),) if selector else ()
    name = f"{selector}_{x}" if selector else x
    if n:
        yield Reaction(f"make_{name}", by, (*by, (x, 1)), "make")
    left = ((x, n),) if n else ()
    yield Reaction(f"remove_{name}", (*by, (x, n + 1)), (*by, *left), f"remove_above_{n}")


def _coalescence(selectors: Sequence[str]) -> Iterator[Reaction]:
    for z in selectors:
        yield Reaction(f"{z}_meets_itself", ((z, 2),), ((z, 1),), "coalesce")
    for kept, lost in permutations(selectors, 2):
        yield Reaction(f"{kept}_outlives_{lost}", ((kept, 1), (lost, 1)), ((kept, 1),), "coalesce")


def _relaxation(ups: Sequence[float], downs: Sequence[float]) -> float:
    """Of a walk on a line with these rates: 1 over the smallest rate, but 0, at which anything is forgotten."""
    if not ups:
        return 1.0
    up, down = np.array(ups), np.array(downs)
    leaving = np.append(up, 0.0) + np.append(0.0, down)
    return float(-1 / eigvalsh_tridiagonal(-leaving, np.sqrt(up * down))[-2])


def _terms(names: Sequence[str], counts: Sequence[int]) -> Terms:
    return tuple((name, count) for name, count in zip(names, counts, strict=True) if count)


def _names(letter: str, number: int) -> tuple[str, ...]:
    return tuple(f"{letter}_{i + 1}" for i in range(number))


def _check_error(error: float) -> None:
    if not 0 < error < 1:
        raise PmfError(f"pmf: a total variation of {error:g} cannot be asked for; it must be between 0 and 1")


def _check_order(order: int, what: str) -> None:
    if order > _LARGEST_ORDER:
        raise PmfError(
            f"pmf: {what} needs a reaction of {order} molecules of one species, and {_LARGEST_ORDER} are the most; "
            "subtract what all points have in common, or count in larger units"
        )
