"""The expected loss, against sampling and against the limits that are known."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from crn2sbml.circuits.readout_noise import quadrature, readout_covariance
from crn2sbml.errors import TrainingError
from crn2sbml.training.losses import Calibration, _drawn, loss_of_means, loss_under_noise, noisy_margins
from crn2sbml.training.recipes import get_recipe, with_omega
from tests.training.small import bars, small_classifier

SHARPNESS = 2.0


def at(omega: float) -> tuple[Any, Any, Any, Any]:
    """A classifier of ten classes with random weights, and some images."""
    classifier = with_omega(get_recipe("digits").classifier, omega)
    rng = np.random.default_rng(0)
    activities = rng.integers(0, 17, (6, 64)) / 16
    return classifier, classifier.initial_weights(2), jnp.asarray(activities), jnp.asarray(rng.integers(10, size=6))


KEY = jax.random.key(0)


@pytest.mark.parametrize(("rivals", "draws"), [(9, 0), (1, 1)])
def test_without_noise_it_is_the_cross_entropy_of_means(rivals: int, draws: int) -> None:
    """So many items that there is none."""
    classifier, weights, activities, labels = at(1e8)
    with jax.enable_x64(True):
        values = jax.tree.map(jnp.asarray, weights)
        expected = loss_of_means(classifier, SHARPNESS, 1e-3)(values, activities, labels, KEY)
        calibration = Calibration(gross_penalty=1e-3, rivals=rivals, draws=draws)
        found = loss_under_noise(classifier, SHARPNESS, calibration)(values, activities, labels, KEY)
    assert float(found) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("average", [0.0, 5.0])
def test_margins_of_the_strongest_rivals(average: float) -> None:
    classifier, weights, activities, labels = at(20.0)
    rule = quadrature(classifier, average, 24)
    levels = classifier.levels(weights, np.asarray(activities))
    with jax.enable_x64(True):
        values = jax.tree.map(jnp.asarray, weights)
        margins, variances = noisy_margins(
            classifier, values, classifier.levels(values, activities), labels, rule, rivals=3
        )
    margins, variances = np.asarray(margins), np.asarray(variances)
    covariance = readout_covariance(classifier, weights, levels, rule) / 20
    for i, label in enumerate(np.asarray(labels)):
        means, c = np.asarray(levels[-1].outputs)[i], covariance[i]
        np.testing.assert_allclose(margins[i], means[label] - means, rtol=1e-6)
        own = np.array([c[label, label] + c[r, r] - 2 * c[label, r] for r in range(10)])
        rivals = [int(r) for r in np.argsort(-means, kind="stable") if r != label]
        np.testing.assert_allclose(variances[i][rivals[:3]], own[rivals[:3]], rtol=1e-6)
        np.testing.assert_allclose(variances[i][rivals[3:]], own[rivals[2]], rtol=1e-6)


@pytest.mark.parametrize("draws", [1, 3])
def test_drawn_nodes_give_the_variance_on_average(draws: int) -> None:
    """Over 400 keys; by how much they scatter says how near their mean must be."""
    classifier, weights, activities, labels = at(20.0)
    rule = quadrature(classifier, 0.0, 32)
    values = jax.tree.map(lambda array: jnp.asarray(array, jnp.float32), weights)
    levels = classifier.levels(values, jnp.asarray(activities, jnp.float32))

    @jax.jit
    def estimate(key: Any) -> Any:
        chosen = _drawn(rule, classifier.kinetics.decay, draws, len(labels), key)
        return noisy_margins(classifier, values, levels, labels, chosen, 1)[1][:, 0]

    found = np.array([estimate(key) for key in jax.random.split(jax.random.key(1), 400)])
    expected = np.asarray(noisy_margins(classifier, values, levels, labels, rule, 1)[1][:, 0])
    error = found.std(axis=0, ddof=1) / 400**0.5
    assert (error < 0.05 * expected).all()
    assert (np.abs(found.mean(axis=0) - expected) < 4 * error + 1e-4 * expected).all()


def test_the_expected_logistic_loss_of_one_rival() -> None:
    """MacKay's formula is within 0.02 of the mean over the Gaussian, by quadrature, whatever margin and noise."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    for margin in (-1.0, 0.0, 0.5, 2.0):
        for variance in (0.01, 0.3, 2.0):
            right = float(weights @ (1 / (1 + np.exp(-SHARPNESS * (margin + variance**0.5 * nodes)))) / weights.sum())
            formula = 1 / (1 + np.exp(-SHARPNESS * margin / np.sqrt(1 + np.pi / 8 * SHARPNESS**2 * variance)))
            assert formula == pytest.approx(right, abs=0.02)


def test_two_classes_have_one_rival() -> None:
    classifier, data = small_classifier(), bars()
    weights = jax.tree.map(jnp.asarray, classifier.initial_weights(0))
    levels = classifier.levels(weights, jnp.asarray(classifier.activities(data.train.images[:5]), jnp.float32))
    labels = jnp.asarray(data.train.labels[:5])
    margins, variances = noisy_margins(classifier, weights, levels, labels, quadrature(classifier), rivals=3)
    assert margins.shape == variances.shape == (5, 2)


@pytest.mark.parametrize(
    "options",
    [{"average": -1.0}, {"average": float("nan")}, {"rivals": 0}, {"epochs": 0}, {"nodes": 0}, {"draws": -1}],
    ids=repr,
)
def test_nonsense_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(TrainingError, match="calibration: "):
        Calibration(**options)


@pytest.mark.parametrize("average", [0.0, 5.0])
def test_gradient_of_the_loss_against_finite_differences(average: float) -> None:
    """Along random directions in the space of all weights, in double precision."""
    classifier, weights, activities, labels = at(20.0)
    with jax.enable_x64(True):
        values = jax.tree.map(jnp.asarray, weights)
        loss = jax.jit(loss_under_noise(classifier, SHARPNESS, Calibration(average, nodes=32)))
        slope = jax.grad(loss)(values, activities, labels, KEY)
        for seed in range(5):
            rng = np.random.default_rng(seed)
            direction = jax.tree.map(lambda array, rng=rng: jnp.asarray(rng.normal(size=array.shape)), values)
            expected = sum(jnp.sum(a * b) for a, b in zip(*map(jax.tree.leaves, (slope, direction)), strict=True))
            sides = [
                float(loss(jax.tree.map(lambda a, b, h=h: a + h * b, values, direction), activities, labels, KEY))
                for h in (1e-5, -1e-5)
            ]
            assert (sides[0] - sides[1]) / 2e-5 == pytest.approx(float(expected), rel=1e-5)
