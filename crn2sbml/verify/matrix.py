"""The matrix of simulators: every one runs the exported file by every method it has, and all are held side by side.

ODE: against SciPy's solution of the network as read back from the file. LNA: against the algebraic covariance at that
steady state. SSA: against the exact moments where every propensity is affine, else against the pooled runs of all other
exact simulators.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import joblib
import numpy as np

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.errors import SteadyStateError
from crn2sbml.formats.document import Document, with_reading
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.lna.stationary import Stationary, stationary
from crn2sbml.verify import judge
from crn2sbml.verify.agreement import Agreement
from crn2sbml.verify.outcomes import METHODS, Ending, Outcome, Task, outcomes, sizes
from crn2sbml.verify.reference import integrate

_MOST_SPECIES = 50
"""Species on which stochastic runs are compared: with many more, a limit of 4 would be passed by chance."""
_APPROXIMATE = ("tau-leap",)

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
        """Whether no simulator disagrees, crashed or hung."""
        broken = any(cell.verdict in ("disagrees", "failed") for cell in self.cells)
        return not broken and all(agreement.holds for agreement in self.between)


@dataclass(frozen=True)
class _Reference:
    """What results are compared with; `noise` is None where there is no steady state, and `why` says so."""

    trajectory: Array
    noise: Stationary | None
    why: str
    exact: judge.ExactMoments | None


def simulator_matrix(
    document: Document,
    engines: Sequence[str],
    t_end: float,
    outputs: Sequence[str] = (),
    runs: int = 1000,
    events: float = 1e6,
    seed: int = 1,
    time_limit: float = 600.0,
    patience: float = 120.0,
    methods: Sequence[str] = METHODS,
    jobs: int = 1,
    report: Callable[[str], None] = lambda engine: None,
) -> Matrix:
    """Run a document in every engine and compare.

    Args: t_end: seconds of the ODE; outputs: species that SSA is judged by first; runs, events: stochastic runs, and
        about how many reaction events all of them together may have (their length follows from it); seed: of the
        stochastic runs; time_limit: seconds a simulator may take for a call, before it is given up; patience: seconds
        after which a simulator begins no further stochastic runs; report: told each engine that is done.
    Raises: EngineError: the reference itself cannot be computed.
    """
    matrices = Matrices.of(document.network)
    initial = np.array([species.initial for species in document.network.species], dtype=float)
    times = tuple(t_end * i / 4 for i in range(5))
    trajectory = integrate(matrices, initial, times)
    noise, why = _noise(matrices, trajectory[-1])
    begin = np.rint(trajectory[-1]) if noise else initial
    kept = _kept(matrices, outputs)
    seconds = _seconds(matrices, [begin, trajectory[-1]], t_end, events / runs)
    task = Task(
        deterministic=write_sbml(with_reading(document, "deterministic")),
        stochastic=write_sbml(with_reading(document, "stochastic")),
        size=sizes(document),
        times=times,
        start={name: float(begin[i]) for name, i in zip(matrices.floating_species, matrices.floating, strict=True)},
        kept=kept,
        seconds=seconds,
        runs=runs,
        seed=seed,
        time_limit=time_limit,
        patience=patience,
        methods=tuple(methods),
    )
    exact = judge.exact_moments(matrices, begin, seconds, kept) if "ssa" in methods else None
    found: list[Outcome] = []
    run = joblib.Parallel(n_jobs=jobs, return_as="generator", backend="threading")
    for several in run(joblib.delayed(_all_outcomes)(name, task) for name in engines):
        found += several
        report(several[0].engine)
    reference = _Reference(trajectory, noise, why, exact)
    notes = {
        "ODE": f"{t_end:g} s, at {len(times)} times, against SciPy's LSODA",
        "LNA": why or f"at the steady state after {t_end:g} s, against the algebraic covariance",
        "SSA": f"{runs} runs of {seconds:.3g} s from {'the rounded steady state' if noise else 'the initial counts'}, "
        f"{len(kept)} species, seed {seed}",
    }
    cells = tuple(_cell(outcome, found, reference) for outcome in found)
    return Matrix(document.network.id, cells, tuple(_between(found)), notes)


def _noise(matrices: Matrices, state: Array) -> tuple[Stationary | None, str]:
    try:
        return stationary(matrices, state), ""
    except SteadyStateError as error:
        return None, str(error)


def _kept(matrices: Matrices, outputs: Sequence[str]) -> tuple[str, ...]:
    """Outputs first, then others evenly spaced."""
    names = matrices.floating_species
    spread = np.linspace(0, len(names) - 1, min(len(names), _MOST_SPECIES)).astype(int)
    return tuple(dict.fromkeys([*(n for n in outputs if n in names), *(names[i] for i in spread)]))[:_MOST_SPECIES]


def _seconds(matrices: Matrices, states: Sequence[Array], longest: float, events: float) -> float:
    """Length of a stochastic run of about so many events."""
    speed = max(float(matrices.propensities(state).sum()) for state in states)
    return min(longest, events / speed) if speed > 0 else longest


def _all_outcomes(name: str, task: Task) -> list[Outcome]:
    return list(outcomes(name, task))


def _cell(outcome: Outcome, found: Sequence[Outcome], reference: _Reference) -> Cell:
    verdict: Verdict = outcome.ending
    agreements, message = [], outcome.message
    if outcome.ending == "result":
        agreements = _compare(outcome, found, reference)
        verdict = "agrees" if all(agreement.holds for agreement in agreements) else "disagrees"
        if not agreements:
            verdict, message = "unchecked", reference.why if outcome.method == "lna" else "no other simulator's runs"
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


def _compare(outcome: Outcome, found: Sequence[Outcome], reference: _Reference) -> list[Agreement]:
    if outcome.method == "ode":
        return judge.compare_ode(outcome.result.values, reference.trajectory)
    if outcome.method == "lna":
        return judge.compare_lna(outcome.result, reference.noise) if reference.noise else []
    if reference.exact:
        return judge.compare_with_exact(outcome.result.values, reference.exact)
    others = [
        other.result.values
        for other in found
        if other is not outcome
        and (other.method, other.ending) == ("ssa", "result")
        and other.algorithm not in _APPROXIMATE
    ]
    return judge.compare_with_others(outcome.result.values, np.concatenate(others)) if others else []


def _between(found: Sequence[Outcome]) -> list[Agreement]:
    """The largest difference of the ODE between any two simulators."""
    results = [outcome.result.values for outcome in found if (outcome.method, outcome.ending) == ("ode", "result")]
    if len(results) < 2:
        return []
    meaning = f"largest relative difference of {len(results)} simulators"
    return [Agreement("ODE, any two simulators", judge.spread_of_counts(results), judge.ODE_TOLERANCE, meaning)]
