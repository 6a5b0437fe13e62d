"""Pictures from an exported generator: by exact simulation of its stationary process, or by its closed form.

All follows from the file and `io.json`: which species are the classes, the latents and the pixels. Latents that are
born and die by nothing else have independent Poisson laws; with them held, everything else has a steady state.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.disk import make_folder
from crn2sbml.engines.loaded import Loaded
from crn2sbml.engines.registry import get_engine
from crn2sbml.errors import EngineError, did_you_mean
from crn2sbml.formats.usage import Usage
from crn2sbml.lna.steady_states import steady_states
from crn2sbml.verify.decisions import loaded_in, settling_time
from crn2sbml.verify.pieces import Work, in_pieces

Method = Literal["ssa", "closed-form", "lna"]
_BATCH = 20
"""Pictures whose steady states are found at a time: each holds some numbers a reaction."""


@dataclass(frozen=True)
class Held:
    """A generator with its latents held: arrays in which nothing changes them, the counts that the file starts with,
    rows of classes, latents and pixels, the latents' means (items) and the rate at which they die (1/s).
    """

    matrices: Matrices
    start: Array
    classes: NDArray[np.intp]
    latents: NDArray[np.intp]
    pixels: NDArray[np.intp]
    means: Array
    turnover: float

    def steady(self, labels: NDArray[np.intp], items: Array, omega: float) -> Array:
        """Steady counts of all species, (n, species), for classes and counts of the latents (n, latents)."""
        counts = np.tile(self.start, (len(labels), 1))
        counts[:, self.classes] = 0.0
        counts[np.arange(len(labels)), self.classes[labels]] = omega
        counts[:, self.latents] = items
        blocks = np.array_split(counts, -(-len(counts) // _BATCH))
        return np.concatenate([steady_states(self.matrices, block) for block in blocks])


def pictures(
    sbml: str,
    usage: Usage,
    labels: NDArray[np.intp],
    seed: int,
    method: Method = "ssa",
    settle: float | None = None,
    engine: str = "native",
    jobs: int = 1,
    report: Callable[[int], None] = lambda done: None,
    keep: Path | None = None,
) -> Array:
    """One picture of each class in `labels`, in items that are on: (n, pixels).

    ssa: runs of their own, from latents drawn from their law and everything else at its steady state, of `settle`
    seconds (else `settling_time`); closed-form: latents drawn, then each pixel's items, independently; lna: the same
    with Gaussians for both laws. Picture i has the seed `seed` plus i. What is done is kept in the folder `keep`.
    Raises: EngineError: no generator, or a class that it lacks.
    """
    numbers = np.asarray(labels)
    _held(sbml, usage)  # what is no generator is refused here
    for label in numbers:
        check_class(usage, label)

    def work(chosen: NDArray[np.intp]) -> Work:
        return _pictures, (sbml, usage, numbers[chosen], (seed + chosen).tolist(), method, settle, engine)

    versions = version("crn2sbml"), get_engine(engine).version
    said = repr((sbml, usage, numbers.tolist(), seed, method, settle, engine, versions))
    path = make_folder(keep) / f"{hashlib.sha256(said.encode()).hexdigest()[:24]}.npz" if keep else None
    return in_pieces(work, (len(numbers), len(usage.outputs)), jobs, path, report)


def trajectory(
    sbml: str, usage: Usage, label: int, count: int, interval: float, seed: int, engine: str = "native"
) -> Array:
    """Pictures of one stationary run, `interval` seconds apart, in items that are on: (count, pixels)."""
    check_class(usage, label)
    held, rng = _held(sbml, usage), np.random.default_rng(seed)
    items = rng.poisson(held.means).astype(float)
    inputs, start = _whole(held, held.steady(np.array([label]), items[None], usage.omega)[0])
    times = settling_time(usage) + interval * np.arange(count)
    run = loaded_in(engine, sbml).ssa([0.0, *times.tolist()], inputs, seed, start=start)
    return np.asarray(run.sel(species=list(usage.outputs)).values[0, 1:])


def check_class(usage: Usage, label: int) -> None:
    """Raises EngineError for a class that the model lacks."""
    if not 0 <= label < len(usage.inputs):
        raise EngineError(f"generate: no class {label}; the model has 0 to {len(usage.inputs) - 1}")


def correlation_time(sbml: str, usage: Usage) -> float:
    """Seconds in which the correlation of the latents with what they were falls by e."""
    return 1 / _held(sbml, usage).turnover


def _pictures(
    sbml: str,
    usage: Usage,
    labels: NDArray[np.intp],
    seeds: list[int],
    method: Method,
    settle: float | None,
    engine: str,
) -> Array:
    """What `pictures` does in one process."""
    held, omega = _held(sbml, usage), usage.omega
    streams = [np.random.default_rng(seed) for seed in seeds]
    if method == "lna":
        items = np.array([rng.normal(held.means, np.sqrt(held.means)) for rng in streams]).clip(0)
    else:
        items = np.array([rng.poisson(held.means) for rng in streams], dtype=float)
    states = held.steady(labels, items, omega)
    if method == "ssa":
        simulation, times = loaded_in(engine, sbml), [0.0, settling_time(usage) if settle is None else settle]
        runs = [
            simulation.ssa(times, inputs, seed, start=start).sel(species=list(usage.outputs)).values[0, -1]
            for seed, (inputs, start) in zip(seeds, map(partial(_whole, held), states), strict=True)
        ]
        return np.array(runs, dtype=float)
    parts = (states[:, held.pixels] / omega).clip(0, 1)
    if method == "closed-form":
        return np.array([rng.binomial(round(omega), part) for rng, part in zip(streams, parts, strict=True)], float)
    noise = np.array([rng.normal(size=len(held.pixels)) for rng in streams])
    return np.asarray(omega * parts + np.sqrt(parts * (1 - parts) * omega) * noise)


def _whole(held: Held, state: Array) -> tuple[dict[str, float], dict[str, float]]:
    """Counts to clamp, and counts of the other species to start from, in whole items."""
    counts = dict(zip(held.matrices.species, np.rint(state).tolist(), strict=True))
    inputs = {held.matrices.species[row]: counts.pop(held.matrices.species[row]) for row in held.classes}
    return inputs, counts


@lru_cache(maxsize=1)
def _held(sbml: str, usage: Usage) -> Held:
    """The generator in a file; raises EngineError for what is none."""
    if not usage.latents:
        raise EngineError("generate: io.json names no latents; this model makes no pictures (evaluate a classifier)")
    loaded = Loaded(sbml)
    network = loaded.document.network
    for name in (*usage.latents, *usage.outputs):
        if name not in network.floating:
            raise EngineError(f"generate: {did_you_mean(name, network.floating, 'floating species')}")
    births, deaths = dict.fromkeys(usage.latents, 0.0), dict.fromkeys(usage.latents, 0.0)
    for reaction in network.reactions:
        for name, change in reaction.net_change:
            if name in births:
                if (reaction.inputs, reaction.outputs) not in (((), ((name, 1),)), (((name, 1),), ())):
                    raise EngineError(f"generate: {reaction.id!r} is no birth or death of {name!r}; its law is unknown")
                (births if change > 0 else deaths)[name] += network.rate_constants[reaction.rate]
    if not all(births.values()) or not all(deaths.values()):
        raise EngineError("generate: each latent species must be born and die")
    latent = set(usage.latents)
    held = replace(network, species=tuple(replace(s, clamped=s.clamped or s.id in latent) for s in network.species))
    matrices = Matrices.of(held)
    classes, latents, pixels = (
        np.array([matrices.species.index(name) for name in part])
        for part in (usage.inputs, usage.latents, usage.outputs)
    )
    means = np.array([births[name] / deaths[name] for name in usage.latents])
    start = np.array([species.initial for species in held.species])
    return Held(matrices, start, classes, latents, pixels, means, min(deaths.values()))
