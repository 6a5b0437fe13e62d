"""How far the stationary law of an exported network is from the one that was wanted: solved for, or sampled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chisquare

from crn2sbml.core.network import Network
from crn2sbml.core.pmf import Pmf, total_variation
from crn2sbml.core.truncation import Truncation
from crn2sbml.engines.registry import get_engine
from crn2sbml.errors import ShapeError
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.verify.intervals import wilson_interval
from crn2sbml.verify.master_equation import stationary_law

_FEWEST_EXPECTED = 5.0
"""Samples expected in a cell, below which chi-squared is no law of its statistic; such cells are taken together."""


@dataclass(frozen=True)
class SolvedError:
    """Total variation between a solved stationary law and the wanted one, and what its `states` may have lost."""

    total_variation: float
    lost: float
    states: int


@dataclass(frozen=True)
class Fit:
    """Samples held against a law: how many there are, how many lie `outside` of its support, and the p-value of
    Pearson's chi-squared test of the others.
    """

    samples: int
    outside: int
    p_value: float

    @property
    def outside_interval(self) -> tuple[float, float]:
        """The part that lies outside, Wilson's interval at 95 %."""
        return wilson_interval(self.outside, self.samples)


def solve_for_error(
    network: Network, counts: Sequence[str], pmf: Pmf, truncation: Truncation | None = None
) -> SolvedError:
    """The error of the stationary law of `counts`, from the master equation; raises EngineError, as that does."""
    law = stationary_law(network, truncation)
    return SolvedError(total_variation(law.marginal(counts), pmf), law.edge, len(law.states))


def sample_law(
    network: Network,
    counts: Sequence[str],
    start: Mapping[str, float],
    settle: float,
    samples: int,
    seed: int,
    engine: str = "native",
) -> np.ndarray:
    """Counts after `settle` seconds in independent runs of the exported network: (samples, counts).

    Raises: CrnError: as the engine's `observe`, or an unknown species in `start`.
    """
    document = Document(network.with_counts(start), reading="stochastic" if network.has_repeated_reactants else "any")
    simulation = get_engine(engine).load(write_sbml(document, picture=False))
    return simulation.observe(counts, {}, seed, settle, replicates=samples).values


def goodness_of_fit(samples: ArrayLike, pmf: Pmf) -> Fit:
    """Samples, (samples, d), against a law. Raises: ShapeError.

    Source: Pearson 1900, doi:10.1080/14786440009463897.
    """
    drawn = np.asarray(samples)
    if drawn.ndim != 2 or drawn.shape[1] != pmf.points.shape[1] or not len(drawn):
        raise ShapeError(f"samples have shape {drawn.shape}; the pmf has {pmf.points.shape[1]} dimensions")
    at = (drawn[:, None] == pmf.points[None]).all(axis=2)
    inside = int(at.any(axis=1).sum())
    found, expected = at.sum(axis=0).astype(float), inside * pmf.weights
    few = expected < _FEWEST_EXPECTED
    if few.any():
        found = np.append(found[~few], found[few].sum())
        expected = np.append(expected[~few], expected[few].sum())
    p = float(chisquare(found, expected).pvalue) if len(found) > 1 and inside else 1.0
    return Fit(len(drawn), len(drawn) - inside, p)
