"""Where every propensity is affine the LNA is exact in mean and covariance: the SSA must agree on every species."""

import numpy as np

from crn2sbml.circuits.classifier import Classifier
from crn2sbml.engines.roadrunner import RoadRunnerEngine
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.motifs.average_pool import AveragePool
from crn2sbml.motifs.motif import Kinetics


def test_two_layers_of_pools_agree_on_every_species() -> None:
    """Catalysis and decay only: 16 pooled species, and 9 that pool them again."""
    circuit = Classifier("pools", (1, 8, 8), (AveragePool(2, 2), AveragePool(2, 1, turnover=2.0)), Kinetics(omega=40))
    image, runs, seconds = np.random.default_rng(5).random((8, 8)), 600, 15.0
    simulation = RoadRunnerEngine().load(write_sbml(Document(circuit.network([{}, {}], image))))
    noise = simulation.lna({}, seconds + 15)
    floating = noise.species.values.tolist()
    mean, variance = noise["mean"].values, np.diag(noise["covariance"].values)
    assert len(floating) == 25
    # After 15 s from nothing the mean is 3e-6 short of stationary: less than a hundredth of its standard error.
    counts = simulation.ssa([0.0, seconds], {}, seed=11, replicates=runs).sel(species=floating).values[:, -1]
    z = np.sqrt(runs / variance) * (counts.mean(axis=0) - mean)
    assert np.abs(z).max() < 4
    # The variance about the known mean; 5 as in the SBML Test Suite, since squares spread more than normal.
    y = np.sqrt(runs / 2) * (((counts - mean) ** 2).mean(axis=0) / variance - 1)
    assert np.abs(y).max() < 5
    # The pooled pools read the same species: they correlate, as the LNA says.
    sd = np.sqrt(variance)
    expected = noise["covariance"].values / np.outer(sd, sd)
    assert np.abs(np.corrcoef(counts.T) - expected).max() < 5 / np.sqrt(runs)
    assert np.abs(expected - np.eye(25)).max() > 0.1
