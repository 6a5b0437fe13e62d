"""On the 8x8 digits and a generator that is small: it gets nearer to the data, and resumes to one end."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.distance import cdist

from crn2sbml.circuits.generator import Generator
from crn2sbml.circuits.weights_file import pack_weights
from crn2sbml.errors import TrainingError
from crn2sbml.motifs.dense import Dense
from crn2sbml.motifs.motif import Kinetics
from crn2sbml.motifs.switch import Switch
from crn2sbml.training import judge as judges
from crn2sbml.training.data import load_digits
from crn2sbml.training.decoders import ChemicalDecoder, NeuralDecoder
from crn2sbml.training.generator_loop import GeneratorOptions, energy_distance, train_decoder, train_generator
from crn2sbml.training.judge import Judge
from crn2sbml.training.loop import Progress
from crn2sbml.verify.likeness import frechet_distance

GENERATOR = Generator(
    "small-digits", 4, 10, (Dense(24), Dense(32), Switch(8, 8, pace=0.3)), Kinetics(annihilation=300.0, omega=50.0)
)
OPTIONS = GeneratorOptions(
    epochs=15, batch=64, steps=200, pictures=200, matching_rate=5e-3, critics=1, kept=0.8, kept_pixels=0.5
)


@lru_cache
def judge(seed: int) -> Judge:
    data = load_digits()
    return Judge({name: jnp.asarray(a) for name, a in judges._trained(data, seed, 2, lambda part: None).items()})


def drawn(trained: Any, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    labels = np.arange(1000) % 10
    return trained.generator.draw(trained.weights, labels, np.random.default_rng(seed)) / 50, labels


def test_pictures_get_nearer_to_the_data() -> None:
    """Seen by a judge that took no part in the training; by chance, one in ten would be named right."""
    data = load_digits()
    real, _ = judge(1).features(data.test.images / 16)
    distance, right = [], []
    for steps in (0, OPTIONS.steps):
        trained = train_generator(GENERATOR, data, [judge(2)], replace(OPTIONS, steps=steps))
        pictures, labels = drawn(trained)
        features, named = judge(1).features(pictures)
        distance.append(frechet_distance(features, real))
        right.append(float(np.mean(named == labels)))
    assert distance[1] < 0.7 * distance[0]
    assert right[1] > max(right[0], 0.9)
    left = [np.mean(layer["kernel"] != 0) for layer in trained.weights]
    np.testing.assert_allclose(left, [1, OPTIONS.kept, OPTIONS.kept_pixels], atol=0.01)


def test_an_interrupted_training_ends_in_the_same(tmp_path: Path) -> None:
    data, options = load_digits(), replace(OPTIONS, epochs=2, steps=50)

    def stop(progress: Progress) -> None:
        if progress.epoch == 4:
            raise KeyboardInterrupt

    whole = train_generator(GENERATOR, data, [judge(2)], options)
    kept = tmp_path / "state.npz"
    with pytest.raises(KeyboardInterrupt):
        train_generator(GENERATOR, data, [judge(2)], options, stop, kept)
    told: list[int] = []
    resumed = train_generator(GENERATOR, data, [judge(2)], options, lambda p: told.append(p.epoch), kept)
    assert told == [4, 5]
    assert pack_weights(resumed) == pack_weights(whole)
    with pytest.raises(TrainingError, match="belongs to another training"):
        train_generator(GENERATOR, data, [judge(2)], replace(options, seed=1), checkpoint=kept)


def test_a_neural_network_of_its_size_learns_the_same_way() -> None:
    data, told = load_digits(), list[Progress]()
    decoder = NeuralDecoder(GENERATOR)
    weights = train_decoder(decoder, data, [], replace(OPTIONS, epochs=4, steps=0), told.append)
    assert [np.shape(layer["kernel"]) for layer in weights] == [(24, 14), (32, 24), (64, 32)]
    assert told[-1].loss < told[0].loss
    on, penalty = decoder.decode(weights, np.zeros((10, 4)), np.eye(10))
    assert on.shape == (10, 64)
    assert penalty == 0


def test_energy_distance() -> None:
    """Against SciPy's distances, with those of a point to itself left out."""
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(30, 3)), rng.normal(1, 1, (40, 3))
    expected = 2 * cdist(one, other).mean() - sum(
        cdist(sample, sample).sum() / (len(sample) * (len(sample) - 1)) for sample in (one, other)
    )
    assert float(energy_distance(jnp.asarray(one), jnp.asarray(other))) == pytest.approx(expected, abs=2e-3)


def test_the_decoder_is_the_closed_form() -> None:
    weights = [{n: jnp.asarray(a) for n, a in layer.items()} for layer in GENERATOR.initial_weights(1)]
    items, labels = np.array([[3.0, 12.0, 10.0, 8.0]]), np.eye(10)[[4]]
    latents = jnp.asarray((items - 10) / 10**0.5)
    on, _ = ChemicalDecoder(GENERATOR, 0.0, 0.0).decode(weights, latents, jnp.asarray(labels))
    expected = GENERATOR.levels(GENERATOR.folded(GENERATOR.initial_weights(1)), items, labels)[-1].outputs
    np.testing.assert_allclose(on, expected, rtol=1e-3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"batch": 100_000}, "batches of 100000"),
        ({"pictures": 1}, "steps of 1 pictures"),
        ({"epochs": 0}, "0 epochs"),
        ({"kept": 0.0}, "kept is 0.0"),
        ({"kept_pixels": 1.5}, "kept_pixels 1.5"),
        ({"seed": -1}, "the seed -1"),
    ],
)
def test_options_that_make_no_sense(change: dict[str, Any], words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        train_generator(GENERATOR, load_digits(), [], replace(OPTIONS, **change))


def test_pictures_of_another_size() -> None:
    other = replace(GENERATOR, layers=(Dense(4), Switch(5, 5)))
    with pytest.raises(TrainingError, match=r"pictures of \(5, 5\), images of \(8, 8\)"):
        train_generator(other, load_digits(), [])


def test_a_loss_that_is_no_number() -> None:
    data = load_digits()
    broken = replace(data, train=replace(data.train, images=data.train.images * np.nan))
    with pytest.raises(TrainingError, match=r"the loss is nan in part 1 of 25; lower the rates"):
        train_generator(GENERATOR, broken, [], OPTIONS)
