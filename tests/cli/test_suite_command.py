import json
from pathlib import Path

import pytest
import typer

from crn2sbml.cli.suite import suite
from crn2sbml.errors import CrnError
from tests.formats.sbml_text import mathml
from tests.formats.test_sbml_refusals import RULES
from tests.verify.test_suite import poisson, turned, turning, write_case


def run_suite_command(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Status, standard output and standard error; bad input comes through as CrnError."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(suite)
    capsys.readouterr()
    with pytest.raises(SystemExit) as leaving:
        app([str(argument) for argument in arguments])
    return int(leaving.value.code or 0), *capsys.readouterr()


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """Two semantic cases, one of them with a rule, and a stochastic one."""
    for part in ("semantic", "stochastic"):
        (tmp_path / part).mkdir()
    write_case(tmp_path / "semantic", turning(), turned())
    rule = f"<listOfRules>{RULES['rateRule'].format(mathml('k*A'))}</listOfRules>"
    write_case(tmp_path / "semantic", turning(more=rule), turned(), name="00950")
    poisson(tmp_path / "stochastic")
    return tmp_path


def test_a_suite_without_failures(cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run_suite_command(capsys, cases)
    assert status == 0
    rows = [line.split() for line in out.splitlines()]
    for engine in ("copasi", "roadrunner"):
        assert [engine, "semantic", "ode", "1", "0", "1", "0"] in rows
    assert ["roadrunner", "stochastic", "ssa", "1", "0", "0", "0"] in rows
    assert ["crn2sbml", "stochastic", "lna", "1", "0", "0", "0"] in rows
    assert ["00901", "roadrunner", "8"] in [row[:3] for row in rows]
    assert "not supported: semantic 00950 (roadrunner, copasi): rateRule for 'B'" in out
    assert out.endswith("Nothing failed.\n")


def test_failures_are_named_with_status_1(cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = turned()
    wrong["A"][3] += 0.01
    write_case(cases / "semantic", turning(), wrong, name="00960")
    status, out, _ = run_suite_command(capsys, cases, "--cases", "951-999", "--engine", "roadrunner")
    assert status == 1
    assert "failed: semantic 00960 (roadrunner): A at t = 1.5 is" in out
    assert "stochastic" not in out
    assert out.endswith("NOT all passed.\n")


def test_everything_as_json(cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run_suite_command(capsys, cases, "--json", "--engine", "roadrunner", "--runs", 200, "--seed", 3)
    data = json.loads(out)
    assert (status, data["holds"], data["runs"], data["seed"]) == (0, True, 200, 3)
    found = {(r["case"], r["engine"], r["method"]): r for r in data["results"]}
    assert found["00950", "roadrunner", "ode"]["status"] == "not supported"
    assert found["00901", "roadrunner", "ode"]["times_allowed"] < 1
    assert found["00901", "roadrunner", "ssa"]["outside"]["points"] == 8
    assert found["00901", "crn2sbml", "lna"]["worst"]["variable"] in ("A-mean", "A-sd")
    assert {key: data["summary"][1][key] for key in ("engine", "kind", "method", "passed")} == {
        "engine": "roadrunner",
        "kind": "semantic",
        "method": "ode",
        "passed": 1,
    }
    assert data["outside"]["roadrunner"]["points"] == 8


def test_one_case_in_several_processes(cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run_suite_command(capsys, cases / "semantic" / "00901", "--jobs", 0)
    assert status == 0
    assert "stochastic" not in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "no such folder"),
        (["."], "looked for"),
        (["semantic", "--cases", "5-6"], "none of these"),
        (["semantic", "--cases", "five"], "'five'"),
        (["semantic", "--engine", "copsi"], "copasi"),
        (["semantic", "--runs", "1"], "--runs 1"),
        (["semantic", "--seed", "-1"], "--seed -1"),
        (["semantic", "--time-limit", "0"], "--time-limit 0"),
    ],
)
def test_bad_input(cases: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    folder = cases / "stochastic" / "empty"
    folder.mkdir()
    where = folder if arguments[0] == "." else cases / arguments[0]
    with pytest.raises(CrnError, match=said):
        run_suite_command(capsys, where, *arguments[1:])


def test_a_simulator_that_is_not_installed(
    cases: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import crn2sbml.engines.registry as registry
    from crn2sbml.errors import EngineError

    def without_copasi(name: str) -> None:
        if name == "copasi":
            raise EngineError("engine 'copasi' is not installed")

    monkeypatch.setattr(registry, "check_installed", without_copasi)
    monkeypatch.setattr("crn2sbml.verify.suite.check_installed", without_copasi)
    status, out, err = run_suite_command(capsys, cases / "semantic")
    assert status == 0
    assert "'copasi' is not installed" in err
    assert "copasi" not in out
    with pytest.raises(CrnError, match="not installed"):
        run_suite_command(capsys, cases / "semantic", "--engine", "copasi")
