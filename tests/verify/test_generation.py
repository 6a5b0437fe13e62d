"""Pictures of a small generator's file: against the closed form that it was made from, in three ways."""

from dataclasses import replace

import numpy as np
import pytest

from crn2sbml.core.matrices import Array
from crn2sbml.errors import EngineError
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.formats.usage import Usage
from crn2sbml.verify.generation import correlation_time, pictures, trajectory
from tests.circuits.test_generator import SMALL, weights_of

USAGE = Usage(SMALL.class_ids, SMALL.output_ids, 30.0, 1.0, 200.0, latents=SMALL.latent_ids)
RUNS = 1000


def sbml() -> str:
    return write_sbml(Document(SMALL.network(weights_of(SMALL))))


def scores(found: Array, label: int) -> Array:
    """z of each pixel's mean and variance against the closed form's law."""
    drawn = SMALL.draw(weights_of(SMALL), np.full(100_000, label), np.random.default_rng(8)).reshape(-1, 4)
    sd, kurtosis = drawn.std(axis=0), ((drawn - drawn.mean(axis=0)) ** 4).mean(axis=0) / drawn.var(axis=0) ** 2
    mean = (found.mean(axis=0) - drawn.mean(axis=0)) / sd * len(found) ** 0.5
    variance = (found.var(axis=0) / sd**2 - 1) / np.sqrt((kurtosis - 1) / len(found))
    return np.concatenate([mean, variance])


@pytest.mark.parametrize("method", ["ssa", "closed-form"])
def test_pictures_have_the_law_of_the_closed_form(method: str) -> None:
    labels = np.repeat([0, 2], RUNS)
    found = pictures(sbml(), USAGE, labels, 1, method, jobs=2)  # type: ignore[arg-type]
    assert found.shape == (2 * RUNS, 4)
    for label in (0, 2):
        assert np.abs(scores(found[labels == label], label)).max() < 4


def test_gaussians_have_its_means_about() -> None:
    """Of counts as small as these, the LNA's law is another one; its means differ by less than a tenth of an sd."""
    found = pictures(sbml(), USAGE, np.zeros(RUNS, int), 1, "lna")
    drawn = SMALL.draw(weights_of(SMALL), np.zeros(100_000, int), np.random.default_rng(8)).reshape(-1, 4)
    assert np.abs((found.mean(axis=0) - drawn.mean(axis=0)) / drawn.std(axis=0)).max() < 0.1 + 4 / RUNS**0.5


def test_one_long_run_has_it_too() -> None:
    assert correlation_time(sbml(), USAGE) == pytest.approx(100)
    found = trajectory(sbml(), USAGE, 1, 400, 400.0, 3)
    assert np.abs(scores(found, 1)).max() < 4


def test_a_picture_follows_from_its_seed_alone() -> None:
    one, other = (pictures(sbml(), USAGE, np.array([1, 0, 2]), seed, settle=5.0) for seed in (4, 5))
    np.testing.assert_array_equal(one, pictures(sbml(), USAGE, np.array([1, 0, 2]), 4, settle=5.0, jobs=2))
    assert (one != other).any()
    np.testing.assert_array_equal(pictures(sbml(), USAGE, np.array([0, 2]), 5, settle=5.0), one[1:])


@pytest.mark.parametrize(
    ("change", "label", "words"),
    [
        ({"latents": ()}, 0, "makes no pictures"),
        ({"latents": ("latent0_7",)}, 0, "did you mean 'latent0_"),
        ({"latents": ("dense1_P_0",)}, 0, "is no birth or death of 'dense1_P_0'"),
        ({"outputs": ("switch2_P_9",)}, 0, "switch2_P_9"),
        ({}, 3, "no class 3; the model has 0 to 2"),
        ({}, -1, "no class -1"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, tuple[str, ...]], label: int, words: str) -> None:
    with pytest.raises(EngineError, match=words):
        pictures(sbml(), replace(USAGE, **change), np.array([label]), 1)  # type: ignore[arg-type]
