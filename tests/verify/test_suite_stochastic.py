"""A stochastic case made by hand: immigration and death, which is Poisson."""

from pathlib import Path

import numpy as np

from crn2sbml.verify.suite import OWN, Case, case_seed, find_cases
from tests.verify.test_suite import poisson, run_one, write_table


def test_stochastic_cases_in_concentrations(tmp_path: Path) -> None:
    folder = poisson(tmp_path)
    assert find_cases(folder)[0].kind == "stochastic"
    assert run_one(folder, OWN).status == "passed"
    result = run_one(folder)
    assert result.status == "passed", result.reason
    assert result.outside is not None
    assert result.outside.points == 8  # at t = 0 nothing varies


def test_a_wrong_standard_deviation_is_noticed(tmp_path: Path) -> None:
    result = run_one(poisson(tmp_path, sd_factor=1.00001), OWN)
    assert (result.status, result.worst.variable if result.worst else "") == ("failed", "A-sd")
    (tmp_path / "more").mkdir()
    result = run_one(poisson(tmp_path / "more", sd_factor=1.3))
    assert result.status == "failed"
    assert result.outside is not None
    assert result.outside.sds == 8


def test_samples_that_differ_where_nothing_varies(tmp_path: Path) -> None:
    folder = poisson(tmp_path)
    table = folder / "dsmts-901-mean.csv"
    table.write_text(table.read_text().replace("\n0,0\n", "\n0,0.5\n"))
    result = run_one(folder)
    assert result.status == "failed"
    assert result.reason.startswith("A at t = 0 is 0, correct is 0.5")


def test_means_and_sds_in_the_results_alone(tmp_path: Path) -> None:
    folder = poisson(tmp_path)
    tables = [np.loadtxt(folder / f"dsmts-901-{what}.csv", delimiter=",", skiprows=1) for what in ("mean", "sd")]
    for what in ("mean", "sd"):
        (folder / f"dsmts-901-{what}.csv").unlink()
    write_table(folder / "00901-results.csv", {"A-mean": tables[0][:, 1], "A-sd": tables[1][:, 1]})
    assert find_cases(folder)[0].kind == "stochastic"
    assert run_one(folder, OWN).status == "passed"


def test_points_outside_by_chance_are_looked_at_again(tmp_path: Path) -> None:
    """Over seeds, some first samples are outside; each is judged by a second one, that differs from it."""
    folder = poisson(tmp_path)
    results = [run_one(folder, "roadrunner", 100, seed) for seed in range(60)]
    outside = [r for r in results if r.first_outside is not None and (r.first_outside.means or r.first_outside.sds)]
    # Eight points of |Z| < 3, of which a third or so are independent: about one seed in a hundred.
    assert 0 < len(outside) < 8
    assert all(r.status == "passed" and r.outside != r.first_outside for r in outside)
    assert all(r.outside == r.first_outside for r in results if r not in outside)


def test_seeds_of_cases_and_repeats_differ() -> None:
    cases = [Case(f"{number:05}", "stochastic", Path()) for number in (1, 2, 99_999)]
    seeds = {case_seed(case, seed, again) for case in cases for seed in (0, 1, 2) for again in (False, True)}
    assert len(seeds) == 18
