"""Tellurium scripts, run as somebody would who has nothing but the two files."""

import ast
import io
import os
import re
import subprocess
import sys
import tokenize
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crn2sbml.core.network import Network, Species
from crn2sbml.engines.copasi import CopasiEngine
from crn2sbml.errors import FormatError
from crn2sbml.formats.document import Document, Metadata
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.formats.tellurium_write import write_tellurium
from tests.engines.models import dimers, driven
from tests.formats.test_sbml_write import METADATA, single

T_END = 30.0


def run_script(document: Document, outputs: list[str], folder: Path, **more: Any) -> Mapping[str, dict[str, str]]:
    """What the script prints, by run: "Deterministic", "Stochastic"; it is started in another folder than its own."""
    (folder / "model.xml").write_text(write_sbml(document), "utf-8")
    script = folder / "run.py"
    script.write_text(write_tellurium(document, T_END, outputs, "model.xml", **more), "utf-8")
    environment = {**os.environ, "MPLBACKEND": "Agg"}
    done = subprocess.run(
        [sys.executable, str(script)], cwd=folder.parent, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "run.png").read_bytes().startswith(b"\x89PNG")
    runs: dict[str, dict[str, str]] = {}
    for title, lines in re.findall(r"^(\w+).*, after 30 s:\n((?:  .*\n)+)", done.stdout, re.MULTILINE):
        runs[title] = dict(re.findall(r"  (\w+)(?: =|:) (\S+)", lines))
    return runs


def test_both_runs_of_a_model_that_reads_either_way(tmp_path: Path) -> None:
    document = Document(single(), METADATA, "lumped")
    runs = run_script(document, ["P", "M"], tmp_path, seed=3)
    assert list(runs) == ["Deterministic", "Stochastic"]
    # COPASI's LSODA knows nothing of Tellurium; ten digits are printed.
    expected = CopasiEngine().load(write_sbml(document)).ode([0.0, T_END], {}).sel(species=["P", "M"]).values[0, -1]
    np.testing.assert_allclose([float(runs["Deterministic"][name]) for name in "PM"], expected, rtol=1e-8)
    assert runs["Deterministic"]["largest"] == "P"
    counts = [float(runs["Stochastic"][name]) for name in "PM"]
    assert counts == [int(count) for count in counts]
    assert runs["Stochastic"]["largest"] == "PM"[int(np.argmax(counts))]


@pytest.mark.slow
def test_a_seed_is_a_run(tmp_path: Path) -> None:
    """The clamped input is 3, A is made at 6/s and fades at 0.5/s."""
    counts = [run_script(Document(driven()), ["A"], tmp_path, seed=seed)["Stochastic"] for seed in (1, 1, 2)]
    assert counts[0] == counts[1]
    assert counts[0] != counts[2]
    assert "largest" not in counts[0]


@pytest.mark.parametrize(("reading", "kind"), [("deterministic", "Deterministic"), ("stochastic", "Stochastic")])
def test_equal_reactants_get_the_run_that_fits(reading: Any, kind: str, tmp_path: Path) -> None:
    document = Document(dimers(), reading=reading)
    runs = run_script(document, ["A"], tmp_path)
    assert list(runs) == [kind]
    count = float(runs[kind]["A"])
    if kind == "Deterministic":
        # 40 - 0.04 x^2 - 0.5 x = 0, and 2e-17 of the way is left at 30 s.
        assert count == pytest.approx((-0.5 + np.sqrt(0.25 + 4 * 0.04 * 40)) / 0.08, rel=1e-8)
    else:
        assert count == int(count)
    assert f"in the {reading} reading" in write_tellurium(document, T_END, ["A"], "model.xml")


def test_counts_that_are_not_whole_have_no_stochastic_run() -> None:
    for count, runs in ((2, True), (2.5, False)):
        text = write_tellurium(Document(driven(count)), T_END, ["A"], "model.xml")
        assert "cvode" in text
        assert ("gillespie" in text) == ("SEED" in text) == runs


def test_texts_cannot_become_code() -> None:
    metadata = Metadata(title='one\nraise SystemExit(7)\n"""', notes=("a\r\nimport os\u2028b", "\\"))
    file = 'it\'s a "model"\n.xml'
    text = write_tellurium(Document(driven(), metadata), T_END, ["A"], file)
    compile(text, "script", "exec")
    assert not any(line.startswith(("raise", "import os", "b")) for line in text.splitlines())
    assert repr(file) in text


@pytest.mark.parametrize(
    "title", ["Neural coding: spikes", "# coding: utf-7", "-*- coding=utf_16 -*-", "vim: coding=x"]
)
def test_no_title_is_the_encoding_of_the_script(title: str) -> None:
    """Held against Python's own reader; in UTF-7 the note would be a line of code."""
    metadata = Metadata(title=title, notes=("hello +AAo-raise SystemExit(7)+AAo-", "coding: latin-1"))
    text = write_tellurium(Document(driven(), metadata), T_END, ["A"], "m.xml")
    assert tokenize.detect_encoding(io.BytesIO(text.encode()).readline)[0] == "utf-8"
    code = ast.parse(text.encode())
    assert ast.dump(code) == ast.dump(ast.parse(write_tellurium(Document(driven()), T_END, ["A"], "m.xml")))


def test_the_same_document_gives_the_same_text() -> None:
    document = Document(single(), METADATA)
    assert write_tellurium(document, T_END, ["P"], "m.xml") == write_tellurium(document, T_END, ["P"], "m.xml")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"t_end": 0.0}, "t_end is 0"),
        ({"t_end": float("nan")}, "t_end is nan"),
        ({"outputs": []}, "at least one output"),
        ({"outputs": ["B"]}, "no species 'B'"),
        ({"seed": -1}, "seed is -1"),
        ({"document": Document(Network("n", (Species("time", 1),), (), ())), "outputs": ["time"]}, "'time'"),
        ({"document": Document(dimers().with_counts({"A": 0.5}), reading="stochastic")}, "not whole"),
    ],
)
def test_what_cannot_be_written_is_named(change: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {"document": Document(driven()), "t_end": T_END, "outputs": ["A"], "model_file": "m.xml"}
    with pytest.raises(FormatError, match=words) as refusal:
        write_tellurium(**{**given, **change})
    assert "\n" not in str(refusal.value)


def test_the_shape_does_not_matter() -> None:
    document = Document(single(), METADATA)
    assert write_tellurium(document, 1.0, ["P"], "m.xml") == write_tellurium(
        replace(document, shape="lumped"), 1.0, ["P"], "m.xml"
    )
