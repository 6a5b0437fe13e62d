import json
import re
from pathlib import Path

import pytest

from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_write import write_sbml
from tests.cli.program import Program
from tests.engines.fakes import WHERE
from tests.engines.models import dimers, driven, explosion, sbml_of
from tests.verify.test_matrix import InProcess

GOOD = ("--engine", WHERE + "Good")
FEW = ("--runs", 60, "--events", 2000)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "driven.xml").write_text(sbml_of(driven()))
    (tmp_path / "dimers.xml").write_text(sbml_of(dimers()))
    return tmp_path


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crn2sbml.verify.outcomes.IsolatedSimulation", InProcess)


def test_required_simulators_agree(run: Program, here: Path) -> None:
    """The real thing: processes, both readings, page and table."""
    names = ("--engine", "roadrunner", "--engine", "copasi")
    done = run("verify", here / "dimers.xml", *names, *FEW, "--html", here / "page.html", "--t-end", 40)
    assert done.status == 0
    assert "No simulator disagrees." in done.out
    rows = [line.split() for line in done.out.splitlines()]
    for engine, algorithms in (("roadrunner", ("direct",)), ("copasi", ("direct", "next-reaction", "tau-leap"))):
        found = {(row[2], row[3]): row[4] for row in rows if row and row[0] == engine and len(row) > 5}
        assert set(found.values()) == {"agrees"}
        assert set(found) >= {("SSA", algorithm) for algorithm in algorithms}
        assert {method for method, _ in found} == {"ODE", "LNA", "SSA"}
    assert "No simulator disagrees." in (here / "page.html").read_text(encoding="utf-8")
    assert "Page: " in done.err


def test_one_that_is_wrong_leaves_status_1_and_json_says_which(run: Program, here: Path) -> None:
    names = (*GOOD, "--engine", WHERE + "WrongConstant")
    done = run("verify", here / "driven.xml", *names, *FEW, "--json", "--html", here / "new.html")
    data = json.loads(done.out)
    assert (done.status, data["holds"]) == (1, False)
    found = {(cell["simulator"], cell["method"]): cell["verdict"] for cell in data["cells"]}
    assert found[WHERE + "WrongConstant", "ode"] == "disagrees"
    assert found[WHERE + "Good", "ode"] == "agrees"
    assert "simulators" in done.err, "progress goes there"
    assert "disagrees" in (here / "new.html").read_text(encoding="utf-8")


def test_a_crash_leaves_status_1(run: Program, here: Path) -> None:
    done = run("verify", here / "driven.xml", "--engine", WHERE + "Odd", *FEW, "--method", "ssa", "--jobs", 1)
    assert done.status == 1
    assert "NOT all agree: see Odd." in done.out


@pytest.mark.usefixtures("fast")
def test_methods_counts_and_end_time(run: Program, here: Path) -> None:
    words = ("--method", "ode", "--set", "A=12", "--t-end", 3, "--json")
    done = run("verify", here / "driven.xml", *GOOD, *GOOD, *words)
    data = json.loads(done.out)
    assert done.status == 0
    assert [(cell["method"], cell["verdict"]) for cell in data["cells"]] == [("ode", "agrees")], "named twice, run once"
    assert data["notes"] == {"ODE": "3 s, at 7 times, against SciPy's LSODA"}


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize("level", ["L3V1", "L2V5", "L2V4"])
def test_files_of_other_levels(run: Program, here: Path, level: str) -> None:
    for reading in ("deterministic", "stochastic"):
        (here / "m.xml").write_text(write_sbml(Document(dimers(), reading=reading), level))  # type: ignore[arg-type]
        done = run("verify", here / "m.xml", *GOOD, "--engine", WHERE + "OnlyOde", *FEW, "--t-end", 40, "--json")
        assert done.status == 0
        verdicts = [cell["verdict"] for cell in json.loads(done.out)["cells"]]
        assert verdicts == ["agrees", "agrees", "unchecked", "agrees"]


@pytest.mark.parametrize("case", ["00001", "00004", "00020", "00205", "00803"])
@pytest.mark.usefixtures("fast")
def test_files_of_somebody_else(run: Program, suite_root: Path, case: str) -> None:
    """Amounts of 1e-5 to 1e3 items, compartments that are no litre, files as they come."""
    (path,) = (suite_root / "semantic" / case).glob("*.xml")
    names = ("--engine", "roadrunner", "--engine", "copasi")
    done = run("verify", path, *names, "--method", "ode", "--json", "--t-end", 5)
    assert [cell["verdict"] for cell in json.loads(done.out)["cells"]] == ["agrees", "agrees"]
    assert done.status == 0


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--engine", "copsi"], ["'copsi'", "did you mean 'copasi'"]),
        (["--engine", "no_such_package.e:E"], ["'no_such_package.e:E'", "not installed"]),
        (["--runs", 8], ["--runs 8", "50 or more"]),
        (["--seed", -1], ["--seed -1"]),
        (["--jobs", -2], ["--jobs -2"]),
        (["--events", "nan"], ["--events nan"]),
        (["--events", 0], ["--events 0"]),
        (["--patience", -1], ["--patience -1"]),
        (["--time-limit", "inf"], ["--time-limit inf"]),
        (["--t-end", 0], ["--t-end 0"]),
        (["--t-end", "nan"], ["--t-end nan"]),
        (["--set", "AA=3"], ["--set", "did you mean 'A'"]),
        (["--html", "driven.xml"], ["driven.xml", "exists"]),
        (["--html", "none/page.html"], ["none/page.html", "does not exist"]),
    ],
    ids=lambda value: " ".join(map(str, value)),
)
def test_bad_options(
    run: Program, here: Path, monkeypatch: pytest.MonkeyPatch, options: list[object], names: list[str]
) -> None:
    monkeypatch.chdir(here)
    done = run("verify", "driven.xml", *options)
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1), done.err
    for name in names:
        assert name in done.err


def test_models_without_a_bound(run: Program, here: Path) -> None:
    (here / "boom.xml").write_text(sbml_of(explosion()))
    done = run("verify", here / "boom.xml", *GOOD)
    assert (done.status, done.out) == (2, "")
    assert done.err.splitlines()[-1].startswith("crn2sbml: reference ODE: no way on from t = 1 s")


def test_help(run: Program) -> None:
    text = " ".join(run("verify", "--help").out.split())
    for words in (
        "Leaves with status 1 if one disagrees",
        "package.module:Engine",
        "--time-limit",
        "--patience",
        "--html",
    ):
        assert words in text
    assert re.search(r"Example: crn2sbml verify models/digits --html digits.html", text)
