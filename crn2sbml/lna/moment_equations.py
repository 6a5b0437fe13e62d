"""The linear noise approximation as equations in symbols: what a file needs to say so that any ODE solver computes it.

With J the Jacobian of the deterministic rates v and S the stoichiometry, the covariance of counts follows
dC/dt = J C + C J^T + S diag(v) S^T beside dx/dt = S v. Only the pairs that can ever correlate get an equation.
Source: van Kampen, Stochastic Processes in Physics and Chemistry, ch. X; Elf, Ehrenberg 2003, doi:10.1101/gr.1196503.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from crn2sbml.core.network import Network, Terms
from crn2sbml.errors import FormatError

Pair: TypeAlias = tuple[str, str]
"""Two species in the order of the network, or one twice: a covariance or a variance."""


class Term(NamedTuple):
    """`factor` times the rate constant `rate` times each species to its power."""

    factor: int
    rate: str
    powers: Terms


Polynomial: TypeAlias = tuple[Term, ...]


class Size(NamedTuple):
    """How many covariances (variances included) have an equation, and how many terms those have together."""

    pairs: int
    terms: int


@dataclass(frozen=True)
class MomentEquations:
    """The equations of one network; deterministic mass action of any order, clamped species without noise.

    `jacobian` holds d(dx_i/dt)/dx_k by (i, k), 1/s; `diffusion` holds S diag(v) S^T by pair, items^2 per second.
    Entries that are 0 whatever the counts are absent. `size` is known before any equation is built.
    """

    pairs: tuple[Pair, ...]
    jacobian: Mapping[tuple[str, str], Polynomial]
    diffusion: Mapping[Pair, Polynomial]
    size: Size

    @classmethod
    def of(cls, net: Network, most_pairs: int, most_terms: int) -> "MomentEquations":
        """The equations, or FormatError with their number if there are more than `most_pairs` or `most_terms`."""
        jacobian, diffusion = _jacobian(net), _diffusion(net)
        # A species that a reaction changes has a variance, so these are counted first and no large array is made.
        moving = [name for name in net.floating if (name, name) in diffusion]
        if len(moving) > most_pairs:
            raise FormatError(_too_many(net, f"at least {len(moving):,} covariances", most_pairs, most_terms))
        support = _support(moving, jacobian, diffusion)
        size = _size(moving, jacobian, diffusion, support)
        if size.pairs > most_pairs or size.terms > most_terms:
            counts = f"{size.pairs:,} covariances with {size.terms:,} terms"
            raise FormatError(_too_many(net, counts, most_pairs, most_terms))
        upper = zip(*np.nonzero(np.triu(support)), strict=True)
        return cls(tuple((moving[i], moving[j]) for i, j in upper), jacobian, diffusion, size)

    def equations(self) -> Iterator[tuple[Pair, dict[Pair, Polynomial], Polynomial]]:
        """For each pair: what each covariance is multiplied by in its time derivative, and the noise added to it."""
        rows: dict[str, list[tuple[str, Polynomial]]] = {}
        for (i, k), entry in self.jacobian.items():
            rows.setdefault(i, []).append((k, entry))
        known = {pair: pair for pair in self.pairs} | {(b, a): (a, b) for a, b in self.pairs}
        for i, j in self.pairs:
            factors: dict[Pair, Polynomial] = {}
            for one, other in ((i, j), (j, i)):
                for k, entry in rows.get(one, ()):
                    if (k, other) in known:
                        pair = known[k, other]
                        factors[pair] = _sum([*factors.get(pair, ()), *entry])
            yield (i, j), {pair: entry for pair, entry in factors.items() if entry}, self.diffusion.get((i, j), ())


def _jacobian(net: Network) -> dict[tuple[str, str], Polynomial]:
    clamped = set(net.clamped)
    entries: dict[tuple[str, str], list[Term]] = {}
    for reaction in net.reactions:
        change = [(name, count) for name, count in reaction.net_change if name not in clamped]
        for read, power in reaction.inputs:
            if read not in clamped:
                rest = tuple((n, c - (n == read)) for n, c in reaction.inputs if c > (n == read))
                for name, count in change:
                    entries.setdefault((name, read), []).append(Term(count * power, reaction.rate, rest))
    return _without_zeros(entries)


def _diffusion(net: Network) -> dict[Pair, Polynomial]:
    order, clamped = net.species_index, set(net.clamped)
    entries: dict[Pair, list[Term]] = {}
    for reaction in net.reactions:
        change = sorted((order[name], name, n) for name, n in reaction.net_change if name not in clamped)
        for (_, a, change_a), (_, b, change_b) in combinations_with_replacement(change, 2):
            entries.setdefault((a, b), []).append(Term(change_a * change_b, reaction.rate, reaction.inputs))
    return _without_zeros(entries)


def _without_zeros(entries: Mapping[Pair, list[Term]]) -> dict[Pair, Polynomial]:
    summed = {pair: _sum(terms) for pair, terms in entries.items()}
    return {pair: terms for pair, terms in summed.items() if terms}


def _sum(terms: list[Term]) -> Polynomial:
    """Like terms added, in order of appearance; those that cancel are gone."""
    factors: dict[tuple[str, frozenset[tuple[str, int]]], Term] = {}
    for term in terms:
        key = (term.rate, frozenset(term.powers))
        factors[key] = term._replace(factor=term.factor + factors[key].factor) if key in factors else term
    return tuple(term for term in factors.values() if term.factor)


def _support(
    moving: list[str], jacobian: Mapping[Pair, Polynomial], diffusion: Mapping[Pair, Polynomial]
) -> NDArray[np.bool_]:
    """Which covariances can leave 0: noise that two species share, and all that the Jacobian makes of it."""
    index = {name: i for i, name in enumerate(moving)}
    sources: list[list[int]] = [[] for _ in moving]
    for reader, read in jacobian:
        if reader != read and read in index:
            sources[index[reader]].append(index[read])
    support = np.zeros((len(moving),) * 2, dtype=bool)
    for a, b in diffusion:
        support[index[a], index[b]] = support[index[b], index[a]] = True
    order = _along_the_cascade(sources)
    # First whatever i takes over from the species that it reads, then the same for the other index.
    for _ in range(2):
        found = -1
        while found != (found := int(support.sum())):
            for i in order:
                if sources[i]:
                    support[i] |= support[sources[i]].any(axis=0)
            order = order[::-1]
        support = support.T.copy()
    return support


def _along_the_cascade(sources: list[list[int]]) -> list[int]:
    """Species so that those which are read stand before (or behind) their readers, whatever the order of the file.

    Then a few sweeps suffice. Only speed depends on it: that the components come sorted is SciPy's habit, no promise.
    """
    readers = np.repeat(np.arange(len(sources)), [len(reads) for reads in sources])
    read = np.array([k for reads in sources for k in reads], dtype=np.intp)
    graph = sparse.csr_array((np.ones(len(read)), (readers, read)), shape=(len(sources),) * 2)
    _, parts = csgraph.connected_components(graph, directed=True, connection="strong")
    return [int(i) for i in np.argsort(parts, kind="stable")]


def _size(
    moving: list[str],
    jacobian: Mapping[Pair, Polynomial],
    diffusion: Mapping[Pair, Polynomial],
    support: NDArray[np.bool_],
) -> Size:
    """Terms of all right-hand sides, before those of a pair's own covariance are put together."""
    # Where i reads k, whatever correlates with k does so with i: each such j has this entry of J in its equation.
    partners = dict(zip(moving, support.sum(axis=1).tolist(), strict=True))
    products = sum(len(terms) * partners[k] for (_, k), terms in jacobian.items() if k in partners)
    return Size(int(np.triu(support).sum()), products + sum(map(len, diffusion.values())))


def _too_many(net: Network, counts: str, most_pairs: int, most_terms: int) -> str:
    return (
        f"network {net.id!r}: the LNA as a model would have {counts}; at most {most_pairs:,} with {most_terms:,} are "
        f"written; use the method 'lna' on the plain model, or a smaller one"
    )
