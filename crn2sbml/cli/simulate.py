"""`crn2sbml simulate`: run a model file in a simulator."""

import csv
import io
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crn2sbml.cli.clamp import (
    DataOption,
    ImageOption,
    IndexOption,
    InputsOption,
    InvertOption,
    RowOption,
    SetOption,
    clamped_counts,
)
from crn2sbml.cli.console import print_json, say
from crn2sbml.cli.inputs import check_settable, check_units, load_document, load_usage, say_units, seconds_to_run
from crn2sbml.errors import CrnError, did_you_mean

if TYPE_CHECKING:
    import xarray as xr

    from crn2sbml.core.network import Network
    from crn2sbml.engines.engine import Simulation
    from crn2sbml.formats.document import Document
    from crn2sbml.report.noise import Rows


_MOST_ANALYSED = 1000
"""Species whose noise is taken apart at once."""
_MOST_NUMBERS, _MOST_EVENTS = 2e7, 1e10


class Method(StrEnum):
    """Ways to run a model."""

    ODE = "ode"
    LNA = "lna"
    SSA = "ssa"


def simulate(
    model: Annotated[Path, typer.Argument(help="SBML, Antimony, OMEX or weights file, or a model's folder.")],
    method: Annotated[Method, typer.Option(help="Deterministic, stationary noise, or exact.")] = Method.ODE,
    engine: Annotated[str, typer.Option(help="Simulator.")] = "roadrunner",
    algorithm: Annotated[str, typer.Option(help="Algorithm, where the simulator has several.")] = "",
    t_end: Annotated[float | None, typer.Option(help="Seconds; as io.json says, else 10; lna: until steady.")] = None,
    points: Annotated[int, typer.Option(help="Recorded times, both ends included.")] = 11,
    image: ImageOption = None,
    invert: InvertOption = None,
    index: IndexOption = None,
    data: DataOption = "digits",
    row: RowOption = None,
    inputs: InputsOption = None,
    set_: SetOption = None,
    species: Annotated[list[str] | None, typer.Option(help="Species to show; may be repeated.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the stochastic method.")] = 1,
    replicates: Annotated[int, typer.Option(help="Stochastic runs.")] = 1,
    average: Annotated[float, typer.Option(help="lna: also the noise of averages over so many seconds.")] = 0.0,
    plot: Annotated[Path | None, typer.Option(help="PNG to draw: counts over time, or all about the noise.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="CSV file to write instead of the screen.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Run a model file in a simulator.

    Prints counts over time (ode, ssa), or stationary mean, standard deviation, Fano factor and what the next order of
    the expansion adds to the mean (lna).

    Example: crn2sbml simulate models/digits --method lna --average 5 --plot noise.png
    """
    from crn2sbml.disk import check_output, write_file
    from crn2sbml.engines.engine import check_algorithm
    from crn2sbml.engines.registry import get_engine
    from crn2sbml.formats.document import with_reading
    from crn2sbml.formats.sbml_write import write_sbml
    from crn2sbml.lna.settle import settle
    from crn2sbml.report.noise import noise_figure, noise_rows, trajectories_figure

    for path in (out, plot):
        if path is not None:
            check_output(path, force)
    if not 0 <= average < float("inf"):
        raise CrnError(f"--average {average}: must be 0 seconds or more, and finite")
    if average and method is not Method.LNA:
        raise CrnError("--average belongs to the noise of --method lna")
    if points < 2 or replicates < 1:
        raise CrnError(f"--points {points} --replicates {replicates}: needs 2 points and 1 replicate at least")
    document, usage = load_document(model), load_usage(model)
    if method is Method.ODE:
        say_units(document, model)
    else:
        check_units(document, model, f"--method {method.value}")
    counts = clamped_counts(document.network, usage, model, image, invert, index, data, row, inputs, set_ or ())
    check_settable(counts, document, model)
    shown = species or list((usage.outputs if usage else None) or document.network.floating)
    for name in shown:
        if name not in document.network.species_index:
            raise CrnError(f"--species: {did_you_mean(name, document.network.species_index, 'species')}")
    if method is Method.LNA:
        end = seconds_to_run(t_end, usage, lambda: settle(document.network.with_counts(counts)).seconds)
    else:
        end = seconds_to_run(t_end, usage)
    chosen = get_engine(engine)
    check_algorithm(chosen, method.value, algorithm)
    # The text is written anew: files of any level, and Antimony, reach the simulator in one form, and a pair of equal
    # reactants is read as the method needs it.
    document = with_reading(document, "stochastic" if method is Method.SSA else "deterministic")
    if method is not Method.LNA:
        _check_size(document, counts, points, replicates if method is Method.SSA else 0, end)
    # It has the method: `check_algorithm` has looked.
    simulation = chosen.load(write_sbml(document))
    times = [end * i / (points - 1) for i in range(points)]
    picture, about = b"", dict[str, object]()
    if method is Method.LNA:
        noise = _noise(simulation, document.network, counts, end, shown, average, plot is not None)
        header, rows = noise_rows(noise)
        if "validity" in noise.attrs:
            about["validity"] = noise.attrs["validity"]
            say(f"LNA: {about['validity']}")
        if "by_layer" in noise:
            parts = noise["by_layer"]
            about["by_layer"] = dict(zip(parts.layer.values.tolist(), parts.values.tolist(), strict=True))
        if plot is not None:
            picture = noise_figure(noise)
    elif method is Method.SSA:
        result = simulation.ssa(times, counts, seed, replicates, None, algorithm)
    else:
        result = simulation.ode(times, counts)
    if method is not Method.LNA:
        header, rows = _trajectories(result, shown)
        if plot is not None:
            picture = trajectories_figure(result, shown)
    if plot is not None:
        write_file(plot, picture, force)
    if json:
        print_json({"method": method.value, "engine": engine, **about, "columns": header, "rows": rows})
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([[f"{value:.10g}" if isinstance(value, float) else value for value in row] for row in rows])
    if out is None:
        sys.stdout.write(text.getvalue())
    else:
        write_file(out, text.getvalue(), force)
        say(f"{out}: {len(rows)} rows")


def _check_size(document: "Document", counts: dict[str, float], points: int, replicates: int, end: float) -> None:
    """Raises CrnError for a table or a stochastic run (`replicates` > 0) that no one would wait for."""
    import numpy as np

    from crn2sbml.core.matrices import Matrices

    network = document.network.with_counts(counts)
    numbers = points * max(replicates, 1) * len(network.species)
    if numbers > _MOST_NUMBERS:
        raise CrnError(
            f"--points {points}: that makes {numbers:.2g} numbers, at most {_MOST_NUMBERS:.2g}; ask for fewer"
        )
    start = np.array([species.initial for species in network.species], dtype=float)
    events = float(Matrices.of(network).propensities(start).sum()) * end * replicates
    if events > _MOST_EVENTS:
        raise CrnError(
            f"SSA: about {events:.1e} reaction events at the pace of the start, at most {_MOST_EVENTS:.0e} "
            "(hours); lower the counts, --t-end or --replicates, or use --method lna"
        )


def _trajectories(result: "xr.DataArray", shown: list[str]) -> "tuple[list[str], Rows]":
    chosen = result.sel(species=shown)
    rows: Rows = [
        [replicate, float(time), *(float(value) for value in chosen.values[replicate, i])]
        for replicate in range(chosen.sizes["replicate"])
        for i, time in enumerate(chosen.time.values)
    ]
    return ["replicate", "time", *shown], rows


def _noise(
    simulation: "Simulation",
    network: "Network",
    counts: dict[str, float],
    end: float,
    shown: list[str],
    average: float,
    drawn: bool,
) -> "xr.Dataset":
    """The noise of `shown`, at the steady state that the simulator finds."""
    import numpy as np

    from crn2sbml.lna.analysis import analyse_noise
    from crn2sbml.lna.stationary import LARGEST

    clamped = [name for name in shown if name in network.clamped]
    if clamped:
        raise CrnError(f"--species {clamped[0]!r} is clamped: it has no noise")
    if len(shown) > _MOST_ANALYSED:
        raise CrnError(f"noise of {len(shown)} species at once, at most {_MOST_ANALYSED}; choose some with --species")
    state = {species.id: species.initial for species in network.species} | counts
    if len(network.floating) > LARGEST:
        moments, steady = None, simulation.steady_state(counts, end)[0, 0]
    else:
        moments = simulation.lna(counts, end)
        steady = moments["mean"]
    state |= dict(zip(steady.species.values.tolist(), steady.values.tolist(), strict=True))
    noise = analyse_noise(network, shown, state, average, None if drawn else ())
    if moments is not None:
        # Where the simulator has an answer of its own, that is the one to show.
        noise["covariance"].values = moments["covariance"].sel(species=shown, species_=shown).values
        noise["sd"].values = np.sqrt(np.diag(noise["covariance"]).clip(min=0))
        known = ~np.isnan(noise["fano_factor"].values)
        noise["fano_factor"].values[known] = (noise["sd"].values ** 2)[known] / noise["mean"].values[known]
    return noise
