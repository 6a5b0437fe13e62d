"""A trained circuit as one NPZ file: its layers as data, its weights, and how they were trained."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

import numpy as np

from crn2sbml.circuits.cascade import Array, Cascade
from crn2sbml.circuits.classifier import Classifier
from crn2sbml.circuits.generator import Generator
from crn2sbml.circuits.layers import layer_from_data
from crn2sbml.circuits.tables import fill_in
from crn2sbml.disk import DAMAGED_ARCHIVE
from crn2sbml.errors import CrnError, FormatError
from crn2sbml.motifs.motif import Kinetics, Motif

_LARGEST = 1 << 30
_STAMP = (1980, 1, 1, 0, 0, 0)
Made = TypeVar("Made")


@dataclass(frozen=True)
class Trained:
    """A classifier with its weights; `record` says on what and how it was trained, as plain JSON values."""

    classifier: Classifier
    weights: Sequence[Mapping[str, Array]]
    record: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.classifier.check_weights(self.weights)


@dataclass(frozen=True)
class TrainedGenerator:
    """A generator with its weights, which read activities (see `Generator.folded`), and a record like `Trained`'s."""

    generator: Generator
    weights: Sequence[Mapping[str, Array]]
    record: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.generator.cascade.check_weights(self.weights)


def pack_weights(trained: Trained | TrainedGenerator) -> bytes:
    """The file's bytes: the same model gives the same bytes."""
    if isinstance(trained, Trained):
        circuit = {"classifier": _classifier_to_data(trained.classifier)}
    else:
        circuit = {"generator": _generator_to_data(trained.generator)}
    spec = json.dumps({**circuit, "record": dict(trained.record)}, indent=1)
    arrays = {"spec": np.array(spec)} | {
        f"layer{number}_{name}": np.asarray(array, dtype=float)
        for number, layer in enumerate(trained.weights, 1)
        for name, array in sorted(layer.items())
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", _STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, member.getvalue())
    return packed.getvalue()


def unpack_weights(data: bytes, where: str) -> Trained:
    """The trained classifier in a file's bytes, read without pickle; `where` begins every error.

    Raises: FormatError: not such a file, damaged, too large, or holding values that are not finite.
    """

    def made(spec: Mapping[str, Any], arrays: Mapping[str, Array]) -> Trained:
        classifier = _classifier_from_data(_circuit(spec, "classifier"))
        return Trained(classifier, _weights(classifier.cascade, arrays), dict(spec["record"]))

    return _unpacked(data, where, made)


def unpack_generator(data: bytes, where: str) -> TrainedGenerator:
    """The same for a trained generator."""

    def made(spec: Mapping[str, Any], arrays: Mapping[str, Array]) -> TrainedGenerator:
        generator = _generator_from_data(_circuit(spec, "generator"))
        return TrainedGenerator(generator, _weights(generator.cascade, arrays), dict(spec["record"]))

    return _unpacked(data, where, made)


def _unpacked(data: bytes, where: str, made: Callable[[Mapping[str, Any], Mapping[str, Array]], Made]) -> Made:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(member.file_size for member in archive.infolist()) > _LARGEST:
                raise FormatError(f"{where}: unpacks to more than {_LARGEST >> 20} MiB; refused")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return made(json.loads(str(arrays["spec"][()])), arrays)
    except CrnError as error:
        message = str(error)
        raise FormatError(message if message.startswith(where) else f"{where}: {message}") from None
    except DAMAGED_ARCHIVE as error:
        raise FormatError(f"{where}: no weights file of this package, or damaged: {error}") from None


def _circuit(spec: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    known = [name for name in ("classifier", "generator") if name in spec]
    if known and kind not in known:
        raise FormatError(f"holds a {known[0]}, not a {kind}")
    circuit: Mapping[str, Any] = spec[kind]
    return circuit


def _weights(cascade: Cascade, arrays: Mapping[str, Array]) -> list[dict[str, Array]]:
    return [
        {name: arrays[f"layer{number}_{name}"] for name in layer.weight_shapes(in_shape)}
        for number, (layer, in_shape) in enumerate(zip(cascade.layers, cascade.shapes, strict=False), 1)
    ]


def _classifier_to_data(classifier: Classifier) -> dict[str, Any]:
    return {
        "name": classifier.name,
        "in_shape": list(classifier.in_shape),
        **_cascade_to_data(classifier.cascade),
        "input_max": float(classifier.input_max),
    }


def _classifier_from_data(data: Mapping[str, Any]) -> Classifier:
    channels, rows, columns = (int(n) for n in data["in_shape"])
    return Classifier(str(data["name"]), (channels, rows, columns), *_cascade_from_data(data), float(data["input_max"]))


def _generator_to_data(generator: Generator) -> dict[str, Any]:
    return {
        "name": generator.name,
        "latents": generator.latents,
        "classes": generator.classes,
        **_cascade_to_data(generator.cascade),
        "mean": float(generator.mean),
        "turnover": float(generator.turnover),
    }


def _generator_from_data(data: Mapping[str, Any]) -> Generator:
    return Generator(
        str(data["name"]),
        int(data["latents"]),
        int(data["classes"]),
        *_cascade_from_data(data),
        float(data["mean"]),
        float(data["turnover"]),
    )


def _cascade_to_data(cascade: Cascade) -> dict[str, Any]:
    return {
        "layers": [asdict(layer) for layer in cascade.layers],  # type: ignore[call-overload]
        "kinetics": {name: float(value) for name, value in asdict(cascade.kinetics).items()},
    }


def _cascade_from_data(data: Mapping[str, Any]) -> tuple[tuple[Motif, ...], Kinetics]:
    layers = tuple(map(layer_from_data, data["layers"]))
    return layers, fill_in(Kinetics, data["kinetics"], "kinetics", complete=True)
