"""The folder of a trained classifier: what goes into `models/<name>/` and into what a user trains."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from crn2sbml.circuits.weights_file import Trained, pack_weights
from crn2sbml.core.lump import lump
from crn2sbml.core.network import Network
from crn2sbml.formats.document import Document
from crn2sbml.formats.sedml_write import Example
from crn2sbml.formats.usage import Usage
from crn2sbml.report.folder import checksums, described, folder_files
from crn2sbml.training.data import Part
from crn2sbml.training.loop import NOISY_EXAMPLES
from crn2sbml.training.recipes import recipe_names
from crn2sbml.verify.intervals import wilson_interval

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
    """See `described`; the inputs hold the `example` (image, label) if one is given."""
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
    ]
    title = f"{classifier.name}: image classifier as a chemical reaction network"
    network = classifier.network(trained.weights, example and example[0])
    return described(network, title, notes, str(record.get("data")), creator, created, licence)


def model_examples(trained: Trained, test: Part) -> tuple[Example, ...]:
    """The first image of each class in a test part, as counts to clamp: `class_0`, `class_1`, ..."""
    usage = model_usage(trained)
    first = {int(label): number for number, label in reversed(list(enumerate(test.labels)))}
    return tuple(Example(f"class_{c}", usage.input_counts(test.images[first[c]])) for c in sorted(first))


def model_files(trained: Trained, document: Document, examples: Sequence[Example] = ()) -> dict[str, str | bytes]:
    """See `folder_files`."""

    def card(files: Mapping[str, str | bytes]) -> str:
        return model_card(trained, document.network, files)

    return folder_files(pack_weights(trained), document, model_usage(trained), examples, card)


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
            f"Data: `{record['data']}`, split once into what it was trained on, what its settings were chosen by "
            "(validation), and test.",
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
