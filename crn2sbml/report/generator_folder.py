"""The folder of a trained generator: what goes into `models/<name>/` and into what a user trains."""

import math
from collections.abc import Mapping

import numpy as np

from crn2sbml.circuits.weights_file import TrainedGenerator, pack_weights
from crn2sbml.core.lump import lump
from crn2sbml.core.network import Network
from crn2sbml.formats.document import Document
from crn2sbml.formats.sedml_write import Example
from crn2sbml.formats.usage import Usage
from crn2sbml.report.folder import checksums, described, folder_files
from crn2sbml.training.generator_recipes import generator_names

_FORGOTTEN = 20.0
"""A start is forgotten to about 1e-8 after so many of the slowest time there is."""


def generator_usage(trained: TrainedGenerator) -> Usage:
    """How a stranger chooses a class and reads a picture; with the latents held, all is steady after t_end."""
    generator = trained.generator
    classes = np.eye(generator.classes)
    pixels = generator.levels(trained.weights, np.full((len(classes), generator.latents), generator.mean), classes)[-1]
    turning = pixels.gross / (2 * pixels.outputs * pixels.negative)
    slowest = float(min(turning.min(), generator.kinetics.decay))
    return Usage(
        generator.class_ids,
        generator.output_ids,
        generator.kinetics.omega,
        1.0,
        float(math.ceil(generator.cascade.settling_time + _FORGOTTEN / slowest)),
        f"a picture, row by row: items that are on, of {generator.kinetics.omega:g}",
        generator.latent_ids,
    )


def generator_document(
    trained: TrainedGenerator, label: int = 0, creator: str = "", created: str = "", licence: str = ""
) -> Document:
    """See `described`; the network is set to make pictures of class `label`."""
    generator, usage, data = trained.generator, generator_usage(trained), str(trained.record.get("data", "unknown"))
    rows, columns = generator.cascade.shapes[-1][1:]
    notes = [
        f"A network of mass-action reactions whose stationary law is one of pictures of {rows} x {columns} pixels. "
        "Counts are items, times are seconds.",
        f"Class: of the clamped species {usage.inputs[0]} to {usage.inputs[-1]}, that of the class holds "
        f"{usage.omega:g} items, the others none; as written here, it is class {label}.",
        f"Picture: {usage.outputs[0]} to {usage.outputs[-1]}, row by row, items that are on, of {usage.omega:g}.",
        f"Latents: {usage.latents[0]} to {usage.latents[-1]} are born and die, each with the Poisson law of mean "
        f"{generator.mean:g}; they forget themselves in {1 / generator.turnover:g} seconds, all else much sooner.",
        f"Trained on the data set {data!r} through the closed form of the pictures' law.",
    ]
    title = f"{generator.name}: pictures from the stationary law of a chemical reaction network"
    return described(generator.network(trained.weights, label), title, notes, data, creator, created, licence)


def generator_files(trained: TrainedGenerator, document: Document) -> dict[str, str | bytes]:
    """See `folder_files`; the examples are the classes, with the latents at their means."""
    usage = generator_usage(trained)
    examples = [
        Example(f"class_{number}", {name: usage.omega * (name == wanted) for name in usage.inputs})
        for number, wanted in enumerate(usage.inputs)
    ]

    def card(files: Mapping[str, str | bytes]) -> str:
        return generator_card(trained, document.network, files)

    return folder_files(pack_weights(trained), document, usage, examples, card)


def generator_card(trained: TrainedGenerator, network: Network, files: Mapping[str, str | bytes]) -> str:
    """The model card, Markdown."""
    generator, options = trained.generator, trained.record["options"]
    rows, columns = generator.cascade.shapes[-1][1:]
    numbers = sum(int(np.count_nonzero(array)) for layer in trained.weights for array in layer.values())
    layers = [
        f"| {number} | {layer.kind} | {' x '.join(map(str, shape))} |"
        for number, (layer, shape) in enumerate(zip(generator.layers, generator.cascade.shapes[1:], strict=True), 1)
    ]
    recipe = generator.name if generator.name in generator_names() else f"{generator.name}.toml"
    return "\n".join(
        [
            f"# {generator.name}",
            "",
            f"Makes pictures of {rows} x {columns} pixels with chemistry: samples of its stationary law. Each of",
            f"{generator.latents} slow species has a Poisson law of mean {generator.mean:g}; a cascade of rectifiers",
            "decodes their counts and the class, and turns the molecules of each pixel on and off.",
            "",
            "| layer | kind | species (channels x rows x columns) |",
            "|---|---|---|",
            *layers,
            "",
            "| what | how many |",
            "|---|---|",
            f"| species | {len(network.species)} ({len(network.clamped)} of them clamped) |",
            f"| elementary reactions | {len(network.reactions)} |",
            f"| lumped reactions (the shape of model.xml) | {len(lump(network))} |",
            f"| trained numbers | {numbers} |",
            f"| items per unit of activity, and of a pixel (omega) | {generator.kinetics.omega:g} |",
            "",
            f"Data: the training part of `{trained.record['data']}`.",
            "",
            "## Train it again",
            "",
            "```",
            f"crn2sbml train {recipe} --seed {options['seed']} --out {generator.name}",
            "```",
            "",
            "## Files",
            "",
            "`io.json` names the species of classes, latents and pixels, `inputs.csv` holds the classes' counts,",
            "`model.omex` is a COMBINE archive that runs them with the latents at their means, and holds the expected",
            "results, `weights.npz` the trained arrays.",
            "",
            "| file | SHA-256 |",
            "|---|---|",
            *(f"| {name} | `{digest}` |" for name, digest in checksums(files).items()),
            "",
        ]
    )
