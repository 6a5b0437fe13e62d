"""The folder of a trained model: what goes into `models/<name>/` and into what a user trains."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from crn2sbml.circuits.weights_file import Trained, pack_weights
from crn2sbml.core.lump import lump
from crn2sbml.core.network import Network
from crn2sbml.disk import packed
from crn2sbml.errors import FormatError
from crn2sbml.formats.antimony_write import write_antimony
from crn2sbml.formats.document import SPDX, Document, Metadata, may_be_local
from crn2sbml.formats.inputs_csv import write_inputs_csv
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.formats.sedml_write import Example
from crn2sbml.formats.usage import Usage, write_io_json
from crn2sbml.report.archive import model_archive
from crn2sbml.training.data import Part
from crn2sbml.training.loop import NOISY_EXAMPLES
from crn2sbml.training.recipes import recipe_names
from crn2sbml.verify.intervals import wilson_interval

ARCHIVE_SEED, ARCHIVE_SECONDS = 1, 5.0
"""Seed and length of the stochastic run in a model's archive: read-outs forget their start in a second or so."""
_MOST_SAMPLED = 5_000
"""Lumped reactions up to which there is one: it would take simulators hours."""
_MANY_CONSTANTS = 2_000
"""Constants above which those of one reaction are local: COPASI then imports `mnist-small` five times faster."""
_LARGE = 8 << 20
"""Bytes of SBML from which the model is stored compressed."""
_MNIST = "https://identifiers.org/doi:10.1109/5.726791"
_DATA_SOURCES = {
    "digits": "https://identifiers.org/doi:10.24432/C50P49",
    "mnist": _MNIST,
    "mnist-12": _MNIST,
}
_PREPARED = {"mnist-12": ["Its images are MNIST's, 2 pixels cut off each edge, then means of 2 x 2."]}


def model_usage(trained: Trained) -> Usage:
    """How a stranger clamps the inputs and reads the answer."""
    classifier = trained.classifier
    return Usage(
        classifier.input_ids,
        classifier.output_ids,
        classifier.kinetics.omega,
        classifier.input_max,
        classifier.settling_time,
    )


def model_document(
    trained: Trained,
    example: tuple[ArrayLike, int] | None = None,
    creator: str = "",
    created: str = "",
    licence: str = "",
) -> Document:
    """The network with its metadata, in the lumped shape; the inputs hold the `example` (image, label) if one is given.

    Args: creator: person or organisation, with `created`, ISO 8601 date and time with zone; licence: SPDX identifier.
    Raises: FormatError: a creator without a date or the other way round, or what cannot be a licence's identifier.
    """
    if not re.fullmatch(r"[A-Za-z0-9.+-]*", licence):
        raise FormatError(f"licence {licence!r}: must be an SPDX identifier, for instance CC-BY-4.0")
    classifier, record = trained.classifier, trained.record
    rows, columns = classifier.in_shape[1:]
    usage = model_usage(trained)
    accuracy = record.get("accuracy", {}).get("test")
    notes = [
        f"A feed-forward cascade of mass-action reactions that reads images of {rows} x {columns} pixels. Counts are "
        "items, times are seconds.",
        f"Inputs: the clamped species {usage.inputs[0]} to {usage.inputs[-1]}, row by row, at "
        f"round(value / {usage.input_max:g} * {usage.omega:g}) items.",
        f"Outputs: {usage.outputs[0]} to {usage.outputs[-1]}; the answer is {usage.readout}, at a steady state after "
        f"{usage.t_end:g} seconds.",
        f"Trained on the data set {record.get('data', 'unknown')!r} through the closed-form steady state"
        + (f"; test accuracy {accuracy:.4f}." if accuracy is not None else "."),
        f"As written here, the inputs hold an image of a {example[1]} that was kept out of training."
        if example
        else "As written here, all inputs are 0.",
        *([f"Licence: {licence}."] if licence else []),
    ]
    source = _DATA_SOURCES.get(str(record.get("data")))
    terms = {"bqmodel:isDerivedFrom": source, "bqbiol:hasProperty": licence and f"{SPDX}{licence}"}
    metadata = Metadata(
        title=f"{classifier.name}: image classifier as a chemical reaction network",
        notes=tuple(notes),
        creators=(creator,) if creator else (),
        created=created,
        terms=tuple((qualifier, uri) for qualifier, uri in terms.items() if uri),
    )
    network = classifier.network(trained.weights, example and example[0])
    many = len(network.parameters) > _MANY_CONSTANTS
    local = may_be_local(network) if many else frozenset[str]()
    return Document(network, metadata, shape="lumped", local=local)


def model_examples(trained: Trained, test: Part) -> tuple[Example, ...]:
    """The first image of each class in a test part, as counts to clamp: `class_0`, `class_1`, ..."""
    usage = model_usage(trained)
    first = {int(label): number for number, label in reversed(list(enumerate(test.labels)))}
    return tuple(Example(f"class_{c}", usage.input_counts(test.images[first[c]])) for c in sorted(first))


def model_files(trained: Trained, document: Document, examples: Sequence[Example] = ()) -> dict[str, str | bytes]:
    """Names and contents of all files of the folder, checksums last; the archive's expected results are computed.

    A large model's SBML and Antimony are compressed, and its archive has no stochastic run.
    """
    usage, sbml, antimony = model_usage(trained), write_sbml(document), write_antimony(document)
    ssa_end = ARCHIVE_SECONDS if len(lump(document.network)) <= _MOST_SAMPLED else 0.0
    files: dict[str, str | bytes] = {
        "weights.npz": pack_weights(trained),
        **(
            {"model.xml.gz": packed(sbml), "model.ant.gz": packed(antimony)}
            if len(sbml) >= _LARGE
            else {"model.xml": sbml, "model.ant": antimony}
        ),
        "io.json": write_io_json(usage),
        "inputs.csv": write_inputs_csv(examples, dict.fromkeys(usage.inputs, 0.0)),
        "model.omex": model_archive(document, usage, examples, ARCHIVE_SEED, ssa_end=ssa_end),
    }
    files["card.md"] = model_card(trained, document.network, files)
    files["SHA256SUMS"] = "".join(f"{digest}  {name}\n" for name, digest in checksums(files).items())
    return files


def checksums(files: Mapping[str, str | bytes]) -> dict[str, str]:
    """SHA-256 of each content, sorted by name."""
    return {
        name: hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
        for name, content in sorted(files.items())
    }


def model_card(trained: Trained, network: Network, files: Mapping[str, str | bytes]) -> str:
    """The model card, Markdown."""
    classifier, record = trained.classifier, trained.record
    options, kinetics = record["options"], classifier.kinetics
    numbers = sum(int(np.count_nonzero(array)) for layer in trained.weights for array in layer.values())
    accuracy = [
        f"| {part} | {count} | {_percent(record['accuracy'][part], count)} |"
        for part, count in record["examples"].items()
    ]
    layers = [
        f"| {number} | {layer.kind} | {' x '.join(map(str, shape))} |"
        for number, (layer, shape) in enumerate(zip(classifier.layers, classifier.shapes[1:], strict=True), 1)
    ]
    return "\n".join(
        [
            f"# {classifier.name}",
            "",
            f"Reads images of {' x '.join(map(str, classifier.in_shape[1:]))} pixels with chemistry: the answer is the",
            "read-out species that holds the most items at the steady state.",
            "",
            "| layer | kind | species (channels x rows x columns) |",
            "|---|---|---|",
            *layers,
            "",
            "| what | how many |",
            "|---|---|",
            f"| species | {len(network.species)} ({len(network.clamped)} of them clamped inputs) |",
            f"| elementary reactions | {len(network.reactions)} |",
            f"| lumped reactions (the shape of model.xml) | {len(lump(network))} |",
            f"| rate constants | {len(network.parameters)} |",
            f"| trained numbers | {numbers} |",
            f"| items per unit of activity (omega) | {kinetics.omega:g} |",
            "",
            "## Accuracy of the deterministic steady state",
            "",
            "| part | images | accuracy (95 % Wilson interval) |",
            "|---|---|---|",
            *accuracy,
            "",
            f"Data: `{record['data']}`, with a fixed split; the test part was used for this line alone.",
            *_PREPARED.get(record["data"], ()),
            *_of_twin(record),
            *_under_noise(record),
            "",
            "## Train it again",
            "",
            "```",
            f"crn2sbml train {_recipe(classifier.name)} --omega {kinetics.omega:g} --epochs {options['epochs']} "
            f"--seed {options['seed']}{_noise_options(record)}{' --twin' if 'twin' in record else ''} "
            f"--out {classifier.name}",
            "```",
            "",
            "## Files",
            "",
            "`io.json` says which species to clamp and to read, `inputs.csv` holds an example of each class as counts,",
            "`model.omex` is a COMBINE archive that runs them and holds the expected results, `weights.npz` the",
            "trained arrays.",
            "",
            "| file | SHA-256 |",
            "|---|---|",
            *(f"| {name} | `{digest}` |" for name, digest in checksums(files).items()),
            "",
        ]
    )


def _recipe(name: str) -> str:
    """What `train` calls it: models that the package does not bring have a file of their own."""
    return name if name in recipe_names() else f"{name}.toml"


def _of_twin(record: Mapping[str, Any]) -> list[str]:
    """Of a model trained beside its neural twin: how that one does."""
    if "twin" not in record:
        return []
    found = ", ".join(f"{part} {_percent(value, record['examples'][part])}" for part, value in record["twin"].items())
    return ["", f"A neural network of the same layers with ideal rectifiers, trained on means the same way: {found}."]


def _noise_options(record: Mapping[str, Any]) -> str:
    calibration = record.get("calibration")
    if not calibration:
        return ""
    return " --noise lna" + (f" --average {calibration['average']:g}" if calibration["average"] else "")


def _under_noise(record: Mapping[str, Any]) -> list[str]:
    """Of a calibrated model: what it decides under noise, by the LNA."""
    if not record.get("calibration"):
        return []
    seconds = record["calibration"]["average"]
    decided = f"averages over {seconds:g} s" if seconds else "single snapshots"
    found = ", ".join(f"{part} {value:.2%}" for part, value in record["accuracy_under_noise"].items())
    return [
        "",
        f"Calibrated for noise at this omega, decisions from {decided}; right decisions expected under the linear",
        f"noise approximation: {found} (the first {NOISY_EXAMPLES:,} images of a part, at most).",
    ]


def _percent(accuracy: float, count: int) -> str:
    low, high = wilson_interval(round(accuracy * count), count)
    return f"{accuracy:.2%} ({low:.1%} to {high:.1%})"
