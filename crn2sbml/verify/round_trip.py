"""The round trip: an exported model is loaded back and run in every way, and the answers are held side by side."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from crn2sbml.core.matrices import Array
from crn2sbml.core.units import ITEM, SECOND
from crn2sbml.formats.usage import Usage
from crn2sbml.verify.agreement import Agreement, covariance_difference, relative_difference, z_scores
from crn2sbml.verify.runs import copasi_runs, roadrunner_readouts, roadrunner_run, samples_of

ODE_TOLERANCE, COPASI_LNA_TOLERANCE, Z_LIMIT = 1e-6, 1e-5, 4.0
LARGEST_RELATIVE = "largest relative difference"
PRECISION = 0.03
"""Largest standard error of a winning read-out's SSA mean, relative to it."""


@dataclass(frozen=True)
class RoundTrip:
    """Read-outs in `table` over (example, output), and what each example's libRoadRunner run said in `runs`.

    `z` compares the SSA's mean with `lna_mean` + `lna_correction`: rectifiers near their threshold shift means by a few
    items, which the LNA leaves out and its next order tells beforehand.
    """

    table: xr.Dataset
    agreements: tuple[Agreement, ...]
    runs: tuple[xr.Dataset, ...]

    @property
    def examples(self) -> int:
        """How many examples were run."""
        return int(self.table.sizes["example"])

    @property
    def holds(self) -> bool:
        """Whether every comparison is within its tolerance."""
        return all(agreement.holds for agreement in self.agreements)


def ode_readouts(sbml: str, usage: Usage, data: ArrayLike, jobs: int = 1) -> Iterator[Array]:
    """Deterministic steady read-outs (items) of libRoadRunner for all examples, in blocks, in order.

    Args: data: (examples, ...). Yields: (block, outputs). Raises: EngineError.
    """
    examples = np.asarray(data, dtype=float)
    blocks = np.array_split(examples, max(1, min(len(examples) // 20, 2 * jobs)))
    run = joblib.Parallel(n_jobs=jobs, return_as="generator")
    yield from run(joblib.delayed(roadrunner_readouts)(sbml, usage, block) for block in blocks)


def round_trip(
    sbml: str,
    usage: Usage,
    data: ArrayLike,
    closed_form: ArrayLike,
    labels: Sequence[int],
    seed: int,
    precision: float = PRECISION,
    jobs: int = 1,
    report: Callable[[int], None] = lambda done: None,
) -> RoundTrip:
    """Run every example by ODE, LNA and SSA in libRoadRunner and by ODE and LNA in COPASI, from the SBML text alone.

    Args: data: (examples, ...); closed_form: read-outs in items, (examples, outputs); seed: of the first example's
        SSA, those of the others follow; precision: standard error of the winning read-out's SSA mean, relative to it;
        report: told how many of the tasks (one an example and one for COPASI) are done.
    Raises: EngineError and its kind: a simulator failed.
    """
    examples = np.asarray(data, dtype=float)
    # COPASI first: its one task is the longest.
    tasks: list[tuple[int, Callable[..., Any], tuple[Any, ...]]] = [(-1, copasi_runs, (sbml, usage, examples))]
    tasks += [(i, roadrunner_run, (sbml, usage, x, seed + i, precision)) for i, x in enumerate(examples)]
    run = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")
    results: dict[int, Any] = {}
    for number, result in run(joblib.delayed(_numbered)(*task) for task in tasks):
        results[number] = result
        report(len(results))
    ours, theirs = [results[i] for i in range(len(examples))], results[-1]
    table = _table(np.asarray(closed_form, dtype=float), ours, theirs, labels, seed)
    differences = [
        covariance_difference(a["covariance"], b["covariance"].sel(floating=a.floating, floating_=a.floating_))
        for a, b in zip(ours, theirs, strict=True)
    ]
    covariance = float(np.max(differences, initial=0.0))  # a NaN stays one
    return RoundTrip(table, _agreements(table, covariance, precision), tuple(ours))


def _numbered(number: int, function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[int, Any]:
    return number, function(*arguments)


def _table(
    closed_form: Array, ours: list[xr.Dataset], theirs: list[xr.Dataset], labels: Sequence[int], seed: int
) -> xr.Dataset:
    samples = [samples_of(run).values for run in ours]
    mean, sd = np.array([s.mean(axis=0) for s in samples]), np.array([s.std(axis=0, ddof=1) for s in samples])

    def of(runs: list[xr.Dataset], name: str) -> Array:
        return np.array([run[name].values for run in runs])

    error, expected = of(ours, "standard_error"), of(ours, "lna_mean") + of(ours, "correction")
    columns = {
        "closed_form": closed_form,
        "ode": of(ours, "ode"),
        "lna_mean": of(ours, "lna_mean"),
        "lna_sd": of(ours, "lna_sd"),
        "lna_correction": of(ours, "correction"),
        "ssa_mean": mean,
        "ssa_sd": sd,
        "ssa_standard_error": error,
        "z": z_scores(mean, expected, error),
        "copasi_ode": of(theirs, "ode"),
        "copasi_lna_sd": of(theirs, "lna_sd"),
    }
    right = [float(np.mean(s.argmax(1) == label)) for s, label in zip(samples, labels, strict=True)]
    spacing = [float(samples_of(run).time[0]) for run in ours]
    return xr.Dataset(
        {
            name: (("example", "output"), values, {"units": "1" if name == "z" else ITEM})
            for name, values in columns.items()
        },
        {
            "output": ours[0].output.values.tolist(),
            "label": ("example", list(labels)),
            "samples": ("example", [len(s) for s in samples]),
            "spacing": ("example", spacing, {"units": SECOND}),
            "snapshots_right": ("example", right),
        },
        {"seed": seed},
    )


def _agreements(table: xr.Dataset, covariance: float, precision: float) -> tuple[Agreement, ...]:
    winners = table.isel(output=table["lna_mean"].argmax("output"))
    error = (winners["ssa_standard_error"] / winners["lna_mean"]).values
    ode, relative = table["ode"], LARGEST_RELATIVE
    return (
        Agreement("closed form and ODE", relative_difference(ode, table["closed_form"]), ODE_TOLERANCE, relative),
        Agreement("ODE and COPASI's ODE", relative_difference(table["copasi_ode"], ode), ODE_TOLERANCE, relative),
        Agreement(
            "LNA and COPASI's LNA", covariance, COPASI_LNA_TOLERANCE, "largest covariance difference in units of the sd"
        ),
        Agreement(
            "SSA and LNA",
            float(np.max(np.abs(table["z"].values))),
            Z_LIMIT,
            "largest |z| of a mean, LNA with next order",
        ),
        Agreement(
            "spread of SSA and LNA",
            _z_of_spread(winners),
            Z_LIMIT,
            "|z| of the winners' variances, all examples pooled",
        ),
        Agreement("precision of the SSA", float(np.max(error)), precision, "largest standard error of a winner"),
    )


def _z_of_spread(winners: xr.Dataset) -> float:
    """Sum over examples of (n - 1) (s^2 / variance - 1), in standard deviations of independent Gaussian samples.

    What correlation is left between samples (0.1 at most) makes it 1 % too large.
    """
    freedom = winners["samples"].values - 1
    ratio = (winners["ssa_sd"].values / winners["lna_sd"].values) ** 2
    return float(abs(np.sum(freedom * (ratio - 1))) / np.sqrt(2 * np.sum(freedom)))
