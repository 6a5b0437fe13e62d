"""Pictures, images of a data set, rows of a table and single counts as inputs: what ends up in the file."""

import io
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from crn2sbml.cli import clamp
from crn2sbml.cli.inputs import load_document, load_usage
from crn2sbml.core.network import Network, Parameter, Place, Reaction, Species
from crn2sbml.engines.roadrunner import RoadRunnerEngine
from crn2sbml.formats.sbml_read import read_sbml_file
from crn2sbml.formats.usage import Usage, write_io_json
from crn2sbml.training.data import DataSet, Part, load_digits
from tests.cli.program import Program
from tests.cli.test_bad_input import refused
from tests.engines.models import sbml_of
from tests.formats.test_image_read import enlarged, grey

DIGITS = Path(__file__).parents[2] / "models" / "digits"
PIXELS = tuple(Place(0, "input", 0, row, column) for row in range(2) for column in range(3))
IDS = [place.id for place in PIXELS]
TABLE = f"name,{','.join(IDS)}\nfirst,1,2,3,4,5,6\nsecond,0,0,0,0,0,60\n"


def grid_network() -> Network:
    """Six pixels; the last two make A, which decays: its steady count is their sum."""
    return Network(
        "grid",
        (*(Species(place.id, 7, True, place) for place in PIXELS), Species("A"), Species("Z", 9, clamped=True)),
        (Parameter("k", 1.0),),
        (
            *(Reaction(f"make_{name}", ((name, 1),), ((name, 1), ("A", 1)), "k") for name in IDS[4:]),
            Reaction("fade", (("A", 1),), (), "k"),
        ),
    )


@pytest.fixture
def grid(tmp_path: Path) -> Path:
    """A model's folder with a grid of 2 x 3 inputs."""
    folder = tmp_path / "grid"
    folder.mkdir()
    (folder / "model.xml").write_text(sbml_of(grid_network()))
    (folder / "io.json").write_text(write_io_json(Usage(tuple(IDS), ("A",), 60, 4, 30)))
    (folder / "inputs.csv").write_text(TABLE)
    return folder


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    Image.fromarray(np.array([[0, 255, 0], [51, 0, 102]], np.uint8)).save(path)
    return path


def counts_in(path: Path) -> list[float]:
    net = read_sbml_file(path).network
    return [net.species[net.species_index[name]].initial for name in [*IDS, "A", "Z"]]


def exported(run: Program, model: Path, *options: object) -> list[float]:
    done = run("export", model, *options, "--force", "-o", model.parent / "new.xml")
    assert done.status == 0, done.err
    return counts_in(model.parent / "new.xml")


def test_a_picture(run: Program, grid: Path, picture: Path) -> None:
    assert exported(run, grid, "--image", picture, "--no-invert") == [0, 60, 0, 12, 0, 24, 0, 9]
    assert exported(run, grid, "--image", picture, "--invert") == [60, 0, 60, 48, 60, 36, 0, 9]
    assert exported(run, grid / "model.xml", "--image", picture, "--no-invert") == [0, 60, 0, 12, 0, 24, 0, 9]


def test_a_row(run: Program, grid: Path, tmp_path: Path) -> None:
    assert exported(run, grid, "--row", "second") == [0, 0, 0, 0, 0, 60, 0, 9]
    other = tmp_path / "other.csv"
    other.write_text(f"name,Z,{IDS[0]}\none,33,5\ntwo,34,6\n")
    assert exported(run, grid, "--inputs", other) == [5, *[7] * 5, 0, 33]
    assert exported(run, grid, "--inputs", other, "--row", "two") == [6, *[7] * 5, 0, 34]


def test_counts_by_name_win(run: Program, grid: Path, picture: Path) -> None:
    options = ["--set", f"{IDS[1]}=3", "--set", "A=4"]
    assert exported(run, grid, "--image", picture, "--no-invert", *options) == [0, 3, 0, 12, 0, 24, 4, 9]
    assert exported(run, grid, "--row", "first", *options) == [1, 3, 3, 4, 5, 6, 4, 9]
    assert exported(run, grid, "--row", "first", "--set", "A=-0")[-2:] == [0, 9]
    assert b'"-0"' not in (grid.parent / "new.xml").read_bytes()


def test_an_archive_has_its_own_table(run: Program, grid: Path, tmp_path: Path, picture: Path) -> None:
    packed = tmp_path / "alone" / "grid.OMEX"
    packed.parent.mkdir()
    assert run("export", grid, "--to", "omex", "-o", packed).status == 0
    assert exported(run, packed, "--row", "second") == [0, 0, 0, 0, 0, 60, 0, 9]
    assert exported(run, packed, "--image", picture, "--no-invert") == [0, 60, 0, 12, 0, 24, 0, 9]


@pytest.mark.parametrize(
    "options", [["--row", "first"], ["--image", "picture.png"], ["--row", "second", "--set", "A=5"]]
)
def test_simulate_does_what_export_and_simulate_do(
    run: Program, grid: Path, picture: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    monkeypatch.chdir(picture.parent)
    at_once = run("simulate", "grid", *options, "--points", 4)
    assert at_once.status == 0, at_once.err
    made = exported(run, grid, *options)
    in_two_steps = run("simulate", "new.xml", "--t-end", 30, "--species", "A", "--points", 4)
    assert in_two_steps.out == at_once.out
    assert float(at_once.out.splitlines()[-1].split(",")[-1]) == pytest.approx(made[4] + made[5], rel=1e-8)


@pytest.fixture
def another_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    """A data set of images of 2 x 3 pixels from 0 to 8, twice what the model expects."""
    images = np.arange(12.0).reshape(2, 2, 3) % 9
    part = Part(images, np.array([0, 1]), np.arange(2))

    monkeypatch.setattr("crn2sbml.training.data.load_data_set", lambda name: DataSet(name, part, part, part, 8.0))


@pytest.mark.usefixtures("another_scale")
def test_values_of_a_data_set_are_brought_to_the_model_s_scale(run: Program, grid: Path) -> None:
    assert exported(run, grid, "--index", 1)[:6] == [round(v / 8 * 60) for v in (6, 7, 8, 0, 1, 2)]
    refused(run, grid.parent, "export", grid, "--index", 2, "-o", grid.parent / "y.xml", names=["images 0 to 1"])


def test_no_table_no_examples(grid: Path) -> None:
    assert [example.name for example in clamp.examples_beside(grid)] == ["first", "second"]
    (grid / "inputs.csv").unlink()
    assert clamp.examples_beside(grid) == ()


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--image", "picture.png", "--index", "3"], ["--image, --index: each fills the inputs"]),
        (["--image", "picture.png", "--row", "first"], ["--image, --row"]),
        (["--image", "picture.png", "--inputs", "grid/inputs.csv"], ["--image, --row or --inputs"]),
        (["--index", "0", "--row", "first"], ["--index, --row"]),
        (["--no-invert"], ["--no-invert", "--image"]),
        (["--index", "3", "--invert"], ["--invert", "--image"]),
        (["--index", "-1"], ["--index -1", "images 0 to 359"]),
        (["--index", "360"], ["--index 360", "images 0 to 359"]),
        (["--index", "3"], ["'digits'", "64 pixels", "the model 6 inputs"]),
        (["--index", "3", "--data", "digit"], ["no data set 'digit'; did you mean 'digits'"]),
        (["--index", "3", "--data", ""], ["no data set ''"]),
        (["--row", "secnd"], ["inputs.csv of grid", "no row 'secnd'; did you mean 'second'"]),
        (["--row", ""], ["no row ''"]),
        (["--inputs", "none.csv"], ["none.csv: no such file"]),
        (["--inputs", "grid"], ["grid: is a folder"]),
        (["--inputs", "picture.png"], ["picture.png: not UTF-8"]),
        (["--inputs", "no_rows.csv"], ["no_rows.csv: there are no rows"]),
        (["--inputs", "broken.csv"], ["broken.csv: line 3 has 2 cells"]),
        (["--inputs", "stranger.csv"], ["stranger.csv: row 'a'", "no species 'input0_0_0_9'; did you mean"]),
        (["--inputs", "half.csv"], ["half.csv: row 'a'", "a whole number", "'Z' is 2.5"]),
        (["--image", "none.png"], ["none.png: no such file"]),
        (["--image", "grid"], ["grid: is a folder"]),
        (["--image", ""], ["is a folder"]),
        (["--image", "broken.csv"], ["broken.csv: not a picture"]),
        (["--image", "blank.png"], ["blank.png: nothing is drawn"]),
        (["--image", "huge.png"], ["huge.png", "more than 512 MiB"]),
        (["--row", "first", "--set", "AA=3"], ["--set 'AA=3'", "did you mean 'A'"]),
        (["--row", "first", "--set", "A=2.5"], ["--set 'A=2.5'", "a whole number of items"]),
    ],
    ids=lambda value: " ".join(value),
)
@pytest.mark.parametrize("command", ["export", "simulate"])
def test_refusals(
    run: Program,
    grid: Path,
    picture: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    options: list[str],
    names: list[str],
) -> None:
    here = picture.parent
    monkeypatch.chdir(here)
    (here / "no_rows.csv").write_text("name,Z\n")
    (here / "broken.csv").write_text("name,Z,A\na,1,2\nb,3\n")
    (here / "stranger.csv").write_text("name,input0_0_0_9\na,1\n")
    (here / "half.csv").write_text("name,Z\na,2.5\n")
    Image.new("L", (9, 9), 200).save(here / "blank.png")
    more = ["-o", "new.xml"] if command == "export" else ["-o", "new.csv"]
    if "huge.png" in options:
        with (here / "huge.png").open("wb") as file:
            file.truncate((512 << 20) + 1)  # a hole: takes no room
        done = run(command, "grid", *options, *more)
        assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
        assert all(name in done.err for name in names)
        return
    refused(run, here, command, "grid", *options, *more, names=names)


def test_a_model_of_one_file_knows_no_inputs(run: Program, folder: Path, picture: Path) -> None:
    for option in (["--image", picture], ["--index", 3]):
        names = ["driven.xml", "no io.json", "--row or --set"]
        refused(run, folder.parent, "simulate", folder.parent / "driven.xml", *option, names=names)
    refused(run, folder.parent, "simulate", folder.parent / "driven.xml", "--row", "a", names=["there are no rows"])


def change(grid: Path, **entries: object) -> None:
    data = json.loads((grid / "io.json").read_text()) | entries
    (grid / "io.json").write_text(json.dumps(data))


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (IDS[:5], "no grid of pixels"),
        (IDS[::-1], "no grid of pixels"),
        (["Z"], "no grid of pixels"),
        ([], "no grid of pixels"),
        ([*IDS[:5], "missing"], "no grid of pixels"),
    ],
)
def test_inputs_that_are_no_grid(run: Program, grid: Path, picture: Path, inputs: list[str], words: str) -> None:
    change(grid, inputs=inputs)
    refused(run, grid.parent, "simulate", grid, "--image", picture, names=["'grid'", words])


@pytest.mark.usefixtures("another_scale")
def test_an_io_json_of_another_model(run: Program, grid: Path) -> None:
    change(grid, inputs=[*IDS[:5], "missing"])
    for command in (["simulate", grid], ["export", grid, "-o", grid.parent / "y.xml"]):
        refused(run, grid.parent, *command, "--index", 0, names=["io.json of", "no species 'missing'"])


def test_a_table_of_another_model_names_its_place(run: Program, grid: Path) -> None:
    (grid / "inputs.csv").write_text("name,Z\na,many\n")
    for command in (["--row", "a", "-o", "y.xml"], ["-o", "y.omex"], ["-o", "y.sedml"]):
        names = [f"{grid}: inputs.csv: line 2, Z: 'many'"]
        refused(run, grid.parent, "export", grid, *command, names=names)


@cache
def shipped() -> tuple[Network, Usage, Any]:
    """The shipped digits: network, usage, and a simulation of it."""
    usage = load_usage(DIGITS)
    assert usage
    text = (DIGITS / "model.xml").read_text(encoding="utf-8")
    return load_document(DIGITS).network, usage, RoadRunnerEngine().load(text)


@pytest.mark.parametrize("dark_ink", [False, True])
def test_digits_drawn_larger_are_read_right(tmp_path: Path, dark_ink: bool) -> None:
    """Ten test images, enlarged smoothly to 80 x 80 as a scanner would see them; nine must be right."""
    net, usage, simulation = shipped()
    test = load_digits().test
    right = 0
    for number in range(10):
        image = test.images[number]
        drawn = grey(16 - image if dark_ink else image).resize((80, 80), Image.Resampling.BICUBIC)
        drawn.save(tmp_path / "drawn.png")
        counts = clamp.clamped_counts(net, usage, DIGITS, image=tmp_path / "drawn.png")
        state = simulation.steady_state(counts, usage.t_end).sel(species=list(usage.outputs)).values.ravel()
        right += int(state.argmax() == test.labels[number])
    assert right >= 9


def test_a_picture_of_an_image_is_that_image(tmp_path: Path) -> None:
    net, usage, _ = shipped()
    image = load_digits().test.images[3]
    grey(enlarged(16 - image)).save(tmp_path / "three.png")
    from_picture = clamp.clamped_counts(net, usage, DIGITS, image=tmp_path / "three.png")
    assert from_picture == clamp.clamped_counts(net, usage, DIGITS, index=3)
    assert from_picture == dict(zip(usage.inputs, (image.ravel() * 5).tolist(), strict=True))


def test_the_shipped_table_has_the_first_image_of_each_class() -> None:
    net, usage, _ = shipped()
    test = load_digits().test
    for label in range(10):
        first = int(np.flatnonzero(test.labels == label)[0])
        by_row = clamp.clamped_counts(net, usage, DIGITS, row=f"class_{label}")
        assert by_row == clamp.clamped_counts(net, usage, DIGITS, index=first)
    with io.StringIO((DIGITS / "inputs.csv").read_text(encoding="utf-8")) as table:
        assert len(table.readlines()) == 11
