"""The closed form through the layers, against the covariance of the network's own Jacobian."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from crn2sbml.circuits.classifier import Classifier
from crn2sbml.circuits.readout_noise import by_layer, quadrature, readout_covariance
from crn2sbml.core.matrices import Matrices
from crn2sbml.lna.readout import Adjoint
from crn2sbml.lna.stationary import stationary
from crn2sbml.motifs.average_pool import AveragePool
from crn2sbml.motifs.convolution import Convolution
from crn2sbml.motifs.dense import Dense
from crn2sbml.motifs.max_pool import MaxPool
from crn2sbml.motifs.motif import Kinetics
from crn2sbml.motifs.switch import Switch
from tests.reference.steady_ode import steady_counts

NETS = {
    "all motifs": Classifier(
        "all", (1, 6, 6), (Convolution(2, 3), AveragePool(2, 2, turnover=4.0), Dense(5), Dense(3, "readout")),
        Kinetics(1.0, 20.0, 40.0),
    ),
    "overlapping windows": Classifier(
        "overlap", (2, 5, 5), (AveragePool(2, 1), Convolution(3, 2, 2), Dense(4, "readout")), Kinetics(0.5, 8.0, 25.0)
    ),
    "maxima": Classifier(
        "maxima", (1, 6, 6), (Convolution(2, 3), MaxPool(2, 1, turnover=2.0), Dense(3, "readout")),
        Kinetics(1.0, 20.0, 40.0),
    ),
    "switches": Classifier(
        "switches", (1, 3, 3), (Dense(4), Switch(2, 2, pace=5.0)), Kinetics(1.0, 20.0, 40.0)
    ),
    "read-out alone": Classifier("one", (1, 1, 4), (Dense(3, "readout"),), Kinetics(2.0, 100.0, 10.0)),
}  # fmt: skip


def example(name: str) -> tuple[Classifier, list[dict[str, Any]], np.ndarray]:
    classifier = NETS[name]
    return classifier, classifier.initial_weights(3), np.random.default_rng(5).uniform(0, 1, classifier.in_shape)


def at_rest(name: str) -> Adjoint:
    classifier, weights, image = example(name)
    net = classifier.network(weights, image)
    counts = steady_counts(net, horizon=200)
    return Adjoint(Matrices.of(net), np.array([counts[s.id] for s in net.species]))


def selector(at: Adjoint, outputs: tuple[str, ...]) -> np.ndarray:
    return np.array([[float(name == output) for output in outputs] for name in at.matrices.floating_species])


@pytest.mark.parametrize("name", NETS)
def test_covariance_of_the_read_outs(name: str) -> None:
    classifier, weights, image = example(name)
    levels = classifier.levels(weights, classifier.activities(image))
    at = at_rest(name)
    whole = stationary(at.matrices, at.counts)
    rows = [whole.species.index(output) for output in classifier.output_ids]
    expected = whole.covariance[np.ix_(rows, rows)]
    found = (
        readout_covariance(classifier, weights, levels, quadrature(classifier, nodes=40)) * classifier.kinetics.omega
    )
    np.testing.assert_allclose(found, expected, atol=1e-7 * np.abs(expected).max())


@pytest.mark.parametrize("name", NETS)
def test_averages(name: str) -> None:
    classifier, weights, image = example(name)
    levels = classifier.levels(weights, classifier.activities(image))
    at = at_rest(name)
    expected = at.averaged_covariance(5.0, selector(at, classifier.output_ids))
    found = (
        readout_covariance(classifier, weights, levels, quadrature(classifier, 5.0, 200)) * classifier.kinetics.omega
    )
    np.testing.assert_allclose(found, expected, atol=1e-3 * np.abs(expected).max())


def test_parts_of_the_layers() -> None:
    classifier, weights, image = example("all motifs")
    levels = classifier.levels(weights, classifier.activities(image))
    net, at = classifier.network(weights, image), at_rest("all motifs")
    parts = at.noise(selector(at, classifier.output_ids)).by_reaction
    layer_of = {s.id: s.place.layer for s in net.species if s.place}
    made = np.array([layer_of[reaction.net_change[0][0]] for reaction in net.reactions])
    for number, part in enumerate(by_layer(classifier, weights, levels, quadrature(classifier, nodes=40)), 1):
        expected = parts[made == number].sum(axis=0)
        np.testing.assert_allclose(np.diag(part) * classifier.kinetics.omega, expected, rtol=1e-6)


def test_many_images_and_contrasts_at_once() -> None:
    classifier, weights, _ = example("all motifs")
    images = np.random.default_rng(1).uniform(0, 1, (2, 4, 6, 6))
    contrasts = np.random.default_rng(2).normal(size=(2, 4, 2, 3))
    rule = quadrature(classifier)
    found = readout_covariance(
        classifier, weights, classifier.levels(weights, classifier.activities(images)), rule, contrasts
    )
    assert found.shape == (2, 4, 2, 2)
    for i, j in np.ndindex(2, 4):
        levels = classifier.levels(weights, classifier.activities(images[i, j]))
        expected = contrasts[i, j] @ readout_covariance(classifier, weights, levels, rule) @ contrasts[i, j].T
        np.testing.assert_allclose(found[i, j], expected, rtol=1e-9)


@pytest.mark.parametrize("average", [0.0, 5.0])
def test_gradient_against_finite_differences(average: float) -> None:
    """Of the sum of all variances with respect to every weight, in double precision."""
    classifier, weights, image = example("all motifs")
    activities = classifier.activities(image)

    def total(values: Any) -> Any:
        levels = classifier.levels(values, jnp.asarray(activities))
        return jnp.trace(readout_covariance(classifier, values, levels, quadrature(classifier, average, 16)))

    with jax.enable_x64(True):
        values = jax.tree.map(jnp.asarray, weights)
        slope = jax.grad(total)(values)
        largest = max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(slope))
        for layer, arrays in enumerate(weights):
            for name, array in arrays.items():
                for where in list(np.ndindex(array.shape))[::7]:
                    step = 1e-4
                    sides = []
                    for sign in (1, -1):
                        changed = [dict(one) for one in weights]
                        changed[layer][name] = array.copy()
                        changed[layer][name][where] += sign * step
                        sides.append(float(total(jax.tree.map(jnp.asarray, changed))))
                    difference = (sides[0] - sides[1]) / (2 * step)
                    assert float(slope[layer][name][where]) == pytest.approx(difference, rel=1e-5, abs=1e-6 * largest)
