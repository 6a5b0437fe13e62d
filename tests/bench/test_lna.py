"""What the linear noise approximation costs, against SciPy's dense solver and COPASI's task, and how it grows.

Run it with `pytest -m slow tests/bench/test_lna.py -n 0`; about five minutes, most of them the alternatives'.
"""

import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import linalg

from crn2sbml.circuits.classifier import Classifier
from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network
from crn2sbml.engines.copasi import CopasiEngine
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.lna.readout import Adjoint
from crn2sbml.lna.stationary import stationary
from crn2sbml.motifs.convolution import Convolution
from crn2sbml.motifs.dense import Dense
from crn2sbml.motifs.motif import Kinetics

LAYERS, SEED, OMEGA = 5, 0, 50.0


def cascade(species: int) -> tuple[Network, Matrices, np.ndarray]:
    """Five dense layers of rectifiers on 20 inputs, with about so many species, at its closed-form steady state."""
    layers = tuple(Dense(species // (2 * LAYERS)) for _ in range(LAYERS))
    return solved(Classifier("cascade", (1, 1, 20), layers, Kinetics(omega=OMEGA)))


def convolutions(species: int) -> tuple[Network, Matrices, np.ndarray]:
    """Four convolutions of two filters and ten read-outs; reactions grow with the species."""
    side = max(12, round((species / (2 * 4 * 2)) ** 0.5) + 4)
    layers = (*(Convolution(2, 3) for _ in range(4)), Dense(10, "readout"))
    return solved(Classifier("convolutions", (1, side, side), layers, Kinetics(omega=OMEGA)))


def solved(classifier: Classifier) -> tuple[Network, Matrices, np.ndarray]:
    weights = classifier.initial_weights(SEED)
    image = np.random.default_rng(SEED).uniform(0, 1, classifier.in_shape)
    net = classifier.network(weights, image)
    counts = {s.id: s.initial for s in net.species}
    position = len(classifier.input_ids)
    for levels in classifier.levels(weights, classifier.activities(image)):
        rails = np.stack([np.asarray(levels.outputs), np.asarray(levels.negative)], axis=1).ravel() * OMEGA
        for species, count in zip(net.species[position : position + len(rails)], rails, strict=True):
            counts[species.id] = float(count)
        position += len(rails)
    return net, Matrices.of(net), np.array(list(counts.values()))


def seconds(call: Callable[[], Any], repeats: int = 3) -> float:
    """The shortest of several."""
    taken = []
    for _ in range(repeats):
        begin = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begin)
    return min(taken)


@pytest.mark.slow
def test_structured_against_dense(capsys: pytest.CaptureFixture[str]) -> None:
    _, matrices, counts = cascade(2000)
    jacobian, noise = (
        m(counts)[matrices.floating][:, matrices.floating] for m in (matrices.jacobian, matrices.diffusion)
    )
    ours = seconds(lambda: stationary(matrices, counts))
    begin = time.perf_counter()
    expected = linalg.solve_continuous_lyapunov(jacobian.toarray(), -noise.toarray())
    dense = time.perf_counter() - begin
    off = np.abs(stationary(matrices, counts).covariance - expected).max() / np.abs(expected).max()
    with capsys.disabled():
        print(f"\n2,000 species: {ours:.2f} s (with Jacobian and noise), SciPy's dense solver {dense:.1f} s: ", end="")
        print(f"{dense / ours:.0f} times; they differ by {off:.1e}")
    assert off < 1e-10


@pytest.mark.slow
def test_structured_against_copasi(capsys: pytest.CaptureFixture[str]) -> None:
    net, matrices, counts = cascade(500)
    started = dict(zip(matrices.species, counts.tolist(), strict=True))
    simulation = CopasiEngine().load(write_sbml(Document(net.with_counts(started), shape="lumped"), picture=False))
    result: list[Any] = []
    theirs = seconds(lambda: result.append(simulation.lna({}, 1.0)), 1)
    ours = seconds(lambda: stationary(matrices, counts))
    expected = stationary(matrices, counts)
    names = list(expected.species)
    covariance = result[0]["covariance"].sel(species=names, species_=names).values
    off = np.abs(covariance - expected.covariance).max() / np.abs(expected.covariance).max()
    with capsys.disabled():
        print(f"\n500 species: {ours:.3f} s, COPASI's LNA task from the steady state on {theirs:.1f} s: ", end="")
        print(f"{theirs / ours:.0f} times; they differ by {off:.1e}")
    assert off < 1e-6


@pytest.mark.slow
def test_growth_of_the_read_out_solver(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print("\n species  reactions  seconds of ten read-outs, 32 frequencies  peak MB  bytes a reaction")
        for size in (500, 2000, 8000, 20_000):
            net, matrices, counts = convolutions(size)
            weights = np.zeros((len(matrices.floating), 10))
            weights[-20::2] = np.eye(10)
            tracemalloc.start()
            begin = time.perf_counter()
            adjoint = Adjoint(matrices, counts)
            for frequency in np.geomspace(0.01, 100, 32):
                adjoint.spectrum(float(frequency), weights)
            taken, peak = time.perf_counter() - begin, tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            reactions = len(net.reactions)
            print(
                f" {len(net.floating):7d}  {reactions:9d}  {taken:9.2f}  {peak / 1e6:41.0f}  {peak / reactions:16.0f}"
            )
