"""One model in one simulator, in a process of its own, by every method it has: what came of it, and in what time."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import xarray as xr

from crn2sbml.core.lump import lump
from crn2sbml.engines.engine import Limit
from crn2sbml.engines.isolated import IsolatedSimulation
from crn2sbml.engines.loaded import Counts
from crn2sbml.engines.registry import is_installed
from crn2sbml.errors import CrashError, CrnError
from crn2sbml.formats.document import Document

METHODS = ("ode", "lna", "ssa")
_BLOCK = 50
"""Stochastic runs between two looks at the clock."""
Ending: TypeAlias = Literal["result", "absent", "refused", "failed"]


@dataclass(frozen=True)
class Task:
    """What every simulator is asked to do with one model.

    `deterministic` and `stochastic` are SBML texts (the same where no reaction takes two of one species); `size` is
    what `Limit`s are held against; `species` are all of the file's; `start` are whole counts of floating species from
    which `runs` stochastic runs last `seconds`; `kept` species of them are kept. No new runs begin after `patience`
    seconds (wall time); a call that takes longer than `time_limit` is given up.
    """

    deterministic: str
    stochastic: str
    size: Mapping[str, float]
    species: tuple[str, ...]
    times: tuple[float, ...]
    start: Counts
    kept: tuple[str, ...]
    seconds: float
    runs: int
    seed: int
    time_limit: float
    patience: float
    methods: tuple[str, ...] = METHODS
    inputs: Counts = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """A result (ODE: time x species; LNA: mean and covariance; SSA: replicate x species), or why there is none."""

    engine: str
    method: str
    algorithm: str
    ending: Ending
    seconds: float = 0.0
    version: str = ""
    message: str = ""
    result: Any = None


def sizes(document: Document) -> dict[str, float]:
    """What limits are about: species, reactions of the file, the highest order, the largest initial count."""
    net = document.network
    return {
        "species": len(net.species),
        "reactions": len(lump(net)) if document.shape == "lumped" else len(net.reactions),
        "order": max((reaction.order for reaction in net.reactions), default=0),
        "items": max((species.initial for species in net.species), default=0),
    }


def outcomes(name: str, task: Task, stop: threading.Event | None = None) -> Iterator[Outcome]:
    """Run one engine; every outcome is one, whether a result, a refusal or a crash.

    Args: stop: set by another thread, it ends the simulator; what is left fails.
    Raises: EngineError: an unknown engine.
    """
    if not is_installed(name):
        yield Outcome(name, "", "", "absent", message="not installed; it comes with the extra 'simulators'")
        return
    with (
        IsolatedSimulation(name, task.deterministic, task.time_limit, stop=stop) as deterministic,
        IsolatedSimulation(name, task.stochastic, task.time_limit, stop=stop) as other,
    ):
        try:
            methods, limits = deterministic.describe()
        except CrnError as error:
            yield Outcome(name, "", "", "failed", message=str(error))
            return
        wanted = [(m, a) for m in METHODS if m in methods and m in task.methods for a in methods[m]]
        if not wanted:
            message = f"has no method {' or '.join(map(repr, task.methods))}; it has {', '.join(methods)}"
            yield Outcome(name, "", "", "refused", message=message)
        broken = [limit for limit in limits if task.size[limit.what] > limit.largest]
        if broken:
            message = _too_large(broken[0], task)
            yield from (Outcome(name, method, algorithm, "refused", message=message) for method, algorithm in wanted)
            return
        with_other = ("ssa",) if task.stochastic != task.deterministic else ()
        yield from _by_methods(deterministic, [one for one in wanted if one[0] not in with_other], task)
        yield from _by_methods(other, [one for one in wanted if one[0] in with_other], task)


def _by_methods(simulation: IsolatedSimulation, wanted: Sequence[tuple[str, str]], task: Task) -> Iterator[Outcome]:
    """A model that cannot be loaded is not tried again for every method."""
    begin = time.monotonic()
    try:
        if wanted:
            simulation.load()
    except CrnError as error:
        seconds = time.monotonic() - begin
        yield from (_ended(simulation.name, method, algorithm, error, seconds) for method, algorithm in wanted)
        return
    for method, algorithm in wanted:
        begin = time.monotonic()
        try:
            simulation.load()  # anew, if it has crashed
            begin = time.monotonic()
            result = _result(method, algorithm, simulation, task)
        except CrnError as error:
            yield _ended(simulation.name, method, algorithm, error, time.monotonic() - begin)
        else:
            version, seconds = str(result.attrs.get("version", "")), time.monotonic() - begin
            yield Outcome(simulation.name, method, algorithm, "result", seconds, version, result=result)


def _ended(name: str, method: str, algorithm: str, error: CrnError, seconds: float) -> Outcome:
    ending: Ending = "failed" if isinstance(error, CrashError) else "refused"
    return Outcome(name, method, algorithm, ending, seconds, message=str(error))


def _too_large(limit: Limit, task: Task) -> str:
    return f"{task.size[limit.what]:g} {limit.what}, it takes {limit.largest:g}: {limit.says}"


def _result(method: str, algorithm: str, simulation: IsolatedSimulation, task: Task) -> Any:
    """What the method gives, over species in the order of the file.

    Raises: CrashError: a result over other times or species than were asked for; other errors as the simulator does.
    """
    if method == "lna":
        return _covering(simulation.lna(task.inputs, task.times[-1]), simulation.name, tuple(task.start))
    if method == "ssa":
        return _snapshots(simulation, algorithm, task)
    run = simulation.ode(task.times, task.inputs)
    return _selected(run, simulation.name, (1, len(task.times)), task.species).isel(replicate=0)


def _covering(noise: xr.Dataset, name: str, species: tuple[str, ...]) -> xr.Dataset:
    covered = set(noise.indexes.get("species", ())) & set(noise.indexes.get("species_", ()))
    if not {"mean", "covariance"} <= set(noise.data_vars) or not covered.issuperset(species):
        raise CrashError(f"{name}: its LNA has no mean and covariance of all {len(species)} floating species")
    return noise.sel(species=list(species), species_=list(species))


def _selected(run: xr.DataArray, name: str, shape: tuple[int, int], species: tuple[str, ...]) -> xr.DataArray:
    whole = run.dims == ("replicate", "time", "species") and run.shape[:2] == shape
    if not whole or not set(run.indexes.get("species", ())).issuperset(species):
        raise CrashError(f"{name}: a result of {dict(run.sizes)} is not {shape} replicates and times of all species")
    if not np.isfinite(run.values).all():
        raise CrashError(f"{name}: a count is not finite")
    return run.sel(species=list(species))


def _snapshots(simulation: IsolatedSimulation, algorithm: str, task: Task) -> xr.DataArray:
    """The runs' last states, in blocks until all are done or `patience` is at its end; at least `_BLOCK` of them."""
    # Each simulator has seeds of its own: two that share their code must not share their samples.
    seeds = np.random.SeedSequence([task.seed, *f"{simulation.name} {algorithm}".encode()])
    blocks: list[xr.DataArray] = []
    begin, done = time.monotonic(), 0
    while done < task.runs and (not done or time.monotonic() - begin < task.patience):
        size = min(_BLOCK, task.runs - done)
        seed = int(seeds.spawn(1)[0].generate_state(1)[0])
        run = simulation.ssa([0.0, task.seconds], task.inputs, seed, size, task.start, algorithm)
        blocks.append(_selected(run, simulation.name, (size, 2), task.kept).isel(time=-1))
        done += size
    return xr.concat(blocks, "replicate", combine_attrs="override")
