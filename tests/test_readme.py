"""The README's Python runs and prints what its comments say; its commands are commands of the program."""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer.main
from PIL import Image

from crn2sbml.cli.main import app
from crn2sbml.formats.sbml_read import read_sbml_file
from crn2sbml.training.data import load_digits
from crn2sbml.training.recipes import read_recipe
from tests.cli.conftest import run as run
from tests.cli.program import Program, listing

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMPILES = {"amici"}
"""Simulators that take a minute to compile the model."""

LONG = {"demo", "train", "verify", "suite", "generate", "judge", "learn"}
"""Commands that take minutes, or what others make first; they have tests of their own."""
NOISE = "crn2sbml simulate models/digits --method lna"
"""The command whose numbers the README names; it is run once."""
SLOW_FORMATS = (".cps", ".omex")


def modules_of(block: str) -> list[str]:
    return re.findall(r"^(?:import|from) (\w+)", block, re.MULTILINE)


def _parameters() -> list[object]:
    named = [(block, next((m for m in modules_of(block) if m != "crn2sbml"), "crn2sbml")) for block in BLOCKS]
    return [pytest.param(b, id=m, marks=pytest.mark.slow if COMPILES & set(modules_of(b)) else ()) for b, m in named]


def test_there_is_a_block_for_each_simulator() -> None:
    assert {name for block in BLOCKS for name in modules_of(block)} >= {"crn2sbml", "tellurium", "gillespy2", "amici"}
    promised = [re.findall(r"# .*?(\d+\.\d+)$", block, re.MULTILINE) for block in BLOCKS]
    assert promised == [[], [], ["497.4356"], ["497.4356"], ["497.4356"]]


def test_the_model_of_ones_own() -> None:
    (spec,) = re.findall(r"^```toml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    recipe = read_recipe(spec.encode(), "README")
    assert (recipe.classifier.name, recipe.options.epochs, recipe.options.kept) == ("my-digits", 200, 0.5)


@pytest.mark.parametrize("block", _parameters())
def test_python(block: str, tmp_path: Path) -> None:
    for name in modules_of(block):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"the simulator {name} is not installed")
    (tmp_path / "models").symlink_to(ROOT / "models")
    paths = {
        # As in an activated environment: AMICI looks for its tools there.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        "MPLBACKEND": "Agg",
    }
    code = block + ("\nprint(noise)" if "noise = " in block else "")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, **paths},
        capture_output=True,
        encoding="utf-8",
        timeout=600 if COMPILES & set(modules_of(block)) else 180,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for comment in re.findall(r"# (.*\d)$", block, re.MULTILINE):
        for word in comment.split():
            assert word in done.stdout
    if "noise = " in block:
        assert "xarray.Dataset" in done.stdout
        assert "covariance" in done.stdout


def commands() -> list[str]:
    """Every `crn2sbml ...` in the README, in code or in a table."""
    found = re.findall(r"`(crn2sbml [^`]*)`", README) + re.findall(r"&& (crn2sbml \w+)$", README, re.MULTILINE)
    return list(dict.fromkeys(found))


def words_of(command: str) -> list[str]:
    return shlex.split(command)[1:]


def test_the_table_shows_every_command() -> None:
    shown = {words_of(command)[0] for command in commands()}
    assert shown == {command.callback.__name__ for command in app.registered_commands if command.callback}


@pytest.mark.parametrize("command", commands())
def test_commands_parse(command: str) -> None:
    name, *arguments = words_of(command)
    chosen = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    with chosen.make_context(name, arguments):  # raises UsageError for an option or choice that does not exist
        pass


def cheap() -> list[str]:
    found = [c for c in commands() if words_of(c)[0] not in LONG and c != NOISE]
    assert len(found) >= 6
    slow = pytest.mark.slow  # COPASI's import, twice
    return [pytest.param(c, marks=slow if c.endswith(SLOW_FORMATS) else ()) for c in found]  # type: ignore[misc]


@pytest.mark.parametrize("command", cheap())
def test_commands_run(run: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    shutil.copytree(ROOT / "models" / "digits", tmp_path / "models" / "digits")
    (tmp_path / "small.ant").write_text("model small" + README.split("model small")[1].split("\nend")[0] + "\nend\n")
    image = load_digits().test.images[0]
    Image.fromarray(np.rint(255 - image / 16 * 255).astype(np.uint8)).resize((80, 80)).save(tmp_path / "three.png")
    monkeypatch.chdir(tmp_path)
    before = listing(tmp_path)
    done = run(*words_of(command))
    assert done.status == 0, done.err
    arguments = words_of(command)
    out = arguments[arguments.index("-o") + 1] if "-o" in arguments else None
    assert (out is None) == (listing(tmp_path) == before)
    assert (out is None) == (done.out != "")
    if out and out.endswith(".xml"):
        assert "rateRule" in Path(out).read_text() if "--lna" in arguments else read_sbml_file(out).network.species


def test_the_variance_that_it_names(run: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    variance = re.search(r"variance there is \*\*(\d+\.\d+)\*\*\s+items² \(standard deviation (\d+\.\d+)\)", README)
    count = re.search(r"`(\w+)` must come to \*\*(\d+\.\d+)\*\* items", README)
    assert variance
    assert count
    assert NOISE in commands()
    monkeypatch.chdir(ROOT)
    rows = [line.split(",") for line in run(*words_of(NOISE)).out.splitlines()]
    mean, deviation = next((float(row[1]), float(row[2])) for row in rows if row[0] == count[1])
    assert (f"{mean:.4f}", f"{deviation**2:.2f}", f"{deviation:.2f}") == (count[2], variance[1], variance[2])
    others = set(re.findall(r"variance of `\w+` is (\d+\.\d+)|ends at (\d+\.\d+)", README))
    assert {number for pair in others for number in pair if number} == {variance[1], count[2]}
