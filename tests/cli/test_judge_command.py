"""`crn2sbml judge` on a generator that has learnt next to nothing: real pictures are nearer than any made ones."""

import json
from pathlib import Path

import pytest

from tests.cli.program import Program
from tests.cli.test_train_command import GENERATOR

DIGITS = Path(__file__).parents[2] / "models" / "digits"


def test_rows(run: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache")
    Path("mine.toml").write_text(GENERATOR)
    assert run("train", "mine.toml").status == 0
    done = run("judge", "tiny-pictures", "--count", 100, "--settle", 1, "--jobs", 1, "--json")
    assert done.status == 0
    rows = {row["pictures"]: row for row in json.loads(done.out)["rows"]}
    assert list(rows) == [
        "real (training images)", "Gaussian of each class", "variational auto-encoder", "the same, matched",
        "network, closed-form", "network, lna", "network, ssa",
    ]  # fmt: skip
    real = rows.pop("real (training images)")
    assert real["named"] > 0.95
    assert all(real["frechet"] < row["frechet"] for row in rows.values())
    for row in rows.values():
        assert row["interval"][0] <= row["named"] <= row["interval"][1]
        assert 0 < row["nearest"][0] < row["nearest"][1]
    for options, words in ((["--count", 1], "--count 1: must be 2 to 360"), (["--count", 361], "--count 361")):
        refused = run("judge", "tiny-pictures", *options)
        assert refused.status == 2
        assert words in refused.err


def test_a_classifier_is_refused(run: Program) -> None:
    done = run("judge", DIGITS)
    assert done.status == 2
    assert "weights.npz: holds a classifier, not a generator" in done.err
