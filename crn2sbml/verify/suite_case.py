"""Cases of the SBML Test Suite: where they are on disk, and of which kind."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from crn2sbml.errors import FormatError

Kind: TypeAlias = Literal["semantic", "stochastic"]

_MODEL = re.compile(r".+-sbml-l(\d)v(\d)\.xml")
_LOOKED_FOR = "NNNNN-settings.txt beside NNNNN-sbml-lXvY.xml, in it or in folders of it, semantic/ or stochastic/"


@dataclass(frozen=True, slots=True)
class Case:
    """One case: its folder's name, what it tests, and where it lies."""

    name: str
    kind: Kind
    folder: Path

    @property
    def number(self) -> int:
        """The folder's name as a number; 0 for other names."""
        return int(self.name) if self.name.isdecimal() else 0


def find_cases(path: str | Path) -> list[Case]:
    """The cases in a folder: the folder itself, folders in it, or in its semantic/ and stochastic/, in that order.

    A case is stochastic if it holds means and standard deviations, whatever its folder is called.

    Raises: FormatError: no such folder, or no case in it (says what was looked for).
    """
    root = Path(path)
    if not root.is_dir():
        raise FormatError(f"{root}: {'is a file, a folder is needed' if root.exists() else 'no such folder'}")
    if _is_case(root):
        return [_case(root)]
    parents = [root, *(root / part for part in ("semantic", "stochastic", "cases/semantic", "cases/stochastic"))]
    folders = [child for parent in parents if parent.is_dir() for child in sorted(parent.iterdir()) if _is_case(child)]
    if not folders:
        raise FormatError(f"{root}: no case of the SBML Test Suite here; looked for {_LOOKED_FOR}")
    return [_case(folder) for folder in folders]


def select_cases(cases: Iterable[Case], chosen: str) -> list[Case]:
    """The cases whose numbers a list such as `00001-00050,186` names.

    Raises: FormatError: it is no such list, or names no case that is there.
    """
    cases = list(cases)
    ranges = []
    for part in filter(None, (part.strip() for part in chosen.split(","))):
        found = re.fullmatch(r"(\d+)(?:\s*-\s*(\d+))?", part)
        if not found:
            raise FormatError(f"cases {chosen!r}: {part!r} is no number and no range; write for instance 1-50,186")
        ranges.append((int(found[1]), int(found[2] or found[1])))
    selected = [case for case in cases if any(low <= case.number <= high for low, high in ranges)]
    if not selected:
        there = f"{cases[0].name} to {cases[-1].name}" if cases else "none"
        raise FormatError(f"cases {chosen!r}: none of these is there ({len(cases)} cases, {there})")
    return selected


def model_file(case: Case) -> Path:
    """The case's model in the newest level and version that it has. Raises: FormatError: none."""
    found = [(match[1], match[2], path) for path, match in _matches(case.folder) if match]
    if not found:
        raise FormatError(f"{case.folder}: no model {case.name}-sbml-lXvY.xml in this folder")
    return max(found)[2]


def moment_files(folder: Path) -> tuple[Path, Path] | None:
    """The tables of means and of standard deviations in a case's folder, or None."""
    means, sds = (sorted(folder.glob(f"*-{what}.csv")) for what in ("mean", "sd"))
    return (means[0], sds[0]) if means and sds else None


def _is_case(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    name = folder.resolve().name
    return bool(re.fullmatch(r"\d{5}", name)) or (folder / f"{name}-settings.txt").exists()


def _case(folder: Path) -> Case:
    name = folder.resolve().name
    results = folder / f"{name}-results.csv"
    stochastic = moment_files(folder) is not None
    if not stochastic and results.is_file():
        with results.open(errors="replace") as stream:
            stochastic = bool(re.search(r"-(mean|sd)\b", stream.readline()))
    return Case(name, "stochastic" if stochastic else "semantic", folder)


def _matches(folder: Path) -> list[tuple[Path, re.Match[str] | None]]:
    return [(path, _MODEL.fullmatch(path.name)) for path in sorted(folder.iterdir())]
