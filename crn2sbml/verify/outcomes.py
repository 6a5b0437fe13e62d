"""One model in one simulator, in a process of its own, by every method it has: what came of it, and in what time."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import xarray as xr

from crn2sbml.core.lump import lump
from crn2sbml.engines.engine import Counts, Engine, Limit
from crn2sbml.engines.isolated import IsolatedSimulation
from crn2sbml.engines.registry import get_engine, is_installed
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
    what `Limit`s are held against; `start` are whole counts of floating species from which `runs` stochastic runs last
    `seconds`; `kept` species of them are kept. No new runs begin after `patience` seconds (wall time); a call that takes
    longer than `time_limit` is given up.
    """

    deterministic: str
    stochastic: str
    size: Mapping[str, float]
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


def outcomes(name: str, task: Task) -> Iterator[Outcome]:
    """Run one engine; every outcome is one, whether a result, a refusal or a crash."""
    if not is_installed(name):
        yield Outcome(name, "", "", "absent", message="not installed: pip install 'crn2sbml[simulators]'")
        return
    try:
        engine = get_engine(name)
    except CrnError as error:
        yield Outcome(name, "", "", "failed", message=str(error))
        return
    wanted = [(m, a) for m in METHODS if m in engine.methods and m in task.methods for a in engine.methods[m]]
    broken = [limit for limit in engine.limits if task.size[limit.what] > limit.largest]
    if broken:
        message = _too_large(broken[0], task)
        yield from (Outcome(name, method, algorithm, "refused", message=message) for method, algorithm in wanted)
        return
    with (
        IsolatedSimulation(name, task.deterministic, task.time_limit) as deterministic,
        IsolatedSimulation(name, task.stochastic, task.time_limit) as other,
    ):
        stochastic = other if task.stochastic != task.deterministic else deterministic
        for method, algorithm in wanted:
            simulation = stochastic if method == "ssa" else deterministic
            yield _outcome(engine, method, algorithm, simulation, task)


def _too_large(limit: Limit, task: Task) -> str:
    return f"{task.size[limit.what]:g} {limit.what}, it takes {limit.largest:g}: {limit.says}"


def _outcome(engine: Engine, method: str, algorithm: str, simulation: IsolatedSimulation, task: Task) -> Outcome:
    run: dict[str, Callable[[], Any]] = {
        "ode": lambda: simulation.ode(task.times, task.inputs).isel(replicate=0),
        "lna": lambda: simulation.lna(task.inputs, task.times[-1]),
        "ssa": lambda: _snapshots(simulation, algorithm, task),
    }
    begin = time.monotonic()
    try:
        simulation.load()
        begin = time.monotonic()
        result = run[method]()
    except CrashError as error:
        return Outcome(engine.name, method, algorithm, "failed", time.monotonic() - begin, message=str(error))
    except CrnError as error:
        return Outcome(engine.name, method, algorithm, "refused", time.monotonic() - begin, message=str(error))
    seconds = time.monotonic() - begin
    return Outcome(engine.name, method, algorithm, "result", seconds, str(result.attrs["version"]), result=result)


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
        blocks.append(run.isel(time=-1).sel(species=list(task.kept)))
        done += size
    return xr.concat(blocks, "replicate", combine_attrs="override")
