"""The package's own sampler: what its tables hold, and networks that strain them (its law: `test_stochastic`)."""

from itertools import pairwise

import numpy as np
import pytest
import xarray as xr

from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network
from crn2sbml.engines.native import NativeEngine
from crn2sbml.engines.native_kernel import aliases
from crn2sbml.errors import EngineError
from tests.engines.models import sbml_of, tiny_network
from tests.lna.test_stationary import network

RUNS = 2000


def _sampled(net: Network, time: float) -> xr.DataArray:
    simulation = NativeEngine().load(sbml_of(net, "stochastic"))
    return simulation.ssa([0.0, time], {}, 1, RUNS)


def _z_of_poisson(values: np.ndarray, mean: float) -> tuple[float, float]:
    """Of the mean and of the variance of samples from a Poisson law (fourth central moment m + 3 m^2)."""
    z = (values.mean() - mean) / np.sqrt(mean / len(values))
    return float(z), float((values.var() - mean) / np.sqrt((mean + 2 * mean**2) / len(values)))


@pytest.mark.parametrize("seed", range(3))
def test_aliases_share_a_group_as_its_constants_do(seed: int) -> None:
    rng = np.random.default_rng(seed)
    start = np.array([0, 1, 4, 54, 56])
    constants = np.concatenate([[3.0], [0.0, 0.0, 0.0], rng.exponential(size=50) ** 4, [1e-12, 1.0]])
    share, alias = aliases(start, constants)
    for first, end in pairwise(start):
        drawn, parts = np.zeros(end - first), constants[first:end]
        np.add.at(drawn, np.arange(end - first), share[first:end] / (end - first))
        np.add.at(drawn, alias[first:end] - first, (1 - share[first:end]) / (end - first))
        if parts.any():
            np.testing.assert_allclose(drawn, parts / parts.sum(), rtol=1e-9, atol=1e-16)


def test_a_large_network_is_grouped_by_its_reactants() -> None:
    net = tiny_network()
    simulation = NativeEngine().load(sbml_of(net))
    groups, matrices = simulation._groups, Matrices.of(net)
    distinct = {tuple(sorted(r.inputs)) for r in net.reactions}
    assert len(groups.rates) == len(distinct) < len(net.reactions) / 2
    assert groups.rates.sum() == pytest.approx(matrices.constants.sum())


def test_a_fast_reaction_of_a_rare_species() -> None:
    """B lives a microsecond: nearly all draws would be in vain, were bounds not made anew."""
    made = network("BC", {"b": 10.0, "k": 1e6}, make=("", "B", "b"), turn=("B", "C", "k"))
    values = _sampled(made, 2.0).values[:, 1]
    assert values[:, 0].max() <= 1
    assert max(map(abs, _z_of_poisson(values[:, 1], 20.0))) < 4


def test_counts_that_grow_from_nothing_a_thousandfold() -> None:
    grown = network("AB", {"b": 2000.0, "g": 1.0}, make=("", "A", "b"), fade=("A", "", "g"), copy=("A", "AB", "g"))
    values = _sampled(grown, 3.0).values[:, 1, 0]
    assert max(map(abs, _z_of_poisson(values, 2000 * (1 - np.exp(-3))))) < 4


def test_counts_that_fall_to_nothing() -> None:
    """A(t) is binomial: each of 3,000 items is left with the probability exp(-t)."""
    simulation = NativeEngine().load(sbml_of(network("A", {"g": 1.0}, fade=("A", "", "g")).with_counts({"A": 3000})))
    values = simulation.ssa([0.0, 6.0, 1e9], {}, 2, RUNS).values[..., 0]
    left = np.exp(-6)
    assert abs(values[:, 1].mean() - 3000 * left) < 4 * np.sqrt(3000 * left * (1 - left) / RUNS)
    assert not values[:, 2].any()


def test_a_propensity_that_overflows_is_an_error() -> None:
    net = network("AB", {"k": 1e305}, turn=("AA", "B", "k")).with_counts({"A": 1000})
    with pytest.raises(EngineError, match="grow without bound"):
        _sampled(net, 1.0)
