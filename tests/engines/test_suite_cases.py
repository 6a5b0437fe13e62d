"""The SBML Test Suite through the required engines, from the text that the package writes, by the suite's own rules."""

from pathlib import Path

import pytest

from crn2sbml.engines.registry import get_engine, required_engines
from crn2sbml.formats.sbml_read import read_sbml_file
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.verify.suite import find_cases, suite_holds, totals_outside
from tests.engines.contract import methods_of
from tests.verify.test_suite import run_one

SLOW = ("00005", "00023")
"""Tens of thousands of events a run: fewer replicates here, all of them in the slow test."""


@pytest.mark.parametrize("engine", [name for name in required_engines() if "ode" in methods_of(name)])
def test_semantic_case(semantic_case: Path, engine: str) -> None:
    result = run_one(semantic_case, engine)
    assert (result.status, result.kind) == ("passed", "semantic"), result.reason
    assert result.worst is not None
    assert result.worst.ratio <= 1


def test_stochastic_cases(suite_root: Path) -> None:
    cases = [case for case in find_cases(suite_root) if case.kind == "stochastic"]
    results = [run_one(case.folder, "roadrunner", 80 if case.name in SLOW else 1000) for case in cases]
    assert [r.reason for r in results if r.status != "passed"] == []
    assert suite_holds(results)
    assert totals_outside(results)["roadrunner"].points >= 50 * len(cases)


def test_all_stochastic_cases_in_the_own_sampler(suite_root: Path) -> None:
    cases = [case for case in find_cases(suite_root) if case.kind == "stochastic"]
    results = [run_one(case.folder, "native", 1000) for case in cases]
    assert [r.reason for r in results if r.status != "passed"] == []
    assert suite_holds(results)
    assert totals_outside(results)["native"].points >= 50 * len(cases)


@pytest.mark.slow
def test_stochastic_cases_with_many_events(suite_root: Path) -> None:
    results = [run_one(suite_root / "stochastic" / name, "roadrunner") for name in SLOW]
    assert [r.reason for r in results if r.status != "passed"] == []
    assert suite_holds(results)


def test_the_rules_notice_a_wrong_constant(suite_root: Path, tmp_path: Path) -> None:
    whole, changed = suite_root / "stochastic" / "00001", tmp_path / "00001"
    changed.mkdir()
    for file in whole.iterdir():
        text = file.read_text()
        (changed / file.name).write_text(text.replace('"0.11"', '"0.1155"') if file.suffix == ".xml" else text)
    assert (changed / "00001-sbml-l3v2.xml").read_text() != (whole / "00001-sbml-l3v2.xml").read_text()
    result = run_one(changed, "roadrunner")
    assert result.status == "failed"
    assert result.outside is not None
    assert result.outside.means > 30


@pytest.mark.parametrize("engine", ["copasi", "roadrunner"])
@pytest.mark.parametrize(
    ("name", "mean", "variance"),
    [
        ("00020", 10, 10),  # 0 -> X at 1, X -> 0 at 0.1: Poisson
        ("00021", 100, 100),
        ("00022", 50, 50),
        ("00023", 10_000, 10_000),
        ("00037", 25, 75),  # bursts of 5 at 1, decay at 0.2: variance = mean * (5 + 1) / 2
    ],
)
def test_stationary_moments(suite_root: Path, engine: str, name: str, mean: float, variance: float) -> None:
    document = read_sbml_file(suite_root / "stochastic" / name / f"{name}-sbml-l3v2.xml")
    result = get_engine(engine).load(write_sbml(document)).lna({}, 300.0)
    # Affine propensities: the LNA is exact; the steady state is found to 1e-7 of the turnover.
    assert result["mean"].sel(species="X").item() == pytest.approx(mean, rel=1e-6)
    assert result["covariance"].sel(species="X", species_="X").item() == pytest.approx(variance, rel=1e-6)
