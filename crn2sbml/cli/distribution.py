"""`crn2sbml distribution`: a network whose stationary counts follow a wanted law."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crn2sbml.cli.console import print_json, progress, say
from crn2sbml.errors import CrnError, EngineError

if TYPE_CHECKING:
    from crn2sbml.circuits.distribution import LawNetwork
    from crn2sbml.core.pmf import Pmf

_SETTLED = 10.0
"""Relaxation times after which 0.00005 of the start is left."""


class Construction(StrEnum):
    """Networks that have a wanted law."""

    ROBUST = "robust"
    DETAILED_BALANCED = "detailed-balanced"
    POINT_MASS = "point-mass"


def distribution(
    pmf: Annotated[
        str, typer.Option(help="0:.2,2:.5,5:.3; in two dimensions '0 1:.5,3 0:.5'; or a file of such lines.")
    ],
    construction: Annotated[
        Construction,
        typer.Option(help="robust: from any start; detailed-balanced: exact, from its own; point-mass: one point."),
    ] = Construction.ROBUST,
    tv: Annotated[float, typer.Option(help="Total variation that may be left between the two laws.")] = 1e-3,
    samples: Annotated[int, typer.Option(help="Independent stochastic runs from each start; 0: none.")] = 1000,
    engine: Annotated[str, typer.Option(help="Simulator of these runs.")] = "native",
    seed: Annotated[int, typer.Option(help="Seed of the runs from the first start; the others follow.")] = 1,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write; its suffix tells the format.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Make a network whose stationary law is the wanted one, and measure how far it is from it.

    Its law is solved for, from the master equation, where it has no more than 200,000 states; and sampled, from three
    starts where any start will do.

    Example: crn2sbml distribution --pmf "0:.2,2:.5,5:.3" --tv 1e-3 --out law.xml
    """
    from crn2sbml.disk import check_output, write_file
    from crn2sbml.engines.engine import check_algorithm
    from crn2sbml.engines.registry import get_engine
    from crn2sbml.formats.document import Document
    from crn2sbml.formats.usage import Usage
    from crn2sbml.report.exports import Export, export_files, format_of
    from crn2sbml.verify.distribution import goodness_of_fit, sample_law, solve_for_error

    if samples < 0:
        raise CrnError(f"--samples {samples}: must be 0 or more")
    if out is not None:
        check_output(out, force)
        to = format_of(out.name)
    check_algorithm(get_engine(engine), "ssa")
    wanted = _wanted(pmf)
    made = _made(construction, wanted, tv)
    network = made.network
    facts: dict[str, Any] = {
        "construction": construction.value,
        "points": len(wanted.support),
        "dimensions": len(made.counts),
        "species": len(network.species),
        "reactions": len(network.reactions),
        "bound": made.error,
        "relaxation": made.relaxation,
        "solved": None,
        "sampled": [],
    }
    try:
        solved = solve_for_error(network, made.counts, wanted, made.truncation)
        facts["solved"] = {"total_variation": solved.total_variation, "lost": solved.lost, "states": solved.states}
    except EngineError as error:
        if not samples:
            raise
        say(str(error))
    settle = _SETTLED * made.relaxation
    starts = _starts(made, wanted) if samples else {}
    with progress() as bars:
        for number, (name, start) in enumerate(bars.track(starts.items(), description=f"{samples} runs by {engine}")):
            drawn = sample_law(network, made.counts, start, settle, samples, seed + number, engine)
            fit = goodness_of_fit(drawn, wanted)
            facts["sampled"].append(
                {
                    "start": name,
                    "engine": engine,
                    "seed": seed + number,
                    "samples": fit.samples,
                    "outside": fit.outside,
                    "outside_interval": list(fit.outside_interval),
                    "p_value": fit.p_value,
                }
            )
    if out is not None:
        document = Document(network, reading="stochastic" if network.has_repeated_reactants else "any")
        usage = Usage((), made.counts, omega=1, input_max=1, t_end=settle)
        for name, content in export_files(Export(document, out.name, usage, both_readings=False), to).items():
            write_file(out.with_name(name), content, force)
    if json:
        print_json(facts)
        return
    print("\n".join(_lines(facts)))
    if out is not None:
        say(f"{out}: stochastic reading; let it settle for {settle:.3g} s")


def _wanted(text: str) -> "Pmf":
    from crn2sbml.core.pmf import parse_pmf
    from crn2sbml.disk import read_text

    return parse_pmf(text if ":" in text or not text.strip() else read_text(Path(text)))


def _made(construction: Construction, pmf: "Pmf", tv: float) -> "LawNetwork":
    from crn2sbml.circuits.distribution import detailed_balanced, point_mass, robust

    if construction is Construction.DETAILED_BALANCED:
        return detailed_balanced(pmf)
    if construction is Construction.ROBUST:
        return robust(pmf, tv)
    if len(pmf.support) > 1:
        raise CrnError(f"--construction point-mass: the pmf has {len(pmf.support)} points; it must have one")
    return point_mass(pmf.support[0], tv)


def _starts(made: "LawNetwork", pmf: "Pmf") -> dict[str, dict[str, float]]:
    """Initial counts of runs, by name: the network's own, and others where the law must not depend on them."""
    own: dict[str, dict[str, float]] = {"its own": {}}
    if not made.error:
        return own
    selectors = list(made.truncation.together)
    many = dict.fromkeys((*selectors, *made.counts), 2.0 + int(pmf.points.max()))
    last = dict(zip(made.counts, map(float, pmf.support[-1]), strict=True)) | dict.fromkeys(selectors[:1], 1.0)
    return own | {"many of each": many, "the last point, by the first selector": last}


def _lines(facts: dict[str, Any]) -> list[str]:
    size = f"{facts['species']} species, {facts['reactions']} reactions"
    lines = [
        f"{facts['construction']}: {facts['points']} point{'s' * (facts['points'] > 1)}, {size}",
        f"total variation by construction: {'at most ' if facts['bound'] else ''}{facts['bound']:g}",
    ]
    if solved := facts["solved"]:
        lines.append(
            f"total variation solved for: {solved['total_variation']:.3g} ({solved['states']:,} states; beyond them "
            f"about {solved['lost']:.1g})"
        )
    for run in facts["sampled"]:
        low, high = run["outside_interval"]
        lines.append(
            f"{run['samples']} runs by {run['engine']} from {run['start']}, seed {run['seed']}: {run['outside']} "
            f"outside of the support ({low:.2g} to {high:.2g} of all), the others fit with p = {run['p_value']:.3f}"
        )
    return lines
