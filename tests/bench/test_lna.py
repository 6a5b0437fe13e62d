"""What the linear noise approximation costs: against SciPy's dense solver and COPASI's task, with size, in training.

Run it with `pytest -m slow tests/bench/test_lna.py -n 0`; about five minutes, most of them the alternatives'.
"""

import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from matplotlib.figure import Figure
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
from crn2sbml.training.losses import Calibration, loss_of_means, loss_under_noise
from crn2sbml.training.recipes import get_recipe

LAYERS, SEED, OMEGA = 5, 0, 50.0
FIGURE = Path(__file__).parents[2] / "docs" / "lna-growth.png"


def cascade(species: int) -> tuple[Network, Matrices, np.ndarray]:
    """Five dense layers of rectifiers on 20 inputs, with about so many species, at its closed-form steady state."""
    layers = tuple(Dense(species // (2 * LAYERS)) for _ in range(LAYERS))
    return solved(Classifier("cascade", (1, 1, 20), layers, Kinetics(omega=OMEGA)))


def convolutions(species: int) -> tuple[Network, Matrices, np.ndarray]:
    """Four convolutions of two filters and ten read-outs; reactions grow with the species."""
    side = int((species / (2 * 4 * 2)) ** 0.5) + 5
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
    rows = []
    with capsys.disabled():
        print("\n species  reactions  seconds of ten read-outs to 1e-8  frequencies  peak MB  bytes a reaction")
        for size in (500, 1000, 2000, 4000, 8000, 14_000, 20_000):
            net, matrices, counts = convolutions(size)
            weights = np.zeros((len(matrices.floating), 10))
            weights[-20::2] = np.eye(10)
            begin = time.perf_counter()
            found = Adjoint(matrices, counts).noise(weights)
            taken = time.perf_counter() - begin
            # Once more, since watching memory takes time.
            tracemalloc.start()
            Adjoint(matrices, counts).noise(weights)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            species, reactions = len(net.floating), len(net.reactions)
            rows.append((species, reactions, taken, peak))
            print(
                f" {species:7d}  {reactions:9d}  {taken:32.2f}  {found.frequencies:11d}  {peak / 1e6:7.0f}  "
                f"{peak / reactions:16.0f}"
            )
    draw_growth(np.array(rows))
    # Linear in the reactions: from the smallest to the largest network, bytes a reaction grow by less than a half.
    assert rows[-1][3] / rows[-1][1] < 1.5 * rows[0][3] / rows[0][1]


def draw_growth(rows: np.ndarray) -> None:
    species, reactions, taken, peak = rows.T
    figure = Figure((8, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.loglog(species, taken, "o-")
    left.set_ylabel("seconds, ten read-outs to 1e-8")
    right.loglog(reactions, peak / 1e6, "o-")
    right.set_ylabel("peak memory, MB")
    for axes, label in ((left, "floating species"), (right, "reactions")):
        axes.set_xlabel(label)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.3, which="both", linewidth=0.4)
    FIGURE.parent.mkdir(exist_ok=True)
    figure.savefig(FIGURE, dpi=120)


@pytest.mark.slow
def test_cost_of_training_under_noise(capsys: pytest.CaptureFixture[str]) -> None:
    """One step (value and gradient of a batch of 64 digits), against one on means alone, compiled, alternating."""
    recipe = get_recipe("digits", 20.0)
    classifier, part = recipe.classifier, recipe.data().train
    weights = jax.tree.map(lambda array: jnp.asarray(array, jnp.float32), classifier.initial_weights(SEED))
    activities, labels = (
        jnp.asarray(classifier.activities(part.images[:64]), jnp.float32),
        jnp.asarray(part.labels[:64]),
    )
    ways = [(32, 1, 1), (32, 3, 1), (8, 1, 0), (8, 3, 0), (32, 3, 0)]
    key = jax.random.key(SEED)
    losses = {"means": loss_of_means(classifier, 2.0, 3e-4)} | {
        f"{draws or nodes} of {nodes} nodes, {rivals} rivals": loss_under_noise(
            classifier, 2.0, Calibration(5.0, nodes=nodes, rivals=rivals, draws=draws)
        )
        for nodes, rivals, draws in ways
    }
    steps = {name: jax.jit(jax.value_and_grad(loss)) for name, loss in losses.items()}
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for repeat in range(10):
        for name, step in steps.items():
            begin = time.perf_counter()
            jax.block_until_ready(step(weights, activities, labels, key))
            if repeat:
                taken[name].append(time.perf_counter() - begin)
    plain = np.median(taken["means"])
    with capsys.disabled():
        print(f"\na step on means, 64 digits: {plain * 1e3:.2f} ms")
        for name, times in list(taken.items())[1:]:
            low, middle, high = np.percentile(times, [25, 50, 75]) / plain
            print(f"  under noise, {name}: {middle:.0f} times ({low:.0f} to {high:.0f})")
    assert all(np.isfinite(float(step(weights, activities, labels, key)[0])) for step in steps.values())
