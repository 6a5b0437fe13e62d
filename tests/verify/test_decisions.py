"""Samples of read-outs, against the exact law of a network that is Poisson."""

import numpy as np
import pytest

from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.formats.usage import Usage
from crn2sbml.verify.decisions import stochastic_readouts
from tests.engines.models import driven

USAGE = Usage(("X",), ("A",), 10.0, 1.0, 40.0)
SBML = write_sbml(Document(driven()))
RUNS = 400


@pytest.mark.parametrize("engine", ["native", "roadrunner"])
def test_snapshots_are_poisson(engine: str) -> None:
    """A is made at 2 X and decays at 1/2 (X = 10 and 5 items): its stationary law is Poisson with mean 4 X."""
    found = stochastic_readouts(SBML, USAGE, np.array([[1.0], [0.5]]), 3, replicates=RUNS, settle=25, engine=engine)
    assert found.shape == (2, RUNS, 1)
    for samples, mean in zip(found[:, :, 0], (40, 20), strict=True):
        assert abs(samples.mean() - mean) < 4 * (mean / RUNS) ** 0.5
        # The variance of a variance: (kappa_4 + 2 var^2) / n, and every cumulant of Poisson is its mean.
        assert abs(samples.var(ddof=1) - mean) < 4 * ((mean + 2 * mean**2) / RUNS) ** 0.5


def test_averages_vary_less_by_as_much_as_is_known() -> None:
    """Var = 2 m (g T - 1 + exp(-g T)) / (g T)^2, with g T = 3."""
    found = stochastic_readouts(SBML, USAGE, np.array([[1.0]]), 5, average=6.0, replicates=RUNS)[0, :, 0]
    expected = 2 * 40 * (2 + np.exp(-3)) / 9
    assert abs(found.mean() - 40) < 4 * (expected / RUNS) ** 0.5
    assert abs(found.var(ddof=1) / expected - 1) < 4 * (2 / RUNS) ** 0.5


def test_seeds() -> None:
    data = np.array([[1.0], [0.5], [0.5]])
    first, again, other = (stochastic_readouts(SBML, USAGE, data, seed, replicates=3) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first[1] != first[2]).any()
    np.testing.assert_array_equal(first[2], other[1])  # the seed of an example follows from its number
