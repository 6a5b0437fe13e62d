import csv
import io
import json
import math
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from crn2sbml.cli import info as info_module
from crn2sbml.engines.roadrunner import RoadRunnerEngine
from crn2sbml.formats.antimony_read import read_antimony
from crn2sbml.formats.libsbml_checks import complaints
from crn2sbml.formats.sbml_read import read_sbml, read_sbml_file
from tests.cli.program import Program, listing
from tests.engines.models import dimers, driven, sbml_of
from tests.verify.tiny_trip import closed_form

COMMANDS = ["demo", "distribution", "evaluate", "export", "info", "simulate", "suite", "train", "verify"]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def here(folder: Path) -> Path:
    return folder.parent


def test_help_names_every_command(run: Program) -> None:
    done = run("--help")
    assert done.status == 0
    for command in COMMANDS:
        assert re.search(rf"^ *\W* *{command} ", done.out, re.MULTILINE), command


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example_that_fits_the_command(run: Program, command: str) -> None:
    text = " ".join(run(command, "--help").out.split())
    example = re.search(r"Example: (crn2sbml .*?) (?=Arguments|Options|╭)", text)
    assert example, text
    words = shlex.split(example[1])
    assert words[1] == command
    for option in (word for word in words if word.startswith("--")):
        assert option in text.replace(example[1], "")


def test_train_writes_the_folder(run: Program, tmp_path: Path) -> None:
    options = ("--epochs", 2, "--omega", 30, "--seed", 4, "--creator", "A & B Lab", "--licence", "CC0-1.0")
    done = run("train", "digits", *options, "--out", tmp_path / "d", "--json")
    assert done.status == 0
    record = json.loads(done.out)
    assert record["options"]["epochs"] == 2
    assert record["options"]["seed"] == 4
    assert 0.1 < record["accuracy"]["test"] < 1  # above chance after two passes
    names = {"weights.npz", "model.xml", "model.ant", "model.omex", "io.json", "inputs.csv", "card.md", "SHA256SUMS"}
    assert set(listing(tmp_path)) == {f"d/{name}" for name in names}
    assert json.loads((tmp_path / "d" / "io.json").read_text())["omega"] == 30
    metadata = read_sbml((tmp_path / "d" / "model.xml").read_text()).metadata
    assert (metadata.creators, metadata.licence.rpartition(":")[2]) == (("A & B Lab",), "CC0-1.0")
    checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path / "d", capture_output=True, check=False)  # noqa: S607
    assert checked.returncode == 0


def test_export_of_an_exported_file_gives_the_same_bytes(run: Program, folder: Path) -> None:
    original = (folder / "model.xml").read_bytes()
    for number, source in enumerate((folder, folder / "model.xml")):
        assert run("export", source, "--out", folder / f"copy{number}.xml").status == 0
        assert (folder / f"copy{number}.xml").read_bytes() == original
    for shape in ("elementary", "lumped"):
        first, second = folder / f"{shape}.xml", folder / f"{shape}2.xml"
        run("export", folder, "--shape", shape, "--out", first)
        run("export", first, "--out", second)
        assert first.read_bytes() == second.read_bytes()
        assert complaints(first.read_text()) == []
        assert read_sbml_file(first).shape == shape
    assert (folder / "lumped.xml").read_bytes() == original
    assert (folder / "elementary.xml").read_bytes() != original


def test_export_to_antimony_and_back(run: Program, folder: Path) -> None:
    done = run("export", folder, "--out", folder / "new.ant")
    assert (done.status, done.out) == (0, "")
    assert str(folder / "new.ant") in done.err
    # A lumped file gives its reactions back in another order than the weights made them, each with the same parts.
    new, shipped = (read_antimony((folder / name).read_text()).network for name in ("new.ant", "model.ant"))
    assert new.species == shipped.species
    parts = [{(r.inputs, r.outputs, r.rate) for r in net.reactions} for net in (new, shipped)]
    assert parts[0] == parts[1]
    run("export", folder, "--format", "antimony", "--out", folder / "new.txt")
    assert (folder / "new.txt").read_bytes() == (folder / "new.ant").read_bytes()
    assert run("export", folder / "new.ant", "--out", folder / "back.xml").status == 0
    sbml = read_sbml_file(folder / "back.xml").network
    assert sbml.reactions == new.reactions


def test_export_sets_counts(run: Program, here: Path) -> None:
    assert run("export", here / "driven.xml", "--set", "X=12", "--set", "A = 5", "-o", here / "new.xml").status == 0
    assert read_sbml_file(here / "new.xml").network == driven().with_counts({"X": 12, "A": 5})


def test_export_of_weights(run: Program, folder: Path) -> None:
    assert run("export", folder / "weights.npz", "--out", folder / "new.xml").status == 0
    new, old = (read_sbml_file(folder / name).network for name in ("new.xml", "model.xml"))
    assert new.reactions == old.reactions
    assert {s.initial for s in new.species} == {0}


def test_export_of_either_reading(run: Program, here: Path) -> None:
    run("export", here / "dimers.xml", "--reading", "stochastic", "--out", here / "new.xml")
    assert (here / "new.xml").read_text() == sbml_of(dimers(), "stochastic")
    run("export", here / "driven.xml", "--reading", "stochastic", "--out", here / "same.xml")
    assert (here / "same.xml").read_bytes() == (here / "driven.xml").read_bytes()  # there are no equal reactants


def test_force_replaces(run: Program, here: Path) -> None:
    assert run("export", here / "dimers.xml", "--out", here / "driven.xml", "--force").status == 0
    assert read_sbml_file(here / "driven.xml").network == dimers()


@pytest.mark.parametrize("engine", ["roadrunner", "copasi"])
def test_simulate_ode(run: Program, here: Path, engine: str) -> None:
    done = run("simulate", here / "driven.xml", "--engine", engine, "--t-end", 4, "--points", 3, "--set", "X=10")
    assert (done.status, done.err) == (0, "")
    rows = rows_of(done.out)
    assert [(row["replicate"], row["time"]) for row in rows] == [("0", "0"), ("0", "2"), ("0", "4")]
    expected = [40 * (1 - math.exp(-t / 2)) for t in (0, 2, 4)]
    np.testing.assert_allclose([float(row["A"]) for row in rows], expected, rtol=1e-7)
    data = json.loads(
        run(*shlex.split(f"simulate {here}/driven.xml --engine {engine} --t-end 4 --points 3 --json")).out
    )
    assert (data["method"], data["engine"], data["columns"]) == ("ode", engine, ["replicate", "time", "A"])
    np.testing.assert_allclose(np.array(data["rows"])[:, 2], np.array(expected) * 3 / 10, rtol=1e-7)


@pytest.mark.parametrize("engine", ["roadrunner", "copasi"])
def test_simulate_lna(run: Program, here: Path, engine: str) -> None:
    words = ["simulate", here / "driven.xml", "--method", "lna", "--engine", engine, "--t-end", 60]
    row = rows_of(run(*words).out)[0]
    assert row["species"] == "A"
    # Poisson with mean 12.
    np.testing.assert_allclose([float(row[k]) for k in ("mean", "sd", "fano_factor")], [12, 12**0.5, 1], rtol=1e-7)
    data = json.loads(run(*words, "--json").out)
    assert data["columns"] == ["species", "mean", "sd", "fano_factor", "next_order_shift_sd"]
    # Every propensity is affine: there is no next order.
    np.testing.assert_allclose(data["rows"][0][1:], [12, 12**0.5, 1, 0], rtol=1e-7)
    assert data["validity"].startswith("the next order moves no mean by more than 0.1 sd; smallest mean 12 items (A)")


def test_simulate_lna_of_averages_and_in_a_picture(run: Program, here: Path) -> None:
    done = run(
        "simulate", here / "driven.xml", "--method", "lna", "--average", 4, "--plot", here / "noise.png", "--t-end", 60
    )
    # A decays at g = 1/2: Var = 2 m (g T - 1 + exp(-g T)) / (g T)^2.
    assert float(rows_of(done.out)[0]["sd_over_4_s"]) == pytest.approx(
        (2 * 12 * (1 + math.exp(-2)) / 4) ** 0.5, rel=1e-7
    )
    assert (here / "noise.png").read_bytes().startswith(b"\x89PNG")
    assert "LNA: the next order moves no mean" in done.err


def test_simulate_draws_counts_over_time(run: Program, here: Path) -> None:
    picture = here / "runs.png"
    assert run("simulate", here / "driven.xml", "--method", "ssa", "--replicates", 3, "--plot", picture).status == 0
    assert (here / "runs.png").read_bytes().startswith(b"\x89PNG")


def test_simulate_ssa(run: Program, here: Path) -> None:
    words = ["simulate", here / "dimers.xml", "--method", "ssa", "--t-end", 3, "--points", 4, "--replicates", 2]
    rows = rows_of(run(*words, "--seed", 9).out)
    assert [(row["replicate"], row["time"]) for row in rows] == [(str(r), str(t)) for r in range(2) for t in range(4)]
    # The file holds the deterministic laws: the stochastic ones must have been written for the run.
    run_ = RoadRunnerEngine().load(sbml_of(dimers(), "stochastic")).ssa([0, 1, 2, 3], {}, seed=9, replicates=2)
    assert [float(row["A"]) for row in rows] == run_.values[:, :, 0].ravel().tolist()
    assert json.loads(run(*words, "--seed", 9, "--json").out)["rows"][5][2] == float(rows[5]["A"])
    assert run(*words, "--seed", 10).out != run(*words, "--seed", 9).out


def test_simulate_a_model_folder_needs_no_more(run: Program, folder: Path) -> None:
    """End time and species come from io.json; the file holds the first image."""
    row = rows_of(run("simulate", folder, "--points", 2).out)[-1]
    assert float(row.pop("time")) == 35
    row.pop("replicate")
    np.testing.assert_allclose([float(value) for value in row.values()], closed_form()[0], rtol=1e-6)
    assert list(row) == ["readout3_P_0", "readout3_P_1", "readout3_P_2"]
    one = rows_of(run("simulate", folder, "--species", "conv1_M_0_0_0", "--points", 2).out)
    assert list(one[0]) == ["replicate", "time", "conv1_M_0_0_0"]


def test_simulate_into_a_file(run: Program, here: Path) -> None:
    shown = run("simulate", here / "driven.xml")
    written = run("simulate", here / "driven.xml", "--out", here / "new.csv")
    assert (written.status, written.out) == (0, "")
    assert (here / "new.csv").read_text() == shown.out


def test_info(run: Program, folder: Path) -> None:
    for source in (folder, folder / "model.xml", folder / "weights.npz"):
        facts = json.loads(run("info", source, "--json").out)
        assert (facts["id"], facts["species"], facts["clamped"]) == ("tiny", 16 + 36 + 8 + 6, 16)
        assert (facts["shape"], facts["reading"]) == ("lumped", "any")
        assert facts["species_by_layer"] == {"0 input": 16, "1 conv": 36, "2 pool": 8, "3 readout": 6}
        assert facts["reactions"] == 18 * 8 + 8 * 5 + 3 * 12 == sum(facts["reactions_by_order"].values())
        assert facts["reactions_by_order"]["2"] == 21  # one annihilation for each rectifier
    text = run("info", folder).out
    for words in ("tiny", "clamped", "16", "lumped reactions", "0 input: 16, 1 conv: 36"):
        assert words in text


def test_a_bug_keeps_its_traceback(run: Program, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(info_module, "load_document", fail)
    with pytest.raises(RuntimeError, match="a bug"):
        run("info", here / "driven.xml")


def shell(*arguments: object, cwd: Path, code: str = "") -> subprocess.CompletedProcess[str]:
    code += "from crn2sbml.cli.main import main; main()"
    path = os.pathsep.join(filter(None, (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH"))))
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_in_a_shell(here: Path) -> None:
    good = shell("simulate", "tiny", "--json", "--points", 2, cwd=here)
    assert (good.returncode, good.stderr) == (0, "")
    assert len(json.loads(good.stdout)["rows"]) == 2
    bad = shell("simulate", "none.xml", cwd=here)
    assert (bad.returncode, bad.stdout, bad.stderr) == (2, "", "crn2sbml: none.xml: no such file\n")


def test_a_bug_in_a_shell(here: Path) -> None:
    code = "import crn2sbml.cli.info as i; i.load_document = lambda path: 1 / 0; "
    done = shell("info", "driven.xml", cwd=here, code=code)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback (most recent call last):")
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")
