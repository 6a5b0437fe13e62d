"""A trained classifier as one NPZ file: its layers as data, its weights, and how they were trained."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from crn2sbml.circuits.cascade import Array
from crn2sbml.circuits.classifier import Classifier
from crn2sbml.circuits.layers import layer_from_data
from crn2sbml.circuits.tables import fill_in
from crn2sbml.disk import DAMAGED_ARCHIVE
from crn2sbml.errors import CrnError, FormatError
from crn2sbml.motifs.motif import Kinetics

_LARGEST = 1 << 30
_STAMP = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Trained:
    """A classifier with its weights; `record` says on what and how it was trained, as plain JSON values."""

    classifier: Classifier
    weights: Sequence[Mapping[str, Array]]
    record: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.classifier.check_weights(self.weights)


def pack_weights(trained: Trained) -> bytes:
    """The file's bytes: the same model gives the same bytes."""
    spec = json.dumps({"classifier": _to_data(trained.classifier), "record": dict(trained.record)}, indent=1)
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
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(member.file_size for member in archive.infolist()) > _LARGEST:
                raise FormatError(f"{where}: unpacks to more than {_LARGEST >> 20} MiB; refused")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            spec = json.loads(str(arrays["spec"][()]))
            classifier = _from_data(spec["classifier"])
            weights = [
                {name: arrays[f"layer{number}_{name}"] for name in layer.weight_shapes(in_shape)}
                for number, (layer, in_shape) in enumerate(zip(classifier.layers, classifier.shapes, strict=False), 1)
            ]
        return Trained(classifier, weights, dict(spec["record"]))
    except CrnError as error:
        message = str(error)
        raise FormatError(message if message.startswith(where) else f"{where}: {message}") from None
    except DAMAGED_ARCHIVE as error:
        raise FormatError(f"{where}: no weights file of this package, or damaged: {error}") from None


def _to_data(classifier: Classifier) -> dict[str, Any]:
    return {
        "name": classifier.name,
        "in_shape": list(classifier.in_shape),
        "layers": [asdict(layer) for layer in classifier.layers],  # type: ignore[call-overload]
        "kinetics": {name: float(value) for name, value in asdict(classifier.kinetics).items()},
        "input_max": float(classifier.input_max),
    }


def _from_data(data: Mapping[str, Any]) -> Classifier:
    channels, rows, columns = (int(n) for n in data["in_shape"])
    return Classifier(
        str(data["name"]),
        (channels, rows, columns),
        tuple(map(layer_from_data, data["layers"])),
        fill_in(Kinetics, data["kinetics"], "kinetics", complete=True),
        float(data["input_max"]),
    )
