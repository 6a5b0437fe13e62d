"""The project keeps its own promises: commands, pins, file sizes."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*(ROOT / "crn2sbml").rglob("*.py"), *(ROOT / "tests").rglob("*.py")])
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_continuous_integration_runs_the_command_of_the_readme() -> None:
    commands = re.findall(r"^pip install .*&& .*$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [command.split("&&")[1].strip() for command in commands] == ["crn2sbml demo", "pytest"]
    in_ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8").replace("--quiet ", "")
    assert commands[1] in in_ci


def test_every_dependency_is_pinned_and_no_address_is_given() -> None:
    lines = [
        line for line in (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8").splitlines() if line[0] != "#"
    ]
    assert all(re.fullmatch(r"[\w.-]+==[\w.+!]+", line) for line in lines)
    pinned = {_normal(line.split("==")[0]) for line in lines}
    wanted = PROJECT["dependencies"] + [d for extra in PROJECT["optional-dependencies"].values() for d in extra]
    assert {_normal(re.split(r"[<>=~!\[;]", name)[0]) for name in wanted} <= pinned


def test_the_version_is_said_once_or_equally() -> None:
    import crn2sbml

    assert crn2sbml.__version__ == PROJECT["version"]
    assert f"version: {PROJECT['version']}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_stay_short(source: Path) -> None:
    assert len(source.read_text(encoding="utf-8").splitlines()) <= 400


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower().strip()
