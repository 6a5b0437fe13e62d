"""Whatever is wrong with what the user gave ends in one line that names it, status 2, and nothing half written."""

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest

from tests.circuits.test_weights_file import members, npy, packed
from tests.cli.program import Program, listing
from tests.engines.models import explosion, sbml_of
from tests.formats.sbml_text import Step, model
from tests.formats.test_sbml_refusals import EVENT, RULES, mathml
from tests.lna.test_stationary import network

DECAY = {"loss": Step("A", "", "k*A")}


def refused(run: Program, folder: Path, *arguments: object, names: list[str]) -> None:
    before = listing(folder)
    done = run(*arguments)
    assert done.status == 2
    assert done.out == ""
    assert done.err.count("\n") == 1, done.err
    assert done.err.startswith("crn2sbml: ")
    for name in names:
        assert name in done.err, done.err
    assert listing(folder) == before


def bad_files() -> dict[str, tuple[bytes, list[str]]]:
    """File name: what it holds, and what its refusal must name."""
    good = sbml_of(explosion()).encode()
    rule = f"<listOfRules>{RULES['assignmentRule'].format(mathml('k*A'))}</listOfRules>"
    kernel = np.full((2, 4), np.nan)
    return {
        "empty.xml": (b"", ["empty"]),
        "half.xml": (good[: len(good) // 2], ["not readable as SBML"]),
        "html.xml": (b"<html><body>404</body></html>", ["not readable as SBML"]),
        "words.xml": (b"A -> B", ["not readable as SBML"]),
        "binary.xml": (bytes(range(128, 256)), ["not UTF-8"]),
        "half.xml.gz": (gzip.compress(good)[:200], ["cannot be read"]),
        "rule.xml": (model(DECAY, more=rule).encode(), ["assignmentRule", "'B'"]),
        "event.xml": (model(DECAY, declared=EVENT).encode(), ["event", "'pulse'"]),
        "delay.xml": (model({"late": Step("A", "B", "k*delay(A, 2)")}).encode(), ["'late'"]),
        "michaelis.xml": (model({"eat": Step("A", "B", "k*A/(1+A)")}).encode(), ["'eat'"]),
        "no_law.xml": (model({"odd": Step("A", "B", "")}).encode(), ["'odd'"]),
        "empty.ant": (b"", ["empty"]),
        "broken.ant": (b"model x\n A -> ; k*A*\nend", ["Antimony"]),
        "rule.ant": (b"model x\n A = 3; A' = 2; end", ["rateRule"]),
        "empty.npz": (b"", ["damaged"]),
        "half.npz": (packed(members())[:300], ["damaged"]),
        "words.npz": (b"weights", ["damaged"]),
        "nan.npz": (packed(members() | {"layer1_kernel.npy": npy(kernel)}), ["layer 1", "'kernel'", "8 values"]),
        "shape.npz": (packed(members() | {"layer1_kernel.npy": npy(kernel[:1])}), ["layer 1", "(1, 4)", "(2, 4)"]),
    }


@pytest.mark.parametrize("name", bad_files())
@pytest.mark.parametrize("command", ["info", "export", "simulate"])
def test_files(run: Program, tmp_path: Path, command: str, name: str) -> None:
    content, names = bad_files()[name]
    (tmp_path / name).write_bytes(content)
    more = ["--out", tmp_path / "new.xml"] if command == "export" else []
    refused(run, tmp_path, command, tmp_path / name, *more, names=[name, *names])


@pytest.mark.parametrize("command", ["info", "export", "simulate"])
@pytest.mark.parametrize("name", ["none.xml", "none.ant", "none.npz", "folder", "folder.npz", "none/model.xml"])
def test_paths_that_lead_nowhere(run: Program, tmp_path: Path, command: str, name: str) -> None:
    for made in ("folder", "folder.npz"):
        (tmp_path / made).mkdir()
    more = ["--out", tmp_path / "new.xml"] if command == "export" else []
    refused(run, tmp_path, command, tmp_path / name, *more, names=[str(tmp_path / name)])


@pytest.mark.parametrize("command", ["info", "simulate"])
def test_a_file_that_cannot_be_read(run: Program, tmp_path: Path, command: str) -> None:
    if os.geteuid() == 0:
        path = Path("/proc/self/mem")  # root may read any file; this one fails when it is read
    else:
        path = tmp_path / "secret.xml"
        path.write_text("x")
        path.chmod(0)
    done = run(command, path)
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
    assert str(path) in done.err


@pytest.mark.parametrize("command", ["export", "simulate"])
@pytest.mark.parametrize(
    ("setting", "names"),
    [
        ("AA=3", ["'AA'", "did you mean 'A'"]),
        ("A", ["'A'", "NAME=COUNT"]),
        ("A=", ["'A='", "NAME=COUNT"]),
        ("=3", ["''"]),
        ("A=many", ["'A=many'"]),
        ("A=-1", ["'A=-1'", "whole number"]),
        ("A=2.5", ["'A=2.5'", "whole number"]),
        ("A=nan", ["'A=nan'"]),
        ("A=inf", ["'A=inf'"]),
    ],
)
def test_counts(run: Program, folder: Path, command: str, setting: str, names: list[str]) -> None:
    here = folder.parent
    more = ["--out", here / "new.xml"] if command == "export" else []
    refused(run, here, command, here / "driven.xml", "--set", setting, *more, names=["--set", *names])


OUTPUTS = [
    ("driven.xml", "exists"),
    ("tiny", "exists"),
    ("missing/new", "does not exist"),
    ("driven.xml/new", "does not exist"),
    ("/proc/crn2sbml_new", "cannot be written"),
]


@pytest.mark.parametrize("command", ["export", "simulate", "train", "demo"])
@pytest.mark.parametrize(("out", "words"), OUTPUTS)
def test_outputs(
    run: Program, folder: Path, monkeypatch: pytest.MonkeyPatch, command: str, out: str, words: str
) -> None:
    here = folder.parent
    monkeypatch.setattr("crn2sbml.training.loop._prepare", lambda *a: pytest.fail("trained before it looked"))
    source = [here / "driven.xml"] if command in ("export", "simulate") else []
    refused(run, here, command, *source, "--out", here / out, names=[str(here / out), words])


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("solve", "crn2sbml: No such command 'solve'; see crn2sbml --help"),
        ("--nope", "crn2sbml: No such option: --nope; see crn2sbml --help"),
        ("simulate", "crn2sbml simulate: Missing argument 'model'; see crn2sbml simulate --help"),
        ("verify x.xml --method foo", "'foo' is not one of 'ode', 'lna', 'ssa'; see crn2sbml verify --help"),
        ("verify x.xml --runs many", "crn2sbml verify: Invalid value for '--runs': "),
    ],
)
def test_arguments_that_make_no_command(run: Program, arguments: str, line: str) -> None:
    done = run(*arguments.split())
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
    assert line in done.err


def test_a_folder_is_no_file_even_with_force(run: Program, folder: Path) -> None:
    refused(run, folder, "export", folder, "--out", folder, "--force", names=[str(folder), "is a folder"])


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--engine", "copsi"], ["'copsi'", "did you mean 'copasi'"]),
        (["--engine", "tests.cli.ode_only:OdeOnly", "--method", "ssa"], ["'ode-only'", "no method 'ssa'", "has ode"]),
        (["--engine", "copasi", "--method", "ssa", "--algorithm", "leap"], ["'copasi'", "'leap'", "mean 'tau-leap'"]),
        (["--algorithm", "euler"], ["'roadrunner'", "no algorithm 'euler'", "cvode"]),
        (["--t-end", "nan"], ["--t-end", "nan"]),
        (["--t-end", "-1"], ["--t-end", "-1"]),
        (["--t-end", "0"], ["--t-end"]),
        (["--t-end", "inf"], ["--t-end", "inf"]),
        (["--points", "1"], ["--points 1"]),
        (["--replicates", "0"], ["--replicates 0"]),
        (["--species", "B"], ["--species", "'B'"]),
        (["--method", "lna", "--species", "X", "--t-end", "60"], ["--species 'X'", "clamped"]),
        (["--method", "lna", "--t-end", "1"], ["'A'", "--t-end"]),
        (["--method", "ssa", "--seed", "-1"], ["seed"]),
    ],
    ids=lambda value: " ".join(value),
)
@pytest.mark.parametrize("output", [[], ["--json"], ["--out", "new.csv"]], ids=["screen", "json", "file"])
def test_simulate(
    run: Program,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    names: list[str],
    output: list[str],
) -> None:
    monkeypatch.chdir(folder.parent)
    refused(run, folder.parent, "simulate", "driven.xml", *options, *output, names=names)


@pytest.mark.parametrize(
    ("reactions", "words"),
    [
        ({"make": ("", "A", "b")}, "'A'"),
        ({"grow": ("A", "AA", "b"), "fade": ("A", "", "b")}, "no sum of counts is conserved"),
    ],
    ids=["grows", "drifts"],
)
def test_models_without_a_steady_state(
    run: Program, tmp_path: Path, reactions: dict[str, tuple[str, str, str]], words: str
) -> None:
    (tmp_path / "m.xml").write_text(sbml_of(network("A", {"b": 1.0}, **reactions).with_counts({"A": 10})))
    refused(run, tmp_path, "simulate", tmp_path / "m.xml", "--method", "lna", "--t-end", 40, names=[words])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        "{}",
        '"text"',
        json.dumps({"inputs": 3}),
        json.dumps({"inputs": [], "outputs": "ab", "omega": 1, "input_max": 1, "t_end": 1, "readout": ""}),
        json.dumps({"inputs": [], "outputs": [], "omega": None, "input_max": 1, "t_end": 1, "readout": ""}),
        json.dumps({"inputs": [], "outputs": [], "omega": 1, "input_max": 1, "t_end": "soon", "readout": ""}),
        '{"inputs": [], "outputs": [], "omega": 1, "input_max": 1, "t_end": NaN, "readout": ""}',
    ],
)
def test_a_damaged_io_json(run: Program, folder: Path, text: str) -> None:
    (folder / "io.json").write_text(text)
    refused(run, folder, "simulate", folder, names=["io.json"])


def test_an_io_json_of_another_model(run: Program, folder: Path) -> None:
    data = json.loads((folder / "io.json").read_text()) | {"outputs": ["readout9_P_0"]}
    (folder / "io.json").write_text(json.dumps(data))
    refused(run, folder, "simulate", folder, names=["'readout9_P_0'", "did you mean"])


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["digit"], ["'digit'", "did you mean 'digits'"]),
        (["digits", "--omega", "0"], ["omega is 0"]),
        (["digits", "--omega", "nan"], ["omega is nan"]),
    ],
)
def test_train(run: Program, tmp_path: Path, arguments: list[str], names: list[str]) -> None:
    refused(run, tmp_path, "train", *arguments, "--out", tmp_path / "new", names=names)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["--epochs", "0"], ["0 epochs"]),
        (["--epochs", "2", "--learning-rate", "1e30"], ["epoch", "--learning-rate"]),
        (["--seed", "-1"], ["seed"]),
        (["--epochs", "1", "--checkpoint", "garbage"], ["checkpoint garbage", "damaged"]),
        (["--epochs", "1", "--checkpoint", "missing/state"], ["missing/state", "does not exist"]),
    ],
)
def test_training_that_fails(
    run: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], names: list[str]
) -> None:
    """The progress display is on standard error too; the refusal is the last line there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "garbage").write_bytes(b"garbage")
    done = run("train", "digits", *arguments, "--out", "new")
    assert (done.status, done.out) == (2, "")
    last = done.err.splitlines()[-1]
    assert last.startswith("crn2sbml: ")
    for name in names:
        assert name in last
    assert list(listing(tmp_path)) == ["garbage"]
