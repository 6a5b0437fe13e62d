"""`crn2sbml info`: what a model is made of."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from crn2sbml.cli.console import print_json
from crn2sbml.cli.inputs import load_document


def info(
    model: Annotated[Path, typer.Argument(help="SBML, Antimony, OMEX or weights file, or a model's folder.")],
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Show what a model is made of.

    Example: crn2sbml info models/digits
    """
    from crn2sbml.core.lump import lump

    document = load_document(model)
    network = document.network
    fed = document.feeding
    layers = Counter(f"{s.place.layer} {s.place.kind}" for s in network.species if s.place)
    orders = Counter(reaction.order for reaction in network.reactions)
    facts = {
        "id": network.id,
        "title": document.metadata.title,
        "species": len(network.species),
        "clamped": len(network.clamped),
        "reactions": len(network.reactions),
        "lumped_reactions": len(lump(network)),
        "rate_constants": len(network.parameters),
        "shape": document.shape,
        "reading": document.reading,
        "units": document.units,
        "fed": "" if fed is None else f"{len(fed.examples)} examples of {len(fed.species)} species, by {fed.clock}",
        "reactions_by_order": {str(order): count for order, count in sorted(orders.items())},
        "species_by_layer": dict(sorted(layers.items())),
    }
    if json:
        print_json(facts)
        return
    for name, value in facts.items():
        shown = ", ".join(f"{k}: {v}" for k, v in value.items()) if isinstance(value, dict) else value
        if shown != "":
            print(f"{name.replace('_', ' '):20} {shown}")
