import io
import json
import pickle
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from crn2sbml.circuits import weights_file
from crn2sbml.circuits.classifier import Classifier
from crn2sbml.circuits.weights_file import (
    Trained,
    TrainedGenerator,
    pack_weights,
    unpack_generator,
    unpack_weights,
)
from crn2sbml.errors import FormatError, ShapeError
from crn2sbml.motifs.average_pool import AveragePool
from crn2sbml.motifs.convolution import Convolution
from crn2sbml.motifs.dense import Dense
from crn2sbml.motifs.motif import Kinetics
from tests.circuits.test_classifier import signed_weights, tiny
from tests.circuits.test_generator import SMALL, weights_of

RECORD = {"data": "bars", "accuracy": {"test": 0.25}, "options": {"seed": 3}}


def model() -> Trained:
    classifier = tiny(omega=80, input_max=16)
    return Trained(classifier, signed_weights(classifier, 9), RECORD)


PACKED = pack_weights(model())


def members(data: bytes = PACKED) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(contents: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return stream.getvalue()


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def changed_spec(change: Callable[[dict[str, Any]], Any]) -> bytes:
    contents = members()
    spec = json.loads(str(np.load(io.BytesIO(contents["spec.npy"]))[()]))
    change(spec)
    return packed(contents | {"spec.npy": npy(np.array(json.dumps(spec)))})


def refused(data: bytes, *words: str) -> None:
    with pytest.raises(FormatError) as refusal:
        unpack_weights(data, "w.npz")
    said = str(refusal.value)
    assert said.startswith("w.npz: ")
    assert "\n" not in said
    for word in words:
        assert word in said, said


def test_round_trip() -> None:
    back = unpack_weights(PACKED, "w.npz")
    assert back.classifier == model().classifier
    assert back.record == RECORD
    for a, b in zip(back.weights, model().weights, strict=True):
        assert a.keys() == b.keys()
        for name in a:
            np.testing.assert_array_equal(a[name], b[name])


def test_every_setting_comes_back() -> None:
    layers = (Convolution(2, 3, stride=2), AveragePool(2, 1, turnover=4.5), Dense(3), Dense(2, "readout"))
    classifier = Classifier("other", (2, 9, 9), layers, Kinetics(0.5, 33.0, 7.0), 255.0)
    back = unpack_weights(pack_weights(Trained(classifier, classifier.initial_weights(0))), "w")
    assert back.classifier == classifier
    assert back.record == {}


def test_a_generator_comes_back_too() -> None:
    trained = TrainedGenerator(SMALL, weights_of(SMALL), RECORD)
    data = pack_weights(trained)
    back = unpack_generator(data, "g.npz")
    assert (back.generator, back.record) == (SMALL, RECORD)
    assert pack_weights(back) == data
    with pytest.raises(FormatError, match=r"^g\.npz: holds a generator, not a classifier$"):
        unpack_weights(data, "g.npz")
    with pytest.raises(FormatError, match="holds a classifier, not a generator"):
        unpack_generator(PACKED, "w.npz")
    with pytest.raises(FormatError, match="damaged"):
        unpack_generator(data[:-50], "g.npz")
    with pytest.raises(ShapeError):
        TrainedGenerator(SMALL, weights_of(SMALL)[:1])


def test_the_same_model_gives_the_same_bytes() -> None:
    assert pack_weights(model()) == PACKED
    assert pack_weights(unpack_weights(PACKED, "w.npz")) == PACKED


def test_numpy_alone_can_read_it() -> None:
    with np.load(io.BytesIO(PACKED), allow_pickle=False) as arrays:
        assert sorted(arrays) == ["layer1_bias", "layer1_kernel", "layer3_bias", "layer3_kernel", "spec"]
        np.testing.assert_array_equal(arrays["layer3_kernel"], model().weights[2]["kernel"])


def test_weights_that_do_not_fit_make_no_model() -> None:
    with pytest.raises(ShapeError):
        Trained(tiny(), signed_weights(tiny())[:2])


@pytest.mark.parametrize("cut", [0, 1, 4, 100, len(PACKED) // 2, len(PACKED) - 1])
def test_a_truncated_file(cut: int) -> None:
    refused(PACKED[:cut])


@pytest.mark.parametrize("data", [b"hello", b"\x80\x04K\x01.", npy(np.zeros(3)), b"PK\x03\x04" + bytes(60), packed({})])
def test_what_is_no_weights_file(data: bytes) -> None:
    refused(data)


def test_damage_anywhere() -> None:
    """A flipped byte is noticed, or changes nothing that matters; it never ends in another exception."""
    outcomes, said = [], []
    for at in range(0, len(PACKED), 3):
        data = bytearray(PACKED)
        data[at] ^= 0x55
        try:
            outcomes.append(pack_weights(unpack_weights(bytes(data), "w.npz")) == PACKED)
        except FormatError as error:
            said.append(str(error))
    assert all(outcomes)
    assert not any("\n" in line for line in said)
    assert len(outcomes) < len(said)  # most bytes are under a checksum


class Bomb:
    """Calls `explode` if anybody unpickles it."""

    exploded = False

    def __reduce__(self) -> tuple[Any, ...]:
        return explode, ()


def explode() -> None:
    Bomb.exploded = True


@pytest.mark.parametrize("name", ["spec.npy", "layer1_kernel.npy"])
def test_pickled_objects_are_refused_unopened(name: str) -> None:
    for content in (npy(np.array([Bomb()], dtype=object)), pickle.dumps(Bomb())):
        refused(packed(members() | {name: content}))
    refused(pickle.dumps(Bomb()))
    assert not Bomb.exploded


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_number_are_named(value: float) -> None:
    kernel = model().weights[2]["kernel"].copy()
    kernel[1, 2] = value
    refused(packed(members() | {"layer3_kernel.npy": npy(kernel)}), "layer 3", "'kernel'", "1 values are not finite")


@pytest.mark.parametrize(
    "array",
    [np.zeros((3, 9)), np.zeros(3), np.zeros((3, 8), dtype=complex), np.array("text"), np.zeros((3, 8), dtype="S3")],
)
def test_arrays_of_another_kind(array: Any) -> None:
    refused(packed(members() | {"layer3_kernel.npy": npy(array)}))


@pytest.mark.parametrize("name", ["layer1_kernel", "layer3_bias", "spec"])
def test_a_missing_array_is_named(name: str) -> None:
    contents = members()
    del contents[f"{name}.npy"]
    refused(packed(contents), name)


@pytest.mark.parametrize(
    "change",
    # A number of 0 would be divided by later, and end in a traceback there.
    [
        lambda spec: spec.pop("classifier"),
        lambda spec: spec.pop("record"),
        lambda spec: spec["classifier"].pop("kinetics"),
        lambda spec: spec["classifier"]["kinetics"].pop("omega"),
        lambda spec: spec["classifier"].update(in_shape=[4, 4]),
        lambda spec: spec["classifier"].update(in_shape="444"),
        lambda spec: spec["classifier"].update(in_shape=[1, 3, 3]),
        lambda spec: spec["classifier"].update(layers=[{"kind": "softmax"}]),
        lambda spec: spec["classifier"]["layers"][0].update(filters="2"),
        lambda spec: spec["classifier"]["layers"][0].update(secret=1),
        lambda spec: spec["classifier"]["layers"][0].update(size=0),
        lambda spec: spec["classifier"].update(layers=[]),
        lambda spec: spec["classifier"].update(input_max=0),
        lambda spec: spec["classifier"].update(input_max="NaN"),
        lambda spec: spec["classifier"]["kinetics"].update(omega=0),
        lambda spec: spec["classifier"]["kinetics"].update(decay=-1),
        lambda spec: spec["classifier"]["kinetics"].update(annihilation="inf"),
        lambda spec: spec.update(record=[1, 2]),
    ],
)
def test_settings_that_make_no_classifier(change: Callable[[dict[str, Any]], Any]) -> None:
    refused(changed_spec(change))


def test_a_file_that_unpacks_to_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights_file, "_LARGEST", 1 << 20)
    refused(packed(members() | {"more.npy": bytes(1 << 20)}), "more than 1 MiB")
    monkeypatch.setattr(weights_file, "_LARGEST", 1 << 30)
    assert unpack_weights(packed(members() | {"more.npy": bytes(1 << 20)}), "w.npz").record == RECORD
