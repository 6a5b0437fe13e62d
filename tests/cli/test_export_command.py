"""`crn2sbml export`: which files come out, and when none does."""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from crn2sbml.cli import export as export_module
from crn2sbml.disk import write_file
from crn2sbml.errors import OutputError
from crn2sbml.formats.antimony_read import read_antimony
from crn2sbml.formats.omex_read import unpack_omex
from crn2sbml.formats.sbml_read import read_sbml, read_sbml_file
from crn2sbml.formats.usage import read_io_json
from crn2sbml.training.data import load_digits
from tests.cli.program import Program, listing
from tests.cli.test_bad_input import refused
from tests.engines.models import dimers, driven, sbml_of
from tests.formats.test_antimony import assert_same_kinetics

DIGITS = Path(__file__).parents[2] / "models" / "digits"

LOOKS_LIKE: dict[str, Callable[[bytes], bool]] = {
    "sbml": lambda data: b"<sbml " in data[:200],
    "antimony": lambda data: read_antimony(data.decode()).network.clamped == ("X",),
    "copasi": lambda data: b"<COPASI" in data[:500],
    "tellurium": lambda data: b"te.loadSBMLModel" in data,
    "bngl": lambda data: b"begin reaction rules" in data,
    "sedml": lambda data: b"<sedML" in data[:200],
    "omex": lambda data: "simulation.sedml" in unpack_omex(data, "x").files,
}
SUFFIXES = {
    "sbml": ".xml", "antimony": ".ant", "copasi": ".cps", "tellurium": ".py", "bngl": ".bngl", "sedml": ".sedml",
    "omex": ".omex",
}  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """driven.xml (no equal reactants) and dimers.xml in the current folder."""
    (tmp_path / "driven.xml").write_text(sbml_of(driven()))
    (tmp_path / "dimers.xml").write_text(sbml_of(dimers()))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def new_files(run: Program, here: Path, *arguments: object) -> dict[str, bytes]:
    """What a successful export added or changed, each file of it named on standard error."""
    before = listing(here)
    done = run("export", *arguments)
    assert (done.status, done.out, done.err.count("\n")) == (0, "", 1), done.err
    changed = {name: data for name, data in listing(here).items() if before.get(name) != data}
    named = done.err.rsplit(": ", 1)[0].split(", ")
    assert sorted(named) == sorted(changed)
    return {name: changed[name] for name in named}


@pytest.mark.parametrize("to", LOOKS_LIKE)
def test_formats_by_suffix_and_by_name(run: Program, here: Path, to: str) -> None:
    by_suffix = new_files(run, here, "driven.xml", "-o", "x" + SUFFIXES[to])
    first, *more = by_suffix
    assert first == "x" + SUFFIXES[to]
    assert LOOKS_LIKE[to](by_suffix[first])
    assert more == {"copasi": ["x_stochastic.cps"], "tellurium": ["x.xml"], "sedml": ["x.xml"]}.get(to, [])
    (here / "named").mkdir()
    by_name = new_files(run, here, "driven.xml", "--to", to, "-o", "named/x.txt")
    assert list(by_name) == ["named/x.txt", *(f"named/{name}" for name in more)]
    assert list(by_name.values()) == list(by_suffix.values())


def test_another_suffix_needs_a_format(run: Program, here: Path) -> None:
    for name in ("x.unknown", "x", "x.sbml"):
        done = new_files(run, here, "driven.xml", "--to", "sbml", "-o", name)
        assert done == {name: (here / "driven.xml").read_bytes()}
    refused(run, here, "export", "driven.xml", "-o", "y.json", names=["y.json: its suffix tells no format", "--to"])


def test_antimony_and_tellurium_come_in_both_readings(run: Program, here: Path) -> None:
    both = new_files(run, here, "dimers.xml", "-o", "a.ant")
    assert len(both) == 2
    assert "a.ant" in both
    assert len(set(both.values())) == 2
    assert len(new_files(run, here, "dimers.xml", "-o", "t.py")) == 4
    assert set(new_files(run, here, "dimers.xml", "--reading", "stochastic", "-o", "s.ant")) == {"s.ant"}


def test_packed_sbml_is_read_back(run: Program, here: Path) -> None:
    packed = new_files(run, here, "driven.xml", "-o", "x.xml.gz")["x.xml.gz"]
    assert gzip.decompress(packed) == (here / "driven.xml").read_bytes()
    assert new_files(run, here, "driven.xml", "-o", "y.xml.gz")["y.xml.gz"] == packed
    again = new_files(run, here, "x.xml.gz", "-o", "again.xml")["again.xml"]
    assert again == (here / "driven.xml").read_bytes()
    assert run("simulate", "x.xml.gz").out == run("simulate", "driven.xml").out


@pytest.mark.parametrize("level", ["L3V2", "L3V1", "L2V5", "L2V4"])
def test_levels(run: Program, here: Path, level: str) -> None:
    text = new_files(run, here, "driven.xml", "--level", level, "-o", "x.xml")["x.xml"].decode()
    assert f'level="{level[1]}" version="{level[3]}"' in text
    assert_same_kinetics(read_sbml(text).network, driven())


@pytest.mark.parametrize("name", ["pairs.xml", "pairs.xml.gz", "my.model.xml"])
def test_equal_reactants_give_two_files(run: Program, here: Path, name: str) -> None:
    stem, dot, suffix = name.partition(".xml")
    files = new_files(run, here, "dimers.xml", "-o", name)
    assert list(files) == [name, f"{stem}_stochastic{dot}{suffix}"]
    assert [read_sbml_file(here / file).reading for file in files] == ["deterministic", "stochastic"]
    for reading in ("stochastic", "deterministic"):
        alone = new_files(run, here, "dimers.xml", "--reading", reading, "-o", f"{reading}_{name}")
        assert list(alone) == [f"{reading}_{name}"]
        assert read_sbml_file(here / f"{reading}_{name}").reading == reading


def test_the_lna_as_a_model(run: Program, here: Path) -> None:
    text = new_files(run, here, "dimers.xml", "--lna", "-o", "noise.xml")["noise.xml"].decode()
    assert "var_A" in text
    packed = new_files(run, here, "dimers.xml", "--lna", "-o", "noise.xml.gz")["noise.xml.gz"]
    assert gzip.decompress(packed).decode() == text
    # The digits are beyond what simulators load.
    names = ["network 'digits'", "18,982 covariances", "at most 8,000"]
    refused(run, here, "export", DIGITS, "--lna", "-o", "digits.xml", names=names)


def test_with_and_without_a_picture(run: Program, here: Path) -> None:
    drawn = new_files(run, here, "driven.xml", "-o", "drawn.xml")["drawn.xml"]
    asked = new_files(run, here, "driven.xml", "--picture", "-o", "asked.xml")["asked.xml"]
    plain = new_files(run, here, "driven.xml", "--no-picture", "-o", "plain.xml")["plain.xml"]
    assert drawn == asked
    assert b"layout" in drawn
    assert b"layout" not in plain
    assert new_files(run, here, "plain.xml", "-o", "again.xml")["again.xml"] == drawn


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--level", "L2V4", "-o", "x.cps"], ["x.cps", "L2V4", "copasi"]),
        (["--level", "L2V4", "-o", "x.sedml"], ["x.sedml", "L2V4", "sedml"]),
        (["--level", "L3V1", "--lna", "-o", "x.xml"], ["L3V1", "lna"]),
        (["--no-picture", "-o", "x.cps"], ["x.cps", "picture", "copasi"]),
        (["--lna", "--to", "copasi", "-o", "x.xml"], ["--lna", "copasi"]),
        (["--lna", "-o", "x.cps"], ["--lna", "copasi"]),
        (["--shape", "lumped", "-o", "x.ant"], ["--shape lumped", "antimony"]),
        (["-o", "x.ant.gz"], ["x.ant.gz", "gzip"]),
        (["--t-end", "0", "-o", "x.cps"], ["--t-end 0"]),
        (["--t-end", "nan", "-o", "x.cps"], ["--t-end nan"]),
        (["--t-end", "-3", "-o", "x.xml"], ["--t-end -3"]),
        (["--seed", "-1", "-o", "x.omex"], ["seed is -1"]),
        (["--seed", "0", "-o", "x.bngl"], ["seed is 0"]),
        (["--seed", "4294967296", "-o", "x.sedml"], ["seed 4294967296"]),
        (["-o", "."], ["."]),
        (["-o", ".", "--force"], ["is a folder"]),
        (["-o", "/", "--force"], ["is a folder"]),
        (["-o", "", "--force"], ["is a folder"]),
        (["-o", "n" * 300 + ".xml"], ["too long"]),
        (["-o", "/proc/x.xml"], ["cannot be written"]),
        (["-o", "none/x.xml"], ["does not exist"]),
        (["-o", "dimers.xml"], ["dimers.xml: exists", "--force"]),
    ],
    ids=lambda value: " ".join(value)[:40],
)
def test_refusals(run: Program, here: Path, options: list[str], names: list[str]) -> None:
    refused(run, here, "export", "driven.xml", *options, names=names)


def test_words_that_are_no_choice(run: Program, here: Path) -> None:
    for option, value in (("--to", "sbm"), ("--level", "L1V2"), ("--shape", "round"), ("--reading", "any")):
        done = run("export", "driven.xml", option, value, "-o", "x.xml")
        assert done.status == 2
        assert repr(value) in done.err
        assert "Traceback" not in done.err
    assert not (here / "x.xml").exists()


SEVERAL = [
    ("dimers.xml", "x.xml", "x_stochastic.xml"),
    ("dimers.xml", "x.xml.gz", "x_stochastic.xml.gz"),
    ("driven.xml", "x.cps", "x_stochastic.cps"),
    ("driven.xml", "x.py", "x.xml"),
    ("dimers.xml", "x.sedml", "x_stochastic.xml"),
]


@pytest.mark.parametrize(("model", "out", "second"), SEVERAL)
def test_a_second_file_that_exists_stops_the_export(
    run: Program, here: Path, model: str, out: str, second: str
) -> None:
    (here / second).write_text("old")
    refused(run, here, "export", model, "-o", out, names=[second, "exists", "--force"])
    if out == "x.cps":  # the rest is about the disk, and COPASI is slow to start
        return
    files = new_files(run, here, model, "-o", out, "--force")
    assert out in files
    assert files[second] != b"old"


@pytest.mark.parametrize(("model", "out", "second"), [row for row in SEVERAL if row[1] != "x.cps"])
def test_a_folder_in_the_way_of_a_second_file(run: Program, here: Path, model: str, out: str, second: str) -> None:
    (here / second).mkdir()
    refused(run, here, "export", model, "-o", out, "--force", names=[second, "is a folder"])


@pytest.mark.parametrize("out", ["driven.py", "driven.sedml", "link.py"])
@pytest.mark.parametrize("force", [[], ["--force"]])
def test_the_model_is_not_overwritten_by_a_second_file(run: Program, here: Path, out: str, force: list[str]) -> None:
    """The script and its SBML have one name, which the model has already."""
    (here / "link.xml").symlink_to("driven.xml")
    names = [out.replace(".py", ".xml").replace(".sedml", ".xml"), "is the model itself"]
    refused(run, here, "export", "driven.xml", "-o", out, *force, names=names)


def test_a_model_s_folder_keeps_its_model(run: Program, here: Path) -> None:
    (here / "folder").mkdir()
    (here / "driven.xml").rename(here / "folder" / "model.xml")
    refused(run, here, "export", "folder", "-o", "folder/model.py", "--force", names=["folder/model.xml", "the model"])
    assert list(new_files(run, here, "folder", "-o", "folder/run.py")) == ["folder/run.py", "folder/run.xml"]


def test_force_replaces_the_model_where_it_was_asked_for(run: Program, here: Path) -> None:
    new_files(run, here, "driven.xml", "--set", "X=9", "-o", "driven.xml", "--force")
    assert read_sbml_file(here / "driven.xml").network == driven().with_counts({"X": 9})


def test_a_failure_on_the_way_leaves_no_half_file(run: Program, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_at_the_second(path: Path, content: str | bytes, force: bool) -> Path:
        if path.name == "x_stochastic.xml":
            raise OutputError(f"{path}: cannot be written: No space left on device")
        return write_file(path, content, force)

    monkeypatch.setattr(export_module, "write_file", fail_at_the_second)
    done = run("export", "dimers.xml", "-o", "x.xml")
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
    assert sorted(listing(here)) == ["dimers.xml", "driven.xml", "x.xml"]
    assert read_sbml_file(here / "x.xml").network == dimers()


def test_the_end_and_the_seed_reach_the_tasks(run: Program, here: Path) -> None:
    text = new_files(run, here, "driven.xml", "--t-end", "3.5", "--seed", 77, "-o", "x.bngl")["x.bngl"].decode()
    assert "t_end=>3.5," in text
    assert "seed=>77" in text
    assert "t_end=>10.0," in new_files(run, here, "driven.xml", "-o", "y.bngl")["y.bngl"].decode()
    assert "t_end=>40.0," in new_files(run, here, DIGITS, "-o", "digits.bngl")["digits.bngl"].decode()


def test_an_archive_is_a_model(run: Program, here: Path) -> None:
    packed = new_files(run, here, "driven.xml", "--t-end", 4, "-o", "x.omex")["x.omex"]
    assert read_io_json(unpack_omex(packed, "x").text("io.json")).outputs == ("A",)
    assert run("info", "x.omex", "--json").out == run("info", "driven.xml", "--json").out
    alone = run("simulate", "driven.xml", "--t-end", 4, "--points", 3)
    assert run("simulate", "x.omex", "--points", 3).out == alone.out != ""
    again = new_files(run, here, "x.omex", "-o", "again.xml")["again.xml"]
    assert again == (here / "driven.xml").read_bytes()
    (here / "y.OMEX").write_bytes(packed)
    assert run("info", "y.OMEX").out == run("info", "driven.xml").out


def test_a_folder_may_be_called_like_an_archive(run: Program, here: Path) -> None:
    (here / "odd.omex").mkdir()
    (here / "driven.xml").rename(here / "odd.omex" / "model.xml")
    assert run("simulate", "odd.omex", "--points", 2).status == 0


def test_names_that_are_too_long(run: Program, here: Path) -> None:
    for command in ("info", "simulate"):
        refused(run, here, command, "n" * 300, names=["too long"])


_PLAIN = """
import json, sys
import roadrunner
folder, file = sys.argv[1:]
io = json.load(open(folder + "/io.json"))
roadrunner.Config.setValue(roadrunner.Config.LLVM_BACKEND, roadrunner.Config.LLJIT)
runner = roadrunner.RoadRunner(file)
print(json.dumps([runner.getValue(name) for name in io["inputs"]]))
print(json.dumps(runner.simulate(0, io["t_end"], 2, io["outputs"])[-1].tolist()))
"""


def test_an_image_in_the_file_is_read_by_plain_libroadrunner(run: Program, here: Path) -> None:
    """Nothing of this package runs the file; `simulate --index` must say the same."""
    new_files(run, here, DIGITS, "--index", 3, "-o", "three.xml")
    test = load_digits().test
    command = [sys.executable, "-c", _PLAIN, str(DIGITS), "three.xml"]
    done = subprocess.run(command, cwd=here, capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    clamped, outputs = map(json.loads, done.stdout.splitlines())
    assert clamped == [round(value / 16 * 80) for value in test.images[3].ravel().tolist()]
    assert int(np.argmax(outputs)) == test.labels[3]
    at_once = run("simulate", DIGITS, "--index", 3, "--points", 2).out.splitlines()[-1].split(",")[2:]
    # Its own tolerance is a relative 1e-6.
    np.testing.assert_allclose(outputs, [float(value) for value in at_once], rtol=1e-4)


def test_the_shipped_archive_is_the_shipped_model(run: Program, here: Path) -> None:
    archive, folder = (json.loads(run("info", path, "--json").out) for path in (DIGITS / "model.omex", DIGITS))
    assert archive == folder
    assert unpack_omex((DIGITS / "model.omex").read_bytes(), "x").model == (DIGITS / "model.xml").read_text()


@pytest.mark.slow
def test_the_digits_in_every_format(run: Program, here: Path) -> None:
    """A minute: COPASI imports 922 lumped reactions twice, and ten examples are run for the archive."""
    for to, suffix in SUFFIXES.items():
        files = new_files(run, here, DIGITS, "--index", 3, "-o", f"{to}_of_digits{suffix}")
        first = next(iter(files.values()))
        assert to == "antimony" or LOOKS_LIKE[to](first)
    inputs = [str(round(value / 16 * 80)) for value in load_digits().test.images[3].ravel().tolist()]
    archive = unpack_omex((here / "omex_of_digits.omex").read_bytes(), "x")
    network = read_sbml(archive.model).network
    assert [str(s.initial) for s in network.species if s.clamped] == inputs
    assert len(archive.text("expected.csv").splitlines()) == 13  # header, SSA, ODE, ten examples
    assert run("simulate", "omex_of_digits.omex", "--points", 2).status == 0
