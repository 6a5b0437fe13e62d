"""Results of the SBML Test Suite as text for people, and as plain data."""

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from crn2sbml.verify.suite import CaseResult, totals_outside
from crn2sbml.verify.suite_scores import MEANS_OUTSIDE, SDS_OUTSIDE

_STATUSES = ("passed", "failed", "not supported", "not applicable")
_LISTED = ("failed", "not supported")
_OUTSIDE = """\
Points outside the suite's ranges: means by Z, sds by Y over its exact spread, plain sds by Y as if every law were
Gaussian. A case with points outside is run once more, and those outside both times count; `first` are its means and
sds outside the first time."""


def suite_text(results: Sequence[CaseResult]) -> str:
    """Counts by engine and kind, points outside of stochastic runs, then each case that failed or is not supported."""
    parts = [_rendered(_summary_table(results))]
    if any(result.outside for result in results):
        parts += ["", _OUTSIDE, _rendered(_outside_table(results))]
        first = totals_outside(results, first=True)
        for engine, total in totals_outside(results).items():
            before = "" if first[engine] == total else f"; the first time: {first[engine]}"
            allowed = f"the suite allows {MEANS_OUTSIDE} means and {SDS_OUTSIDE} sds"
            parts.append(f"{engine}, all cases: {total} ({allowed}){before}")
    return "\n".join([*parts, *_listed(results)])


def suite_facts(results: Sequence[CaseResult]) -> dict[str, Any]:
    """The same as plain data: `summary`, `outside` by engine, and every result."""
    return {
        "summary": [
            {"engine": engine, "kind": kind, "method": method, **counts}
            for (engine, kind, method), counts in _summary(results).items()
        ],
        "outside": {engine: asdict(total) for engine, total in totals_outside(results).items()},
        "first_outside": {engine: asdict(total) for engine, total in totals_outside(results, first=True).items()},
        "results": [
            {**asdict(result), "times_allowed": result.worst.ratio if result.worst else None} for result in results
        ],
    }


def _summary(results: Iterable[CaseResult]) -> dict[tuple[str, str, str], dict[str, int]]:
    rows: dict[tuple[str, str, str], Counter[str]] = {}
    for result in results:
        rows.setdefault((result.engine, result.kind, result.method), Counter())[result.status] += 1
    return {key: {status: counts[status] for status in _STATUSES} for key, counts in sorted(rows.items())}


def _summary_table(results: Sequence[CaseResult]) -> Table:
    table = Table(title="SBML Test Suite", box=None, header_style="bold", title_justify="left")
    for heading in ("engine", "cases", "method"):
        table.add_column(heading, no_wrap=True)
    for status in _STATUSES:
        table.add_column(status, justify="right", no_wrap=True)
    for key, counts in _summary(results).items():
        table.add_row(*key, *(str(count) for count in counts.values()))
    return table


def _outside_table(results: Sequence[CaseResult]) -> Table:
    table = Table(box=None, header_style="bold")
    table.add_column("case", no_wrap=True)
    table.add_column("engine", no_wrap=True)
    for heading in ("points", "means", "sds", "plain sds", "first"):
        table.add_column(heading, justify="right", no_wrap=True)
    for result in results:
        found, first = result.outside, result.first_outside
        if found and first:
            counts = (found.points, found.means, found.sds, found.plain_sds)
            before = "" if first == found else f"{first.means}, {first.sds}"
            table.add_row(result.case, result.engine, *(str(count) for count in counts), before)
    return table


def _listed(results: Iterable[CaseResult]) -> list[str]:
    """One line a case and reason; engines that say the same stand in one line."""
    lines: dict[tuple[str, str, str, str], list[str]] = {}
    for result in results:
        if result.status in _LISTED:
            key = (result.status, result.kind, result.case, result.reason)
            lines.setdefault(key, []).append(result.engine)
    return [
        f"{status}: {kind} {case} ({', '.join(dict.fromkeys(engines))}): {reason}"
        for (status, kind, case, reason), engines in sorted(lines.items(), key=lambda item: item[0])
    ]


def _rendered(table: Table) -> str:
    text = io.StringIO()
    Console(file=text, width=120, color_system=None).print(table)
    return "\n".join(line.rstrip() for line in text.getvalue().rstrip().splitlines())
