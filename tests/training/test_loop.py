import io
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from crn2sbml.circuits.weights_file import Trained
from crn2sbml.errors import TrainingError
from crn2sbml.training.loop import Options, Progress, train_classifier
from crn2sbml.training.losses import Calibration, loss_under_noise
from tests.training.small import bars, small_classifier

OPTIONS = Options(epochs=30, batch=16, learning_rate=0.03, seed=4)
SHORT = replace(OPTIONS, epochs=20)


def trained(options: Options = OPTIONS, seen: list[Progress] | None = None, **more: Any) -> Trained:
    return train_classifier(
        small_classifier(), bars(), options, report=(seen if seen is not None else []).append, **more
    )


@lru_cache
def undisturbed() -> Trained:
    """One training with SHORT, to hold others against."""
    return trained(SHORT)


def assert_same_weights(first: Trained, second: Trained) -> None:
    assert first.record == second.record
    for a, b in zip(first.weights, second.weights, strict=True):
        assert a.keys() == b.keys()
        for name in a:
            np.testing.assert_array_equal(a[name], b[name])


def test_training_learns() -> None:
    seen: list[Progress] = []
    result = trained(seen=seen)
    assert [p.epoch for p in seen] == list(range(1, 31))
    assert {p.epochs for p in seen} == {30}
    # Two classes: a guess costs log 2 = 0.69; what remains at the end must be far below.
    assert seen[-1].loss < 0.35 < 0.5 < seen[0].loss
    accuracy = result.record["accuracy"]
    assert min(accuracy.values()) > 0.85
    images, labels = bars().test.images, bars().test.labels
    answers = [int(result.classifier.readouts(result.weights, image).argmax()) for image in images]
    assert accuracy["test"] == pytest.approx(np.mean(answers == labels), abs=1e-12)


def test_the_record_says_how_it_was_trained() -> None:
    record = undisturbed().record
    assert record["data"] == "bars"
    assert record["examples"] == {"train": 96, "validation": 16, "test": 24}
    assert Options(**record["options"]) == SHORT


def test_validation_and_test_part_do_not_touch_the_weights() -> None:
    data = bars()
    swapped = replace(data, validation=data.test, test=replace(data.validation, labels=1 - data.validation.labels))
    first, second = undisturbed(), train_classifier(small_classifier(), swapped, SHORT)
    assert_same_weights(first, replace(second, record=first.record))
    assert first.record["accuracy"]["test"] == second.record["accuracy"]["validation"]


def test_the_seed_makes_the_weights() -> None:
    first = undisturbed()
    assert_same_weights(trained(SHORT), first)
    other = trained(replace(SHORT, seed=5))
    assert not np.allclose(first.weights[0]["kernel"], other.weights[0]["kernel"])


def test_weights_have_nine_digits() -> None:
    for layer in undisturbed().weights:
        for array in layer.values():
            assert array.dtype == np.float64
            assert [float(f"{value:.9g}") for value in array.ravel()] == array.ravel().tolist()


def test_an_interrupted_training_goes_on_where_it_was(tmp_path: Path) -> None:
    """Saved every second epoch of twenty; interrupted in the seventh, so that is done again."""
    path = tmp_path / "state"

    def interrupt(progress: Progress) -> None:
        if progress.epoch == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_classifier(small_classifier(), bars(), SHORT, report=interrupt, checkpoint=path)
    seen: list[Progress] = []
    resumed = trained(SHORT, seen, checkpoint=path)
    assert [p.epoch for p in seen] == list(range(7, 21))
    assert_same_weights(resumed, undisturbed())
    again: list[Progress] = []
    assert_same_weights(trained(SHORT, again, checkpoint=path), resumed)
    assert again == []  # it was finished


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What a whole training leaves; keeping it must change nothing and leave no other file."""
    folder = tmp_path_factory.mktemp("checkpoint")
    assert_same_weights(trained(SHORT, checkpoint=folder / "state"), undisturbed())
    assert [path.name for path in folder.iterdir()] == ["state"]
    return (folder / "state").read_bytes()


@pytest.mark.parametrize("change", [{"seed": 5}, {"learning_rate": 0.02}, {"epochs": 21}, {"batch": 8}, {"shift": 0.1}])
def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path, checkpoint: bytes, change: dict[str, Any]) -> None:
    path = tmp_path / "state"
    path.write_bytes(checkpoint)
    with pytest.raises(TrainingError, match="belongs to another training") as refusal:
        trained(replace(SHORT, **change), checkpoint=path)
    assert str(path) in str(refusal.value)
    assert path.read_bytes() == checkpoint


def test_a_checkpoint_of_other_images_is_refused(tmp_path: Path, checkpoint: bytes) -> None:
    """The same name and the same number of images, but other pixels: the weights would be neither's."""
    path, data = tmp_path / "state", bars()
    path.write_bytes(checkpoint)
    other = replace(data, train=replace(data.train, images=data.train.images[:, ::-1]))
    with pytest.raises(TrainingError, match="belongs to another training"):
        train_classifier(small_classifier(), other, SHORT, checkpoint=path)


def damaged(checkpoint: bytes) -> dict[str, bytes]:
    flipped = bytearray(checkpoint)
    flipped[len(flipped) // 2] ^= 0xFF
    array = io.BytesIO()
    np.save(array, np.zeros(3))
    return {
        "empty": b"",
        "garbage": b"no checkpoint at all",
        "pickle": b"\x80\x04K\x01.",
        "half": checkpoint[: len(checkpoint) // 2],
        "tail": checkpoint[:-30],
        "flipped": bytes(flipped),
        "array": array.getvalue(),
        "zip": b"PK\x05\x06" + bytes(18),
    }


@pytest.mark.parametrize("kind", damaged(b"0" * 100))
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, checkpoint: bytes, kind: str) -> None:
    path = tmp_path / "state"
    path.write_bytes(damaged(checkpoint)[kind])
    with pytest.raises(TrainingError, match="damaged") as refusal:
        trained(SHORT, checkpoint=path)
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("rate", [1e30, float("nan"), float("inf")])
def test_training_that_diverges_names_the_epoch(rate: float) -> None:
    with pytest.raises(TrainingError, match=r"the loss is (nan|inf) in epoch [1-3]; lower --learning-rate"):
        trained(replace(SHORT, learning_rate=rate))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"epochs": 0}, "0 epochs"),
        ({"epochs": -3}, "-3 epochs"),
        ({"batch": 0}, "batches of 0"),
        ({"batch": 97}, "batches of 97 from 96"),
        ({"seed": -1}, "seed"),
    ],
)
def test_options_that_are_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        trained(replace(SHORT, **change))


def test_the_largest_batch_is_the_training_part() -> None:
    assert len(trained(replace(OPTIONS, epochs=1, batch=96)).weights) == 3


def test_options_are_replaced_where_something_is_given() -> None:
    assert Options().replaced(epochs=3, seed=None) == replace(Options(), epochs=3)
    assert Options(seed=7).replaced(seed=0).seed == 0


CALIBRATION = Calibration(epochs=10, gross_penalty=1e-4)


def test_calibration_goes_on_from_the_means_and_lowers_the_expected_loss() -> None:
    seen: list[Progress] = []
    result = trained(SHORT, seen, calibration=CALIBRATION)
    assert [p.epoch for p in seen] == list(range(1, 31))
    assert {p.epochs for p in seen} == {30}
    assert result.record["calibration"] == asdict(CALIBRATION)
    assert undisturbed().record["calibration"] is None
    noisy, means = result.record["accuracy_under_noise"], result.record["accuracy"]
    assert noisy.keys() == {"validation", "test"}
    assert all(0.5 < noisy[part] <= means[part] + 0.1 for part in noisy)
    part = bars().train
    activities, labels = jnp.asarray(small_classifier().activities(part.images)), jnp.asarray(part.labels)
    expected = loss_under_noise(small_classifier(), SHORT.sharpness, CALIBRATION)
    before, after = (
        float(expected(jax.tree.map(jnp.asarray, one.weights), activities, labels, jax.random.key(0)))
        for one in (undisturbed(), result)
    )
    assert after < before


def test_an_interrupted_calibration_ends_in_the_same_weights(tmp_path: Path) -> None:
    whole, path = trained(SHORT, calibration=CALIBRATION), tmp_path / "state.npz"

    def stop(progress: Progress) -> None:
        if progress.epoch == 25:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_classifier(small_classifier(), bars(), SHORT, stop, path, CALIBRATION)
    assert_same_weights(
        train_classifier(small_classifier(), bars(), SHORT, checkpoint=path, calibration=CALIBRATION), whole
    )
    with pytest.raises(TrainingError, match="belongs to another training"):
        train_classifier(small_classifier(), bars(), SHORT, checkpoint=path)


def test_pruning_leaves_the_part_that_was_asked_for() -> None:
    pruned, whole = (trained(replace(SHORT, epochs=20, kept=part)) for part in (0.25, 1.0))
    for layer, other in zip(pruned.weights, whole.weights, strict=True):
        if "kernel" in layer:
            assert np.mean(layer["kernel"] != 0) == pytest.approx(0.25, abs=1 / layer["kernel"].size)
            assert (other["kernel"] != 0).all()
            assert (layer["bias"] != 0).all()
    network = pruned.classifier.network(pruned.weights)
    assert len(network.reactions) < len(whole.classifier.network(whole.weights).reactions)
    assert pruned.record["accuracy"]["train"] > 0.7  # a guess is right in a half


def test_distorted_examples_teach() -> None:
    found = trained(replace(SHORT, epochs=40, shift=0.0, turn=5.0, move=0.5))
    assert found.record["accuracy"]["validation"] > 0.8


@pytest.mark.parametrize("part", [0.0, 1.1, float("nan")])
def test_parts_that_cannot_be_kept(part: float) -> None:
    with pytest.raises(TrainingError, match="kept is"):
        trained(replace(SHORT, kept=part))
