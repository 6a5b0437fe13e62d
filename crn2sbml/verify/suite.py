"""The SBML Test Suite through the package: its reader, the text its writer writes, any engine, the suite's own rules.

Semantic cases are judged by each engine's ODE. Stochastic ones by each engine's exact samples, and once by the
transient LNA, which is exact where every propensity is affine; that one is the package's own (`OWN`), no engine's.
Simulators run in processes of their own: a case that ends, breaks or hangs one has failed, and the others go on.

A correct simulator leaves the suite's ranges now and then, and then at many times in a row, since the counts of a run
remember: in 2 of 8 passes over 13 cases with 1000 runs more means were outside than the suite allows. So a case with
points outside is run once more, from a seed of its own, and those count that are outside in both samples; what was
outside in the first is kept beside it. What is wrong is outside again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
import xarray as xr

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.disk import read_text
from crn2sbml.engines.isolated import IsolatedSimulation
from crn2sbml.engines.registry import check_installed
from crn2sbml.engines.words import one_line
from crn2sbml.errors import CrnError, UnsupportedError
from crn2sbml.formats.document import Document, Reading
from crn2sbml.formats.sbml_read import read_sbml
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.lna.transient import is_affine, transient
from crn2sbml.verify.suite_case import Case, Kind, find_cases, model_file, select_cases
from crn2sbml.verify.suite_files import correct_moments, correct_values, read_settings
from crn2sbml.verify.suite_kurtosis import spread_of_y
from crn2sbml.verify.suite_model import Quantities, read_quantities
from crn2sbml.verify.suite_scores import Marks, Outside, Worst, outside, printed_limits, suite_limits, worst_point
from crn2sbml.verify.suite_simulators import Simulators

__all__ = ["OWN", "Case", "CaseResult", "Simulators", "find_cases", "run_case", "run_suite", "select_cases"]

OWN = "crn2sbml"
"""Stands where an engine is named, for what the package computes itself."""

Status: TypeAlias = Literal["passed", "failed", "not supported", "not applicable"]
"""`not supported`: the reader names something that no mass-action network holds. `not applicable`: the engine lacks the
method, or the LNA is not exact for the model."""
Method: TypeAlias = Literal["ode", "ssa", "lna"]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case by one method of one engine. `reason` is one line, empty if passed; `worst` is the point furthest off;
    `outside` counts the points outside in both stochastic samples, `first_outside` those in the first.
    """

    case: str
    kind: Kind
    engine: str
    method: Method
    status: Status
    reason: str = ""
    worst: Worst | None = None
    outside: Outside | None = None
    first_outside: Outside | None = None


@dataclass(frozen=True)
class _Model:
    """A case's model as read, and what its variables mean."""

    document: Document
    quantities: Quantities

    def written(self, reading: Reading) -> str:
        """SBML text in that reading of equal reactants."""
        pairs = self.document.network.has_repeated_reactants
        return write_sbml(replace(self.document, reading=reading) if pairs else self.document)


def run_case(
    case: Case, engine: str, runs: int = 1000, seed: int = 0, simulators: Simulators | None = None
) -> CaseResult:
    """One case through one engine, or through the package's own LNA (`OWN`).

    Args: runs: stochastic replicates; seed: the case's own seed follows from it and the case's number; simulators:
        processes to use, else one is started for this case.
    Raises: EngineError: no such engine, or not installed. Whatever else is wrong is in the result.
    """
    if simulators is None:
        with Simulators() as own:
            return run_case(case, engine, runs, seed, own)
    method: Method = "ode" if case.kind == "semantic" else "lna" if engine == OWN else "ssa"
    result = CaseResult(case.name, case.kind, engine, method, "passed")
    if engine == OWN and case.kind == "semantic":
        return replace(result, status="not applicable", reason="the LNA is judged by stochastic cases")
    if engine != OWN:
        check_installed(engine)
    try:
        if method == "lna":
            return _lna(case, result)
        with simulators.lend(engine) as simulation:
            if method not in simulation.describe().methods:
                return replace(result, status="not applicable", reason=f"{engine} has no method {method!r}")
            if method == "ode":
                return _semantic(case, result, simulation)
            return _stochastic(case, result, simulation, runs, seed)
    except UnsupportedError as error:
        return replace(result, status="not supported", reason=one_line(str(error)))
    except CrnError as error:
        return replace(result, status="failed", reason=one_line(str(error)))


def run_suite(
    cases: Iterable[Case],
    engines: Sequence[str],
    runs: int = 1000,
    seed: int = 0,
    jobs: int = 1,
    time_limit: float = 600.0,
    report: Callable[[int, int], None] = lambda done, of: None,
) -> Iterator[CaseResult]:
    """All cases through all engines, and stochastic ones through the LNA; results come in that order.

    Args: jobs: cases at a time; time_limit: seconds that a simulator may take to load a model, or for one run of it;
        report: called with the number of results so far and of all.
    Raises: EngineError: an engine that is unknown, not installed or does not start.
    """
    tasks = [(case, engine) for case in cases for engine in (*engines, *([OWN] if case.kind == "stochastic" else []))]
    with Simulators(time_limit) as simulators, ThreadPoolExecutor(jobs) as pool:
        for engine in engines:
            with simulators.lend(engine) as simulation:
                simulation.describe()
        running = [pool.submit(run_case, *task, runs, seed, simulators) for task in tasks]
        try:
            for done, result in enumerate((one.result() for one in running), 1):
                report(done, len(tasks))
                yield result
        except BaseException:  # an interrupt, or a caller who wants no more
            simulators.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def totals_outside(results: Iterable[CaseResult], first: bool = False) -> dict[str, Outside]:
    """Points outside over all stochastic cases of each engine, in both samples or in the first; the suite allows a few
    over all cases together.
    """
    totals: dict[str, Outside] = {}
    for result in results:
        found = result.first_outside if first else result.outside
        if found is not None:
            totals[result.engine] = totals.get(result.engine, Outside()) + found
    return totals


def suite_holds(results: Sequence[CaseResult]) -> bool:
    """Whether no case failed and no engine has more points outside, over all its cases, than the suite allows."""
    return all(r.status != "failed" for r in results) and all(t.holds for t in totals_outside(results).values())


def case_seed(case: Case, seed: int, again: bool = False) -> int:
    """Cases must not share a seed: several hold the same model, and would fail together."""
    return 100_000 * (2 * seed + again) + case.number


def _semantic(case: Case, result: CaseResult, simulation: IsolatedSimulation) -> CaseResult:
    model, settings = _read(case), read_settings(case)
    correct = correct_values(case, settings)
    simulation.take(model.written("deterministic"))
    amounts = simulation.ode(_asked(correct.times), {}).sel(time=correct.times)[0]
    values = model.quantities.values(correct.columns, settings, _by_species(amounts), correct.times.shape)
    worst = worst_point(values, correct, suite_limits(correct, settings))
    return _judged(replace(result, worst=worst))


def _stochastic(case: Case, result: CaseResult, simulation: IsolatedSimulation, runs: int, seed: int) -> CaseResult:
    model, settings = _read(case), read_settings(case)
    mean, sd = correct_moments(case, settings)
    simulation.take(model.written("stochastic"))
    names = [name for name in mean.columns if name in model.quantities.sizes]
    matrices = Matrices.of(model.document.network)
    spread = spread_of_y(matrices, _start(model.document), mean.times, names)
    spreads = {name: np.ones(len(mean.times)) for name in mean.columns} | dict(zip(names, spread.T, strict=True))

    def scored(again: bool) -> tuple[Marks, Worst | None]:
        counts = simulation.ssa(_asked(mean.times), {}, case_seed(case, seed, again), runs).sel(time=mean.times)
        samples = model.quantities.values(mean.columns, settings, _by_species(counts), (runs, len(mean.times)))
        return outside(samples, mean, sd, spreads, settings)

    first, unequal = scored(again=False)
    both = first
    if unequal is None and (first.means.any() or first.sds.any()):
        second, unequal = scored(again=True)
        both = first & second
    result = replace(result, outside=both.count, first_outside=first.count, worst=unequal)
    if both.count.holds:
        return _judged(result)
    return replace(result, status="failed", reason=f"{both.count} in both of two samples")


def _lna(case: Case, result: CaseResult) -> CaseResult:
    model, settings = _read(case), read_settings(case)
    document = read_sbml(model.written("deterministic"))
    matrices = Matrices.of(document.network)
    if not is_affine(matrices):
        reason = "the LNA is not exact here: a propensity is not affine in the counts"
        return replace(result, status="not applicable", reason=reason)
    mean, sd = correct_moments(case, settings)
    start, quantities = _start(document), model.quantities
    found = transient(matrices, start, mean.times)
    means = {name: np.full(len(mean.times), count) for name, count in zip(matrices.species, start, strict=True)}
    sds = {name: np.zeros(len(mean.times)) for name in means}
    means |= dict(zip(found.species, found.mean.T, strict=True))
    sds |= dict(zip(found.species, found.sd.T, strict=True))
    worst = []
    for what, amounts, table in (("mean", means, mean), ("sd", sds, sd)):
        values = quantities.values(table.columns, settings, amounts, mean.times.shape)
        if what == "sd":
            values |= {name: np.zeros(len(mean.times)) for name in values if name in quantities.constants}
        point = worst_point(values, table, printed_limits(table))
        if point is not None:
            worst.append(replace(point, variable=f"{point.variable}-{what}"))
    return _judged(replace(result, worst=max(worst, key=lambda point: point.ratio, default=None)))


def _judged(result: CaseResult) -> CaseResult:
    worst = result.worst
    failed = worst is not None and not worst.ratio <= 1
    return replace(result, status="failed", reason=str(worst)) if failed else result


def _read(case: Case) -> _Model:
    text = read_text(model_file(case))
    return _Model(read_sbml(text), read_quantities(text))


def _start(document: Document) -> Array:
    return np.array([species.initial for species in document.network.species], dtype=float)


def _asked(times: Array) -> list[float]:
    """Engines take two times or more."""
    return times.tolist() if len(times) > 1 else [0.0, float(times[0]) or 1.0]


def _by_species(counts: xr.DataArray) -> dict[str, Array]:
    return {name: counts.sel(species=name).values for name in counts.species.values.tolist()}
