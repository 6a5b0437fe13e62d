"""`crn2sbml generate`, as a shell calls it, on a generator of four pixels."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crn2sbml.formats.usage import write_io_json
from crn2sbml.verify.generation import pictures, trajectory
from tests.cli.program import Program
from tests.verify.test_generation import USAGE, sbml

DIGITS = Path(__file__).parents[2] / "models" / "digits"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generator")
    (folder / "model.xml").write_text(sbml())
    (folder / "io.json").write_text(write_io_json(USAGE))
    return folder


def test_a_sheet_samples_and_an_animation(run: Program, model: Path, tmp_path: Path) -> None:
    paths = sheet, samples, walk = tmp_path / "a.png", tmp_path / "a.npz", tmp_path / "a.gif"
    asked = ["generate", model, "--class", 2, "--class", 0, "--count", 5, "--settle", 3, "--seed", 7, "--jobs", 1]
    done = run(*asked, "--plot", sheet, "--out", samples, "--animate", walk, "--json")
    assert done.status == 0
    said = json.loads(done.out)
    assert (said["classes"], said["count"], said["seed"]) == ([2, 0], 5, 7)
    assert said["latents_memory_s"] == pytest.approx(100)
    with np.load(samples, allow_pickle=False) as kept:
        assert kept["labels"].tolist() == [2] * 5 + [0] * 5
        assert kept["seeds"].tolist() == list(range(7, 17))
        assert kept["omega"] == 30
        expected = pictures(sbml(), USAGE, kept["labels"], 7, settle=3.0)
        np.testing.assert_array_equal(kept["pictures"].reshape(10, 4), expected)
        assert said["mean_items_on"][1] == pytest.approx(expected[5:].mean())
    page, film = Image.open(io.BytesIO(sheet.read_bytes())), Image.open(walk)
    assert page.width / page.height == 5 / 2  # a line for each class
    assert (film.format, film.n_frames) == ("GIF", 5)
    again = run(*asked, "--plot", sheet)
    assert again.status == 2
    assert "exists" in again.err
    assert all(path.exists() for path in paths)


def test_one_long_run(run: Program, model: Path, tmp_path: Path) -> None:
    samples = tmp_path / "a.npz"
    done = run("generate", model, "--class", 1, "--count", 3, "--one-run", "--interval", 20, "--out", samples)
    assert done.status == 0
    with np.load(samples, allow_pickle=False) as kept:
        np.testing.assert_array_equal(kept["pictures"].reshape(3, 4), trajectory(sbml(), USAGE, 1, 3, 20.0, 1))
        assert kept["seeds"].tolist() == [1, 1, 1]


def test_a_picture_in_characters(run: Program, model: Path) -> None:
    done = run("generate", model, "--class", 0, "--count", 1, "--method", "closed-form", "--jobs", 1)
    assert done.status == 0
    assert [len(line) for line in done.out.splitlines()] == [4, 4]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--class", 3], "no class 3; the model has 0 to 2"),
        (["--count", 0], "needs a picture"),
        (["--settle", "nan"], "--settle nan: must be positive and finite"),
        (["--method", "lna", "--one-run"], "for --method ssa, not lna"),
        (["--class", 3, "--one-run"], "no class 3; the model has 0 to 2"),
        (["--plot", "no/such/folder.png"], "does not exist; create it first"),
    ],
)
def test_what_cannot_be_is_one_line(run: Program, model: Path, options: list[object], words: str) -> None:
    done = run("generate", model, *options)
    assert done.status == 2
    assert words in done.err
    assert done.err.count("\n") == 1


def test_a_classifier_makes_no_pictures(run: Program) -> None:
    done = run("generate", DIGITS)
    assert done.status == 2
    assert "io.json names no latents; this model makes no pictures" in done.err
