"""The matrix of simulators: every one runs the exported file by every method it has, and all are held side by side.

ODE: against SciPy's solution of the network as read back from the file. LNA: against the algebraic covariance at that
steady state. SSA: against the exact moments where every propensity is affine, else against the pooled runs of the other
exact simulators that agree with each other, shared code counting once. The LNA of engines that compute it from their
own steady state by the same algebra shows that state; COPASI's is independent.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from crn2sbml.core.deterministic import integrate
from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.engines.registry import is_installed
from crn2sbml.errors import CrnError, SteadyStateError
from crn2sbml.formats.document import Document, with_reading
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.lna.stationary import Stationary, stationary
from crn2sbml.lna.validity import validity
from crn2sbml.verify import judge
from crn2sbml.verify.agreement import Agreement
from crn2sbml.verify.outcomes import METHODS, Ending, Outcome, Task, outcomes, sizes

_MOST_SPECIES = 20
"""Species on which stochastic runs are compared. With eight samplers that makes 160 means, one of which passes the
limit by chance in one right matrix of a hundred; with many more, chance would be what is seen."""
_APPROXIMATE = ("tau-leap",)
_SHARED_CODE = {"tellurium": "roadrunner"}
"""Engines that run on another's simulator: both would share its faults."""
_TIMES = (0.0, 1 / 256, 1 / 64, 1 / 16, 1 / 4, 1 / 2, 1.0)
"""Parts of the end time at which ODE results are compared: at the steady state alone, wrong speeds would not show.

All are multiples of one step, since some simulators report at even steps only.
"""

Verdict: TypeAlias = Literal["agrees", "disagrees", "unchecked"] | Ending


@dataclass(frozen=True)
class Cell:
    """One simulator by one method: a verdict, the agreements behind it or a message, and seconds of wall time."""

    engine: str
    version: str
    method: str
    algorithm: str
    verdict: Verdict
    agreements: tuple[Agreement, ...]
    message: str
    seconds: float


@dataclass(frozen=True)
class Matrix:
    """All cells of one model; `between` compares all simulators with each other; `notes` say how it was run."""

    model: str
    cells: tuple[Cell, ...]
    between: tuple[Agreement, ...]
    notes: Mapping[str, str]

    @property
    def holds(self) -> bool:
        """Whether at least one simulator agrees, and none disagrees, crashed or hung."""
        verdicts = {cell.verdict for cell in self.cells}
        agreed = "agrees" in verdicts and not verdicts & {"disagrees", "failed"}
        return agreed and all(agreement.holds for agreement in self.between)


@dataclass(frozen=True)
class _Reference:
    """What results are compared with; `noise` is None where there is no steady state, and `why` says so."""

    trajectory: Array
    noise: Stationary | None
    why: str
    exact: judge.ExactMoments | None


@dataclass(frozen=True)
class Conditions:
    """How simulators are run and judged.

    `t_end`: seconds of the ODE. `runs`, `events`: stochastic runs, and about how many reaction events all of them
    together may have (their length follows from it); `seed`: theirs. `time_limit`: seconds a simulator may take for a
    call, before it is given up; `patience`: seconds after which it begins no further stochastic runs. `jobs`:
    simulators at a time. Raises CrnError for numbers out of range.
    """

    t_end: float
    runs: int = 1000
    events: float = 2e5
    seed: int = 1
    time_limit: float = 600.0
    patience: float = 60.0
    methods: Sequence[str] = METHODS
    jobs: int = 1

    def __post_init__(self) -> None:
        for name in ("t_end", "events", "time_limit", "patience"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise CrnError(f"--{name.replace('_', '-')} {value:g}: must be positive and finite")
        for name, value, least in (
            ("runs", self.runs, judge.FEWEST_RUNS),
            ("seed", self.seed, 0),
            ("jobs", self.jobs, 1),
        ):
            if value < least:
                raise CrnError(f"--{name} {value}: must be {least} or more")


def simulator_matrix(
    document: Document,
    engines: Sequence[str],
    conditions: Conditions,
    outputs: Sequence[str] = (),
    report: Callable[[str], None] = lambda engine: None,
) -> Matrix:
    """Run a document in every engine and compare.

    Args: engines: names that the registry knows; outputs: species that SSA is judged by first; report: told each
        engine that is done.
    Raises: EngineError: an unknown engine, or the reference itself cannot be computed.
    """
    for name in engines:
        is_installed(name)
    t_end, runs = conditions.t_end, conditions.runs
    matrices = Matrices.of(document.network)
    initial = np.array([species.initial for species in document.network.species], dtype=float)
    times = tuple(t_end * part for part in _TIMES)
    trajectory = integrate(matrices, initial, times)
    noise, why = _noise(matrices, trajectory[-1])
    begin = _begin(matrices, initial, trajectory[-1]) if noise else initial
    kept = _kept(matrices, outputs)
    seconds = _seconds(matrices, [begin, *trajectory], t_end, conditions.events / runs)
    task = Task(
        deterministic=write_sbml(with_reading(document, "deterministic")),
        stochastic=write_sbml(with_reading(document, "stochastic")),
        size=sizes(document),
        species=matrices.species,
        times=times,
        start={name: float(begin[i]) for name, i in zip(matrices.floating_species, matrices.floating, strict=True)},
        kept=kept,
        seconds=seconds,
        runs=runs,
        seed=conditions.seed,
        time_limit=conditions.time_limit,
        patience=conditions.patience,
        methods=tuple(conditions.methods),
    )
    exact = judge.exact_moments(matrices, begin, seconds, kept) if "ssa" in conditions.methods else None
    found = _all_outcomes(list(dict.fromkeys(engines)), task, conditions.jobs, report)
    origin = "the initial counts" if begin is initial else "the rounded steady state"
    notes = {
        "ode": f"{t_end:g} s, at {len(times)} times, against SciPy's LSODA",
        "lna": f"steady state after {t_end:g} s, against algebraic mean and covariance; "
        + validity(matrices, trajectory[-1], noise).summary()
        if noise
        else why.removeprefix("LNA: "),
        "ssa": f"{runs} runs of {seconds:.3g} s from {origin}, {len(kept)} species, seed {conditions.seed}, against "
        f"{'the exact moments' if exact else 'each other'}",
    }
    return Matrix(
        document.network.id,
        tuple(_cells(found, _Reference(trajectory, noise, why, exact))),
        tuple(_between(found)),
        {method.upper(): notes[method] for method in METHODS if method in conditions.methods},
    )


def _all_outcomes(engines: Sequence[str], task: Task, jobs: int, report: Callable[[str], None]) -> list[Outcome]:
    """Outcomes in the order of the engines; an error or an interrupt here ends every simulator."""
    stop = threading.Event()
    with ThreadPoolExecutor(jobs) as pool:
        waiting = {pool.submit(list, outcomes(name, task, stop)): name for name in engines}
        try:
            for done in as_completed(waiting):
                done.result()
                report(waiting[done])
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [outcome for done in waiting for outcome in done.result()]


def _noise(matrices: Matrices, state: Array) -> tuple[Stationary | None, str]:
    try:
        return stationary(matrices, state), ""
    except SteadyStateError as error:
        return None, str(error)


def _begin(matrices: Matrices, initial: Array, steady: Array) -> Array:
    """The rounded steady state, but the initial counts if nothing would happen there."""
    begin = initial.copy()
    begin[matrices.floating] = np.rint(steady[matrices.floating])
    return begin if matrices.propensities(begin).any() else initial


def _kept(matrices: Matrices, outputs: Sequence[str]) -> tuple[str, ...]:
    """Outputs first, then others evenly spaced."""
    names = matrices.floating_species
    spread = np.linspace(0, len(names) - 1, min(len(names), _MOST_SPECIES)).astype(int)
    return tuple(dict.fromkeys([*(n for n in outputs if n in names), *(names[i] for i in spread)]))[:_MOST_SPECIES]


def _seconds(matrices: Matrices, states: Sequence[Array], longest: float, events: float) -> float:
    """Length of a stochastic run of about so many events."""
    speed = max(float(matrices.propensities(state).sum()) for state in states)
    return min(longest, events / speed) if speed > 0 else longest


def _cells(found: Sequence[Outcome], reference: _Reference) -> list[Cell]:
    results = [outcome for outcome in found if outcome.ending == "result"]
    samplers = [outcome for outcome in results if outcome.method == "ssa"]
    drawn = [
        judge.Sampler(o.result.values, _SHARED_CODE.get(o.engine, o.engine), o.algorithm not in _APPROXIMATE)
        for o in samplers
    ]
    if reference.exact:
        of_samples = [judge.compare_with_exact(s.samples, reference.exact, not s.exact) for s in drawn]
    else:
        of_samples = judge.compare_all(drawn)
    agreements = {id(outcome): agreed for outcome, agreed in zip(samplers, of_samples, strict=True)}
    for outcome in results:
        if outcome.method == "ode":
            agreements[id(outcome)] = judge.compare_ode(outcome.result.values, reference.trajectory)
        elif outcome.method == "lna":
            agreements[id(outcome)] = judge.compare_lna(outcome.result, reference.noise) if reference.noise else []
    alone = not reference.exact and len(samplers) < 2
    unchecked = {
        "lna": reference.why,
        "ssa": "no other simulator's runs" if alone else "no species moved enough to be judged",
    }
    return [_cell(outcome, agreements.get(id(outcome), []), unchecked) for outcome in found]


def _cell(outcome: Outcome, agreements: Sequence[Agreement], unchecked: Mapping[str, str]) -> Cell:
    verdict: Verdict = outcome.ending
    message = outcome.message
    if agreements:
        verdict = "agrees" if all(agreement.holds for agreement in agreements) else "disagrees"
    elif outcome.ending == "result":
        verdict, message = "unchecked", unchecked[outcome.method]
    return Cell(
        engine=outcome.engine,
        version=outcome.version,
        method=outcome.method,
        algorithm=outcome.algorithm,
        verdict=verdict,
        agreements=tuple(agreements),
        message=message,
        seconds=outcome.seconds,
    )


def _between(found: Sequence[Outcome]) -> list[Agreement]:
    """The largest difference of the ODE between any two simulators."""
    results = [outcome.result.values for outcome in found if (outcome.method, outcome.ending) == ("ode", "result")]
    if len(results) < 2:
        return []
    meaning = f"largest relative difference of {len(results)} simulators"
    return [Agreement("ODE, any two simulators", judge.spread_of_counts(results), judge.ODE_TOLERANCE, meaning)]
