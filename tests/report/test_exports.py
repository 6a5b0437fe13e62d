"""What `export_files` makes of a network, opened by programs that did not write it."""

import gzip
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import COPASI
import numpy as np
import pytest
import roadrunner

from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.errors import FormatError
from crn2sbml.formats.antimony_read import read_antimony
from crn2sbml.formats.document import Document
from crn2sbml.formats.libsbml_checks import complaints
from crn2sbml.formats.omex_read import unpack_omex
from crn2sbml.formats.sbml_read import read_sbml
from crn2sbml.formats.sedml_write import Example
from crn2sbml.formats.usage import read_io_json
from crn2sbml.report.exports import Export, default_usage, export_files, export_formats, format_of
from tests.engines.models import dimers, driven
from tests.formats.test_antimony import assert_same_kinetics

T_END = 10.0
A_AT_END = 12 * (1 - np.exp(-T_END / 2))
"""Of `driven`, in closed form."""
RUNNABLE = ["bngl", "copasi", "omex", "sedml", "tellurium"]


def export_of(network: Network, name: str, **more: Any) -> Export:
    document = Document(network, reading="deterministic" if network.has_repeated_reactants else "any")
    return Export(document, name, default_usage(document, T_END), **more)


@cache
def files_of(to: str, name: str, pairs: bool = False) -> Mapping[str, str | bytes]:
    return export_files(export_of(dimers() if pairs else driven(), name), to)


def text_of(content: str | bytes) -> str:
    return content if isinstance(content, str) else gzip.decompress(content).decode()


@pytest.mark.parametrize(
    ("name", "to"),
    [
        ("x.xml", "sbml"),
        ("x.sbml", "sbml"),
        ("x.xml.gz", "sbml"),
        ("x.ant", "antimony"),
        ("X.ANT", "antimony"),
        ("x.antimony", "antimony"),
        ("my.model.cps", "copasi"),
        ("x.py", "tellurium"),
        ("x.bngl", "bngl"),
        ("x.sedml", "sedml"),
        ("x.omex", "omex"),
        ("x.cps.xml", "sbml"),
        ("x.ant.gz", "antimony"),
        ("x.SBML", "sbml"),
    ],
)
def test_the_name_tells_the_format(name: str, to: str) -> None:
    assert format_of(name) == to


@pytest.mark.parametrize("name", [".cps", "x", "x.json", "x.gz", "x.png"])
def test_a_name_that_tells_no_format(name: str) -> None:
    with pytest.raises(FormatError, match=r"its suffix tells no format .*--to"):
        format_of(name)


def test_every_format_has_the_file_that_was_asked_for_first() -> None:
    assert export_formats() == ["antimony", "bngl", "copasi", "lna", "omex", "sbml", "sedml", "tellurium"]
    for to in export_formats():
        assert next(iter(files_of(to, "asked.for"))) == "asked.for"


def test_an_unknown_format() -> None:
    with pytest.raises(FormatError, match="no format 'copsi'; did you mean 'copasi'"):
        export_files(export_of(driven(), "x"), "copsi")


@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("x.xml", "x_stochastic.xml"),
        ("x.xml.gz", "x_stochastic.xml.gz"),
        ("X.XML.GZ", "X_stochastic.XML.GZ"),
        ("my.model.xml", "my.model_stochastic.xml"),
        ("my.model.xml.gz", "my.model_stochastic.xml.gz"),
        ("x", "x_stochastic"),
        ("x.gz", "x_stochastic.gz"),
        (".xml", ".xml_stochastic"),
        ("a b.sbml", "a b_stochastic.sbml"),
    ],
)
def test_two_readings_two_files(name: str, second: str) -> None:
    files = files_of("sbml", name, pairs=True)
    assert list(files) == [name, second]
    texts = [text_of(content) for content in files.values()]
    assert [read_sbml(text).reading for text in texts] == ["deterministic", "stochastic"]
    for text in texts:
        assert complaints(text) == []
        assert_same_kinetics(read_sbml(text).network, dimers())
    turned = export_files(replace(export_of(dimers(), name), document=Document(dimers(), reading="stochastic")), "sbml")
    assert list(turned) == [name, second.replace("stochastic", "deterministic")]
    assert sorted(map(text_of, turned.values())) == sorted(texts)


def test_one_file_where_lumping_drops_the_only_pair() -> None:
    """2 X -> 2 X changes nothing, so the lumped shape has no reaction that could be read in two ways."""
    net = replace(
        driven(),
        parameters=(*driven().parameters, Parameter("idle", 0.1)),
        reactions=(*driven().reactions, Reaction("meet", (("A", 2),), (("A", 2),), "idle")),
    )
    assert list(export_files(export_of(net, "x.xml"), "sbml")) == ["x.xml", "x_stochastic.xml"]
    lumped = Document(net, shape="lumped", reading="deterministic")
    files = export_files(replace(export_of(net, "x.xml"), document=lumped), "sbml")
    assert list(files) == ["x.xml"]
    assert read_sbml(str(files["x.xml"])).reading == "any"


@pytest.mark.parametrize("to", ["sbml", "lna"])
def test_gzip_has_the_same_bytes_whenever_it_is_written(to: str) -> None:
    packed = files_of(to, "x.xml.gz")["x.xml.gz"]
    assert isinstance(packed, bytes)
    assert packed[4:8] == bytes(4)  # no time
    assert packed[3] == 0  # and no file name
    assert packed == export_files(export_of(driven(), "other.XML.GZ"), to)["other.XML.GZ"]
    assert text_of(packed) == files_of(to, "x.xml")["x.xml"]


@pytest.mark.parametrize("to", sorted(set(export_formats()) - {"sbml", "lna"}))
def test_only_sbml_is_packed(to: str) -> None:
    with pytest.raises(FormatError, match=f"only SBML is written as gzip, not {to}"):
        export_files(export_of(driven(), "x.gz"), to)


@pytest.mark.parametrize(("level", "numbers"), {"L3V2": "32", "L3V1": "31", "L2V5": "25", "L2V4": "24"}.items())
@pytest.mark.parametrize("to", ["sbml", "tellurium"])
def test_levels(level: str, numbers: str, to: str) -> None:
    files = export_files(export_of(driven(), "x.xml", level=level), to)
    text = str(list(files.values())[-1])
    root = ET.fromstring(text.encode())
    assert root.attrib["level"] + root.attrib["version"] == numbers
    assert complaints(text) == []
    assert_same_kinetics(read_sbml(text).network, driven())


def test_levels_and_pictures_that_a_format_does_not_have() -> None:
    for to in set(export_formats()) - {"sbml", "tellurium"}:
        with pytest.raises(FormatError, match=rf"x: level L2V4 is for sbml and tellurium; {to} holds L3V2"):
            export_files(export_of(driven(), "x", level="L2V4"), to)
    for to in ("copasi", "omex"):
        with pytest.raises(FormatError, match=f"x: {to} always holds the picture"):
            export_files(export_of(driven(), "x", picture=False), to)
    with pytest.raises(FormatError, match="no SBML level 'L9V9'"):
        export_files(export_of(driven(), "x", level="L9V9"), "sbml")


@pytest.mark.parametrize("level", ["L3V2", "L3V1", "L2V4"])
def test_with_and_without_a_picture(level: str) -> None:
    drawn, plain = (
        str(export_files(export_of(driven(), "x.xml", level=level, picture=picture), "sbml")["x.xml"])
        for picture in (True, False)
    )
    assert ("layout:listOfLayouts" in drawn) == ("render:" in drawn) == (level != "L2V4")
    assert "layout" not in plain
    assert "render" not in plain
    assert complaints(plain) == complaints(drawn) == []
    assert read_sbml(plain) == read_sbml(drawn)


def test_the_lna_as_a_model_goes_without_a_picture_too() -> None:
    drawn, plain = (export_files(export_of(driven(), "x.xml", picture=wanted), "lna")["x.xml"] for wanted in (1, 0))
    assert "layout:listOfLayouts" in str(drawn)
    assert "layout" not in str(plain)


def test_the_seed_is_not_negative() -> None:
    for to in export_formats():
        with pytest.raises(FormatError, match="seed is -1"):
            export_files(export_of(driven(), "x", seed=-1), to)


def test_what_a_model_without_io_json_shows() -> None:
    many = Network("many", tuple(Species(f"S{i}", 1, clamped=i % 2 == 1) for i in range(60)), (), ())
    usage = default_usage(Document(many), 3.0)
    assert usage.inputs == many.clamped
    assert usage.outputs == many.floating[:20] == tuple(f"S{i}" for i in range(0, 40, 2))
    assert usage.t_end == 3.0


EMPTY = {
    "nothing at all": Network("none", (), (), ()),
    "clamped species": Network("still", (Species("X", 3, clamped=True),), (Parameter("k", 1.0),), ()),
    "a clamped catalyst": Network(
        "idle",
        (Species("X", 3, clamped=True),),
        (Parameter("k", 1.0),),
        (Reaction("r", (("X", 1),), (("X", 1),), "k"),),
    ),
}


@pytest.mark.parametrize("network", EMPTY.values(), ids=EMPTY)
def test_networks_without_a_floating_species(network: Network) -> None:
    for to in RUNNABLE:
        with pytest.raises(FormatError, match=f"x: network '{network.id}' has no output to show, as {to} must"):
            export_files(export_of(network, "x"), to)
    for to in ("sbml", "lna"):
        text = str(export_files(export_of(network, "x"), to)["x"])
        assert complaints(text) == []
        assert read_sbml(text).network.species == network.species
    assert read_antimony(str(export_files(export_of(network, "x"), "antimony")["x"])).network.clamped == network.clamped


def test_networks_without_a_clamped_species() -> None:
    """Those of `dimers` are all floating; each format takes them."""
    for to in export_formats():
        assert files_of(to, "asked.for", pairs=True)


@pytest.mark.parametrize(("to", "name"), [("tellurium", "x.xml"), ("tellurium", "x.py"), ("sedml", "x.xml")])
def test_the_model_beside_a_script_has_a_name_of_its_own(to: str, name: str) -> None:
    files = files_of(to, name)
    assert list(files) == [name, "x_model.xml" if name == "x.xml" else "x.xml"]
    script, model = map(str, files.values())
    assert list(files)[1] in script
    assert read_sbml(model).network == driven()


def test_a_sedml_file_refers_to_the_files_beside_it() -> None:
    files = files_of("sedml", "my.model.sedml", pairs=True)
    assert list(files) == ["my.model.sedml", "my.model.xml", "my.model_stochastic.xml"]
    sources = re.findall(r' source="([^"#]*)"', str(files["my.model.sedml"]))
    assert sources == list(files)[1:]
    assert [read_sbml(str(files[name])).reading for name in sources] == ["deterministic", "stochastic"]


@pytest.fixture
def opened() -> Iterator[list[Any]]:
    models: list[Any] = []
    yield models
    for model in models:
        COPASI.CRootContainer.removeDatamodel(model)


@pytest.mark.parametrize("pairs", [False, True])
def test_copasi_opens_both_files(pairs: bool, opened: list[Any]) -> None:
    files = files_of("copasi", "asked.for", pairs=pairs)
    assert list(files) == ["asked.for", "asked_stochastic.cps"]
    found = []
    for text in files.values():
        opened.append(COPASI.CRootContainer.addDatamodel())
        assert opened[-1].loadModelFromString(str(text), "")
        task = opened[-1].getTask("Time-Course")
        assert task.getProblem().getDuration() == T_END
        found.append(task.getMethod().getObjectName())
    assert found == ["Deterministic (LSODA)", "Stochastic (Direct method)"]


def test_copasi_without_whole_counts_has_no_stochastic_file() -> None:
    assert list(export_files(export_of(driven(2.5), "x.cps"), "copasi")) == ["x.cps"]


@pytest.mark.parametrize("to", ["sedml", "omex"])
def test_no_stochastic_task_without_whole_counts(to: str) -> None:
    files = export_files(export_of(dimers().with_counts({"A": 2.5}), "x"), to)
    assert list(files) == (["x", "x.xml"] if to == "sedml" else ["x"])
    text = str(files["x"]) if to == "sedml" else unpack_omex(files["x"], "x").text("simulation.sedml")  # type: ignore[arg-type]
    assert re.findall(r'<task [^>]*id="(\w+)"', text) == ["task_ode"]


def test_the_tellurium_script_runs(tmp_path: Path) -> None:
    for name, content in files_of("tellurium", "run.me.py").items():
        (tmp_path / name).write_text(str(content), encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.me.py", "run.me.xml"]
    command = [sys.executable, "-c", "import os, runpy; os.environ['MPLBACKEND'] = 'Agg'; runpy.run_path('run.me.py')"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    shown = re.search(r"Deterministic, after 10 s:\n  A = ([\d.]+)", done.stdout)
    assert shown, done.stdout
    assert float(shown[1]) == pytest.approx(A_AT_END, rel=1e-8)


def test_the_lna_s_model_runs_in_libroadrunner() -> None:
    """From nothing, a birth and death process is Poisson at every time: the variance is the mean."""
    runner = roadrunner.RoadRunner(str(files_of("lna", "x.xml")["x.xml"]))
    runner.integrator.relative_tolerance = 1e-10
    found = runner.simulate(0, T_END, 11, ["A", "var_A"])
    np.testing.assert_allclose(found[-1], [A_AT_END, A_AT_END], rtol=1e-7)
    np.testing.assert_allclose(found[:, 0], found[:, 1], rtol=1e-7, atol=1e-9)


def test_the_archive_of_somebody_else_s_model() -> None:
    examples = (Example("low", {"X": 1}), Example("high", {"X": 30}))
    archive = unpack_omex(export_files(export_of(driven(), "x.omex", examples=examples), "omex")["x.omex"], "x.omex")  # type: ignore[arg-type]
    assert read_sbml(archive.model).network == driven()
    assert read_io_json(archive.text("io.json")) == default_usage(Document(driven()), T_END)
    rows = [line.split(",") for line in archive.text("expected.csv").splitlines()]
    assert rows[0] == ["task", "example", "time", "A"]
    found = {row[1]: float(row[3]) for row in rows[1:] if row[0] != "task_ssa"}
    assert found == pytest.approx({"": A_AT_END, "low": A_AT_END / 3, "high": A_AT_END * 10}, rel=1e-8)
    assert json.loads(archive.text("expected.json"))["stochastic"]["seed"] == 1
