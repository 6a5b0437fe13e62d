import json
from pathlib import Path

import pytest

from crn2sbml.formats.sbml_read import read_sbml_file
from tests.cli.program import Program

PMF = "0:.2,2:.5,5:.3"


def test_a_robust_network_is_made_measured_and_written(run: Program, tmp_path: Path) -> None:
    done = run(
        "distribution",
        "--pmf",
        PMF,
        "--tv",
        0.05,
        "--samples",
        50,
        "--seed",
        4,
        "--out",
        tmp_path / "law.xml",
        "--json",
    )
    assert done.status == 0
    facts = json.loads(done.out)
    assert 0 < facts["solved"]["total_variation"] < facts["bound"] == 0.05
    assert [(row["seed"], row["samples"]) for row in facts["sampled"]] == [(4, 50), (5, 50), (6, 50)]
    assert all(row["p_value"] > 0.001 for row in facts["sampled"])
    document = read_sbml_file(tmp_path / "law.xml")
    assert document.reading == "stochastic"
    assert len(document.network.species) == facts["species"] == 4


def test_a_file_of_points_and_words_for_people(run: Program, tmp_path: Path) -> None:
    (tmp_path / "pmf.txt").write_text("# A, B\n0 1: 0.5\n3 0: 0.5\n")
    done = run("distribution", "--pmf", tmp_path / "pmf.txt", "--construction", "detailed-balanced", "--samples", 20)
    assert done.status == 0
    assert "2 points, 4 species, 2 reactions" in done.out
    assert "20 runs by native from its own, seed 1: 0 outside" in done.out


def test_too_many_states_are_sampled_instead(run: Program) -> None:
    points = ",".join(f"{a} {b} {c}:.0625" for a in (0, 10) for b in (0, 10) for c in (0, 5, 9, 10))
    done = run("distribution", "--pmf", points, "--tv", 0.3, "--samples", 5, "--json")
    assert done.status == 0
    facts = json.loads(done.out)
    assert facts["solved"] is None
    assert len(facts["sampled"]) == 3
    assert "419,832 states" in done.err
    refused = run("distribution", "--pmf", points, "--tv", 0.3, "--samples", 0)
    assert refused.status == 2
    assert "sample it" in refused.err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--pmf", "0:.2,2:.9"], "sum to 1.1"),
        (["--pmf", "0:1.5,2:-.5"], "must be 0 to 1"),
        (["--pmf", "0.5:1"], "whole number"),
        (["--pmf", ""], "0 points"),
        (["--pmf", "nowhere.txt"], "nowhere.txt"),
        (["--pmf", PMF, "--tv", "2"], "between 0 and 1"),
        (["--pmf", PMF, "--samples", "-1"], "--samples -1"),
        (["--pmf", PMF, "--construction", "point-mass"], "3 points"),
        (["--pmf", PMF, "--engine", "copsi"], "copasi"),
        (["--pmf", PMF, "--out", "law.doc"], "law.doc"),
        (["--pmf", "40:1"], "41 molecules"),
    ],
)
def test_bad_input_is_one_line(run: Program, options: list[str], says: str) -> None:
    done = run("distribution", *options)
    assert done.status == 2
    assert done.out == ""
    assert says in done.err
    assert done.err.count("\n") == 1, done.err
