"""What an exported classifier decides over a data set: by its steady state, under the LNA, or by exact simulation."""

import hashlib
from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.core.network import Network
from crn2sbml.disk import make_folder
from crn2sbml.engines.loaded import Loaded
from crn2sbml.engines.registry import get_engine
from crn2sbml.errors import EngineError, SteadyStateError
from crn2sbml.formats.usage import Usage
from crn2sbml.lna.readout import Adjoint
from crn2sbml.lna.steady_states import steady_states
from crn2sbml.verify.decisions import loaded_in, settling_time, stochastic_readouts
from crn2sbml.verify.intervals import wilson_interval
from crn2sbml.verify.pieces import Work, in_pieces

NATIVE = "native"
_DRAWS, _TOLERANCE = 200, 1e-4
"""Draws from the Gaussian of an example's read-outs, and the error of its covariance, in parts of the variances."""


@dataclass(frozen=True)
class Conditions:
    """How decisions are made.

    `ode`: from the deterministic steady state, or where a simulator is after `settle` seconds; `lna`: from Gaussian
    read-outs, by their chances; `ssa`: from `replicates` exact runs that settle for `settle` seconds. With `average`,
    from means over so many seconds instead of snapshots. `settle` is `settling_time` if None. `engine` "native" needs
    no simulator.
    """

    method: Literal["ode", "lna", "ssa"] = "ode"
    average: float = 0.0
    settle: float | None = None
    replicates: int = 1
    seed: int = 1
    engine: str = NATIVE

    def __post_init__(self) -> None:
        if not (0 <= self.average < float("inf") and (self.settle is None or 0 < self.settle < float("inf"))):
            raise EngineError(f"evaluation: averages over {self.average} s after {self.settle} s; needs >= 0 and > 0")
        if self.seed < 0 or self.replicates < 1:
            raise EngineError(f"evaluation: seed {self.seed}, {self.replicates} replicates; needs >= 0 and >= 1")
        if self.method == "lna" and self.engine != NATIVE:
            raise EngineError(f"evaluation: the LNA is evaluated by engine {NATIVE!r} only, not {self.engine!r}")
        if self.method == "ode" and self.average:
            raise EngineError("evaluation: a steady state has no average over time; use --method lna or ssa")


@dataclass(frozen=True)
class Evaluation:
    """`decided` is the part of decisions for each class, (examples, classes); `labels` are the right classes."""

    decided: Array
    labels: NDArray[np.intp]

    @property
    def accuracy(self) -> float:
        """Part of right decisions."""
        return float(np.take_along_axis(self.decided, self.labels[:, None], 1).mean())

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson interval of the accuracy, 95 %, over the examples."""
        return wilson_interval(round(self.accuracy * len(self.labels)), len(self.labels))

    @property
    def confusion(self) -> Array:
        """Decisions for each class (columns) over the examples of each class (rows)."""
        classes = np.eye(self.decided.shape[1])[self.labels]
        return np.asarray(classes.T @ self.decided)


def evaluate(
    sbml: str,
    usage: Usage,
    data: ArrayLike,
    conditions: Conditions,
    jobs: int = 1,
    keep: Path | None = None,
    report: Callable[[int], None] = lambda examples: None,
) -> Array:
    """The part of decisions for each class: (examples, classes).

    Example i has the seed of the conditions plus i, so that neither processes nor interruptions change the result.
    Args: data: (examples, ...), as `usage` scales it; jobs: processes (or what joblib's backend has); keep: folder in
        which what is done is kept, and from which an interrupted evaluation goes on; report: told how many are done.
    Raises: EngineError; FormatError: a file in `keep` is damaged.
    """
    examples = np.asarray(data)
    versions = version("crn2sbml"), get_engine(conditions.engine).version
    identity = hashlib.sha256(repr((usage, astuple(conditions), versions)).encode())
    identity.update(sbml.encode() + examples.tobytes())
    path = make_folder(keep) / f"{identity.hexdigest()[:24]}.npz" if keep else None

    def work(numbers: NDArray[np.intp]) -> Work:
        return decide, (sbml, usage, examples[numbers], numbers, conditions)

    return in_pieces(work, (len(examples), len(usage.outputs)), jobs, path, report)


def decide(sbml: str, usage: Usage, data: Array, numbers: NDArray[np.intp], conditions: Conditions) -> Array:
    """What `evaluate` does in one process, for the examples of these `numbers`: (examples, classes)."""
    classes = np.eye(len(usage.outputs))
    seeds = (conditions.seed + numbers).tolist()
    if conditions.method == "ssa":
        runs = stochastic_readouts(
            sbml, usage, data, seeds, conditions.average, conditions.replicates, conditions.settle, conditions.engine
        )
        return np.asarray(classes[runs.argmax(axis=2)].mean(axis=1))
    if conditions.engine != NATIVE:
        simulation = loaded_in(conditions.engine, sbml)
        times = [0.0, settling_time(usage) if conditions.settle is None else conditions.settle]
        found = (simulation.ode(times, usage.input_counts(example)) for example in data)
        answers = [int(counts.sel(species=list(usage.outputs)).values[0, -1].argmax()) for counts in found]
        return np.asarray(classes[answers])
    loaded = _parsed(sbml)
    matrices = loaded.matrices
    rows = [matrices.species.index(name) for name in usage.outputs]
    starts = [list(loaded.deterministic_start(usage.input_counts(example)).values()) for example in data]
    states = steady_states(matrices, np.array(starts))
    if conditions.method == "ode":
        return np.asarray(classes[states[:, rows].argmax(axis=1)])
    return np.array(
        [_chances(matrices, state, rows, conditions.average, seed) for state, seed in zip(states, seeds, strict=True)]
    )


@lru_cache(maxsize=1)
def _parsed(sbml: str) -> Loaded:
    """As `loaded_in`, for what needs no engine."""
    return Loaded(sbml)


def _chances(matrices: Matrices, state: Array, rows: list[int], average: float, seed: int) -> Array:
    """How often each read-out is the largest, in draws from their Gaussian."""
    weights = np.zeros((len(matrices.floating), len(rows)))
    weights[np.searchsorted(matrices.floating, rows), np.arange(len(rows))] = 1.0
    at = Adjoint(matrices, state)
    covariance = at.averaged_covariance(average, weights) if average else at.noise(weights, _TOLERANCE).covariance
    drawn = np.random.default_rng(seed).multivariate_normal(state[rows], covariance, _DRAWS, method="eigh")
    return np.bincount(drawn.argmax(axis=1), minlength=len(rows)) / _DRAWS


def molecules(network: Network, usage: Usage, data: ArrayLike) -> tuple[float, float]:
    """Items of all floating species, and reaction events per second, at the steady state: means over the examples.

    Not a number where `steady_states` finds none.
    """
    matrices, starts = Matrices.of(network), []
    for example in np.asarray(data):
        counts = network.with_counts(usage.input_counts(example)).species
        starts.append([species.initial for species in counts])
    try:
        states = steady_states(matrices, np.array(starts))
    except SteadyStateError:
        return float("nan"), float("nan")
    events = np.mean([matrices.rates(state).sum() for state in states])
    return float(states[:, matrices.floating].sum(axis=1).mean()), float(events)
