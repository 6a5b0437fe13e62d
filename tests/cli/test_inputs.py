"""What commands say and refuse about units, counts that others follow from, and how long to run."""

from pathlib import Path

import pytest

from crn2sbml.cli.inputs import load_document, seconds_to_run
from crn2sbml.errors import CrnError, FormatError
from crn2sbml.formats.sbml_read import read_sbml_file
from crn2sbml.formats.usage import Usage
from tests.cli.program import Program
from tests.formats.sbml_text import Step, mathml, model, species
from tests.formats.test_sbml_units import given


@pytest.fixture
def in_mmol(tmp_path: Path) -> Path:
    """A -> B at k = 2 from 10 each, in mmol and minutes."""
    path = tmp_path / "mmol.xml"
    path.write_text(given('substanceUnits="mmol" extentUnits="mmol" timeUnits="minute"'))
    return path


@pytest.fixture
def followed(tmp_path: Path) -> Path:
    """A -> 0 at q A, where q is 2 S by a rule and S a constant 3."""
    rule = f'<listOfRules><assignmentRule variable="q">{mathml("2*S")}</assignmentRule></listOfRules>'
    listed = species("A") + species("S", 'initialAmount="3"', 'constant="true" boundaryCondition="true"')
    path = tmp_path / "followed.xml"
    path.write_text(model({"r": Step("A", "", "q*A")}, listed, {"q": 1.0}, more=rule))
    return path


UNITS = "0.001 mole and 60 second"


def test_units_are_said(run: Program, in_mmol: Path) -> None:
    assert UNITS in run("info", in_mmol).out
    done = run("simulate", in_mmol, "--points", 2)
    assert (done.status, done.err.count("\n")) == (0, 1)
    assert UNITS in done.err
    out = in_mmol.with_name("out.xml")
    done = run("export", in_mmol, "-o", out)
    assert (done.status, done.err.count("\n")) == (0, 2)
    assert UNITS in done.err
    assert read_sbml_file(out).units == ""
    assert "units" not in run("info", out).out
    assert run("simulate", out, "--points", 2, "--method", "ssa").err == ""


@pytest.mark.parametrize(
    "command", [["simulate", "--method", "lna"], ["simulate", "--method", "ssa"], ["export", "--lna", "-o", "new.xml"]]
)
def test_noise_in_other_units_is_refused(run: Program, in_mmol: Path, command: list[str]) -> None:
    done = run(command[0], in_mmol, *command[1:])
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
    assert f"mmol.xml: {' '.join(command[1:3]) if 'simulate' in command else '--lna'} needs counts in items" in done.err
    assert UNITS in done.err


def test_counts_that_others_follow_from_are_not_set(run: Program, followed: Path) -> None:
    """A(1) = 10 exp(-2 S): with S = 3 as in the file; libRoadRunner holds the rule, the network only its value."""
    done = run("simulate", followed, "--t-end", 0.1, "--points", 2, "--species", "A", "--set", "A=20")
    assert float(done.out.split(",")[-1]) == pytest.approx(20 * 2.718281828**-0.6, rel=1e-5)
    for command in (["simulate"], ["export", "-o", followed.with_name("new.xml")]):
        done = run(command[0], followed, *command[1:], "--set", "S=30")
        assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
        assert "followed.xml: the count of 'S' cannot be set" in done.err


def test_how_long_to_run() -> None:
    usage = Usage((), (), 1, 1, 30)
    assert (seconds_to_run(None, None), seconds_to_run(None, usage), seconds_to_run(5, usage)) == (10, 30, 5)
    for bad in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(CrnError, match="--t-end"):
            seconds_to_run(bad, usage)


@pytest.mark.parametrize("suffix", [".cps", ".bngl", ".py", ".sedml"])
def test_formats_that_are_only_written(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_text("anything")
    with pytest.raises(FormatError, match=f"{suffix} files are written but not read"):
        load_document(path)
