import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from crn2sbml.formats.examples_csv import write_examples_csv
from crn2sbml.formats.sbml_read import read_sbml_file
from tests.cli.program import Program


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, (25, 1))
    path = tmp_path / "examples.csv"
    path.write_text(write_examples_csv(x, 2 * x - 1))
    return path


def test_own_examples_are_learnt_drawn_and_written(run: Program, tmp_path: Path, examples: Path) -> None:
    out, plot = tmp_path / "out", tmp_path / "plot.png"
    done = run(
        "learn", "linear", "--examples", examples, "--epochs", 3, "--pace", 2e-2, "--out", out, "--plot", plot,
        "--volume", 300, "--json",
    )  # fmt: skip
    assert done.status == 0, done.err
    facts = json.loads(done.out)
    assert (facts["examples"], facts["epochs"], facts["most_reactants"], facts["seeds"]) == (15, 3, 2, [1])
    chemistry, rule = (facts["ways"][way]["loss"][0] for way in ("chemistry", "same rule"))
    assert chemistry == pytest.approx(rule, rel=0.05)
    assert chemistry[-1] < 0.1 * chemistry[0]
    assert facts["ways"]["chemistry"]["test"][0] < 0.1
    assert facts["volumes"][0]["omega"] == 300
    assert facts["volumes"][0]["scores"][0] < 0.5
    assert {path.name for path in out.iterdir()} == {
        "model.xml", "model.ant", "model.omex", "io.json", "examples.csv", "curve.csv", "learning.png",
    }  # fmt: skip
    assert read_sbml_file(out / "model.xml").feeding is not None
    again = json.loads(run("simulate", out, "--engine", "copasi", "--json").out)
    expected = zipfile.ZipFile(out / "model.omex").read("expected.csv").decode().splitlines()[1].split(",")
    assert again["rows"][-1][2:] == pytest.approx(list(map(float, expected[3:])), rel=1e-6, abs=1e-6)
    assert "fed                  15 examples of 5 species, by clock0_0" in run("info", out).out
    assert plot.read_bytes() == (out / "learning.png").read_bytes()
    assert (tmp_path / "plot-volumes.png").exists()


def test_words_for_people(run: Program, examples: Path) -> None:
    done = run("learn", "linear", "--examples", examples, "--epochs", 1, "--runs", 2, "--engine", "copasi")
    assert done.status == 0, done.err
    assert "linear: 22 species, 44 reactions of at most 2 molecules, 0 rectifiers; copasi" in done.out
    assert "seeds 1, 2; medians, and least to most" in done.out
    assert "gradient descent" in done.out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["ring"], "no task 'ring'; did you mean 'rings'?"),
        (["linear", "--runs", 0], "--runs 0 --seed 1: needs a run, and a seed of 0 or more"),
        (["linear", "--epochs", 0], "--epochs 0: must be 1 or more"),
        (["linear", "--pace", "nan"], "--pace nan: must be positive and finite"),
        (["linear", "--pace", 1], "takes off"),
        (["linear", "--influx", 2], "clock: suppression 3.0, influx 2.0"),
        (["linear", "--influx", 0.3], "clock: no turn within"),
        (["linear", "--volume", 0], "--volume 0.0: must be positive and finite"),
        (["linear", "--engine", "native"], "engine 'native' has no method 'ode'"),
        (["linear", "--hidden", -1], "-1 rectifiers"),
        (["linear", "--examples", "missing.csv"], "missing.csv"),
    ],
)
def test_bad_input_is_one_line(run: Program, options: list[object], says: str) -> None:
    done = run("learn", *options)
    assert done.status == 2
    assert says in done.err.splitlines()[-1]


def test_bad_examples_are_named_by_line_and_column(run: Program, tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    for text, says in (
        ("a,y1\n1,2\n", "column 'a'"),
        ("x1,y1\n1,nan\n", "line 2, y1: 'nan'"),
        ("x1,y1\n1,2\n", "needs five"),
    ):
        path.write_text(text)
        done = run("learn", "linear", "--examples", path)
        assert done.status == 2
        assert says in done.err.splitlines()[-1]
