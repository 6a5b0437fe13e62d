"""The SBML Test Suite through the package's own API, and cases made by hand whose numbers are closed forms."""

import atexit
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import libsbml
import numpy as np
import pytest

from crn2sbml.errors import EngineError
from crn2sbml.verify.suite import (
    OWN,
    CaseResult,
    Simulators,
    find_cases,
    run_case,
    run_suite,
    suite_holds,
    totals_outside,
)
from tests.formats.sbml_text import Step, mathml, model, species
from tests.formats.test_sbml_refusals import EVENT, RULES

TIMES = np.linspace(0, 4, 9)
CONCENTRATION = 'hasOnlySubstanceUnits="false"'
TURN = {"turn": Step("A", "B", "c*k*A")}
"""A and B as concentrations in a compartment c: A falls as exp(-k t) in any size."""


def write_case(
    root: Path,
    text: str,
    columns: Mapping[str, np.ndarray] | None = None,
    times: np.ndarray = TIMES,
    name: str = "00901",
    level: str = "l3v2",
    head: str = "time",
    **settings: str,
) -> Path:
    """A semantic case's folder; settings that are not given are those of a case in amounts."""
    folder = root / name
    folder.mkdir()
    if text:
        (folder / f"{name}-sbml-{level}.xml").write_text(text)
    columns = columns or {}
    usual = {
        "start": f"{times[0]:g}",
        "duration": f"{times[-1] - times[0]:g}",
        "steps": str(len(times) - 1),
        "variables": ", ".join(columns),
        "absolute": "1e-7",
        "relative": "1e-4",
        "amount": "",
        "concentration": "",
    }
    lines = [f"{key}: {value}\n" for key, value in {**usual, **settings}.items()]
    (folder / f"{name}-settings.txt").write_text("".join(lines))
    write_table(folder / f"{name}-results.csv", columns, times, head)
    return folder


def write_table(path: Path, columns: Mapping[str, np.ndarray], times: np.ndarray = TIMES, head: str = "time") -> None:
    rows = [f"{head},{','.join(columns)}"] if head else []
    rows += [",".join(f"{value:.12g}" for value in row) for row in zip(times, *columns.values(), strict=True)]
    path.write_text("\n".join(rows) + "\n")


def write_stochastic(root: Path, text: str, mean: Mapping[str, np.ndarray], sd: Mapping[str, np.ndarray]) -> Path:
    names = ", ".join(mean)
    folder = write_case(root, text, variables=names, absolute="", relative="", concentration=names)
    (folder / "00901-results.csv").unlink()
    write_table(folder / "dsmts-901-mean.csv", mean)
    write_table(folder / "dsmts-901-sd.csv", sd)
    return folder


@cache
def kept_simulators() -> Simulators:
    """Processes for all tests of this run: starting one takes a second, most cases a hundredth."""
    simulators = Simulators(300.0)
    atexit.register(simulators.close)
    return simulators


def run_one(folder: Path, engine: str = "roadrunner", runs: int = 1000, seed: int = 0) -> CaseResult:
    (case,) = find_cases(folder)
    return run_case(case, engine, runs, seed, kept_simulators())


def turning(**more: str) -> str:
    listed = species("A", 'initialAmount="10"', CONCENTRATION) + species("B", 'initialAmount="0"', CONCENTRATION)
    return model(TURN, listed, {"k": 0.5}, size='size="2.5"', **more)


def turned(times: np.ndarray = TIMES) -> dict[str, np.ndarray]:
    """Concentrations: 10 items in a size of 2.5."""
    return {"A": 4 * np.exp(-0.5 * times), "B": 4 * (1 - np.exp(-0.5 * times))}


def test_visible_stochastic_cases_by_the_lna(suite_root: Path) -> None:
    cases = [case for case in find_cases(suite_root) if case.kind == "stochastic"]
    results = [run_case(case, OWN) for case in cases]
    assert {r.case for r in results if r.status != "passed"} == {"00030"}  # 2 P -> P2
    assert {r.status for r in results if r.case == "00030"} == {"not applicable"}
    assert all(r.worst is not None for r in results if r.status == "passed")


@pytest.mark.parametrize("engine", ["roadrunner", "copasi"])
def test_concentrations_amounts_and_constants(tmp_path: Path, engine: str) -> None:
    values = turned()
    columns = {"A": values["A"], "B": 2.5 * values["B"], "c": np.full(9, 2.5), "k": np.full(9, 0.5)}
    folder = write_case(tmp_path, turning(), columns, amount="B", concentration="A")
    assert run_one(folder, engine).status == "passed"


@pytest.mark.parametrize("engine", ["roadrunner", "copasi"])
def test_a_wrong_number_is_named(tmp_path: Path, engine: str) -> None:
    columns = turned()
    columns["B"][5] *= 1.002
    result = run_one(write_case(tmp_path, turning(), columns, concentration="A, B"), engine)
    assert result.status == "failed"
    assert result.worst is not None
    assert (result.worst.variable, result.worst.time) == ("B", TIMES[5])
    assert result.worst.ratio == pytest.approx(0.002 / 1.002 / 1e-4, rel=1e-3)
    assert result.reason.startswith("B at t = 2.5 is 2.8539")


def test_a_concentration_is_no_amount(tmp_path: Path) -> None:
    assert run_one(write_case(tmp_path, turning(), turned(), amount="A, B")).status == "failed"


def test_species_in_neither_list_are_what_formulas_read(tmp_path: Path) -> None:
    assert run_one(write_case(tmp_path, turning(), turned())).status == "passed"
    items = model({"turn": Step("A", "B", "k*A")}, parameters={"k": 0.5}, size='size="2.5"')
    columns = {"A": 10 * np.exp(-0.5 * TIMES)}
    assert run_one(write_case(tmp_path, items, columns, name="00902")).status == "passed"


def test_initial_assignments_set_sizes_and_constants(tmp_path: Path) -> None:
    def assign(symbol: str, formula: str) -> str:
        return f'<initialAssignment symbol="{symbol}">{mathml(formula)}</initialAssignment>'

    made = f"<listOfInitialAssignments>{assign('c', '2*k')}{assign('A', '3*c')}</listOfInitialAssignments>"
    listed = species("A", 'initialConcentration="1"', CONCENTRATION) + species("B", 'initialAmount="0"', CONCENTRATION)
    text = model(TURN, listed, {"k": 0.5}, size='size="7"', more=made).replace(
        'size="7" constant="true"', 'size="7" constant="false"'
    )
    a = 3 * np.exp(-0.5 * TIMES)
    columns = {"A": a, "B": 3 - a, "c": np.ones(9)}
    assert run_one(write_case(tmp_path, text, columns, concentration="A", amount="B")).status == "passed"


def test_stoichiometry_is_a_variable(tmp_path: Path) -> None:
    text = model({"turn": Step("A", "3 B", "k*A")}, parameters={"k": 0.5})
    text = text.replace('species="B" stoichiometry="3"', 'id="many" species="B" stoichiometry="3"')
    columns = {"B": 10 + 30 * (1 - np.exp(-0.5 * TIMES)), "many": np.full(9, 3.0)}
    assert run_one(write_case(tmp_path, text, columns, amount="B")).status == "passed"


@pytest.mark.parametrize("level", [(2, 4), (2, 5), (2, 1), (3, 1)])
def test_older_levels_alone(tmp_path: Path, level: tuple[int, int]) -> None:
    document = libsbml.readSBMLFromString(turning())
    assert document.setLevelAndVersion(*level, False)
    name = "l{}v{}".format(*level)
    folder = write_case(tmp_path, libsbml.writeSBMLToString(document), turned(), level=name, concentration="A, B")
    assert run_one(folder).status == "passed"


def test_times_may_start_later_and_the_model_still_starts_at_0(tmp_path: Path) -> None:
    for name, times in (("00901", np.array([1.0, 2.0, 5.0])), ("00902", np.array([2.0]))):
        folder = write_case(tmp_path, turning(), turned(times), times, name)
        for engine in ("roadrunner", "copasi"):
            assert run_one(folder, engine).status == "passed"


@pytest.mark.parametrize(("name", "status"), [("turn", "not supported"), ("nothing", "failed")])
def test_variables_without_a_value(tmp_path: Path, name: str, status: str) -> None:
    result = run_one(write_case(tmp_path, turning(), {name: TIMES}))
    assert result.status == status
    assert repr(name) in result.reason


@pytest.mark.parametrize("kind", [*RULES, "event"])
def test_what_is_no_mass_action_is_not_supported(tmp_path: Path, kind: str) -> None:
    if kind == "event":
        text = turning(declared=EVENT)
    else:
        text = turning(more=f"<listOfRules>{RULES[kind].format(mathml('k*A'))}</listOfRules>")
    result = run_one(write_case(tmp_path, text, turned()))
    assert result.status == "not supported"
    assert kind in result.reason


def test_a_species_cannot_be_both_amount_and_concentration(tmp_path: Path) -> None:
    result = run_one(write_case(tmp_path, turning(), turned(), amount="A", concentration="A"))
    assert result.status == "failed"
    assert "'A' is listed both" in result.reason


def poisson(root: Path, sd_factor: float = 1.0) -> Path:
    """Immigration and death in a size of 2, in concentrations."""
    listed = species("A", 'initialAmount="0"', CONCENTRATION)
    steps = {"make": Step("", "A", "b"), "fade": Step("A", "", "c*g*A")}
    text = model(steps, listed, {"b": 6.0, "g": 0.4}, size='size="2"')
    mean = 15 * (1 - np.exp(-0.4 * TIMES))
    return write_stochastic(root, text, {"A": mean / 2}, {"A": sd_factor * np.sqrt(mean) / 2})


def test_a_suite_of_both_kinds(tmp_path: Path) -> None:
    for part in ("semantic", "stochastic"):
        (tmp_path / part).mkdir()
    write_case(tmp_path / "semantic", turning(), turned())
    poisson(tmp_path / "stochastic")
    seen: list[tuple[int, int]] = []
    results = list(
        run_suite(find_cases(tmp_path), ["roadrunner", "copasi"], jobs=2, report=lambda *done: seen.append(done))
    )
    kinds = [(r.kind, r.engine, r.method) for r in results]
    assert kinds == [
        ("semantic", "roadrunner", "ode"),
        ("semantic", "copasi", "ode"),
        ("stochastic", "roadrunner", "ssa"),
        ("stochastic", "copasi", "ssa"),
        ("stochastic", OWN, "lna"),
    ]
    assert seen == [(i, 5) for i in range(1, 6)]
    assert suite_holds(results)
    assert totals_outside(results)["roadrunner"].points == 8
    again = list(run_suite(find_cases(tmp_path), ["roadrunner", "copasi"]))
    assert again == results  # whatever the number of processes


def test_unknown_engines_are_refused_at_once(tmp_path: Path) -> None:
    folder = write_case(tmp_path, turning(), turned())
    with pytest.raises(EngineError, match="copsi"):
        next(run_suite(find_cases(folder), ["copsi"]))
