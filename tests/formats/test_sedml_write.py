"""SED-ML held against libSEDML's reader, and COPASI, which keeps one model and its last time course."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import libsedml
import numpy as np
import pytest
from lxml import etree

from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.errors import FormatError
from crn2sbml.formats.document import Document, Reading
from crn2sbml.formats.sbml_read import read_sbml
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.formats.sedml_write import Example, write_sedml


def catalysis(waste: str = "time") -> Network:
    """X and Z make A, which fades: A ends at 2 X + Z / 2, as 1 - exp(-t)."""
    return Network(
        "net",
        (Species("X", 50, clamped=True), Species("Z", 30, clamped=True), Species("A"), Species(waste)),
        (Parameter("two", 2.0), Parameter("half", 0.5), Parameter("one", 1.0)),
        (
            Reaction("by_X", (("X", 1),), (("X", 1), ("A", 1)), "two"),
            Reaction("by_Z", (("Z", 1),), (("Z", 1), ("A", 1)), "half"),
            Reaction("fade", (("A", 1),), ((waste, 1),), "one"),
        ),
    )


def dimers() -> Network:
    """2 A -> B, made at a clamped rate: the two readings differ."""
    return Network(
        "pairs",
        (Species("X", 50, clamped=True), Species("A", 20), Species("B")),
        (Parameter("make", 0.2), Parameter("bind", 0.01), Parameter("fade", 0.5)),
        (
            Reaction("making", (("X", 1),), (("X", 1), ("A", 1)), "make"),
            Reaction("binding", (("A", 2),), (("B", 1),), "bind"),
            Reaction("fading", (("B", 1),), (), "fade"),
        ),
    )


EXAMPLES = (Example("low", {"X": 9, "Z": 30}), Example("high", {"X": 100, "Z": 0.5}))


def sedml(**changes: Any) -> str:
    options: dict[str, Any] = {"seed": 7, **changes}
    return write_sedml(Document(catalysis()), ["A", "time"], 4.0, EXAMPLES, **options)


def test_libsedml_reads_it_without_a_word_and_writes_it_again() -> None:
    text = sedml()
    document = libsedml.readSedMLFromString(text)
    assert [document.getError(i).getMessage() for i in range(document.getNumErrors())] == []
    assert (document.getLevel(), document.getVersion()) == (1, 4)
    assert libsedml.writeSedMLToString(document) == text == sedml()


def runs_in(document: libsedml.SedDocument) -> dict[str, tuple[Any, ...]]:
    """Model, algorithm, end, steps and settings of each task."""
    runs = {}
    for i in range(document.getNumTasks()):
        task = document.getTask(i)
        course = document.getSimulation(task.getSimulationReference())
        method = course.getAlgorithm()
        parameters = (method.getAlgorithmParameter(j) for j in range(method.getNumAlgorithmParameters()))
        settings = {p.getKisaoID(): p.getValue() for p in parameters}
        ends = course.getOutputEndTime(), course.getNumberOfSteps()
        runs[task.getId()] = (task.getModelReference(), method.getKisaoID(), *ends, settings)
    return runs


def test_what_is_run() -> None:
    document = libsedml.readSedMLFromString(sedml(ssa_end=2.5, steps=40))
    cvode = ("KISAO:0000019", 4.0, 40, dict.fromkeys(("KISAO:0000209", "KISAO:0000211"), "1e-10"))
    cvode[3].update({name: f"{float(value):.17g}" for name, value in cvode[3].items()})
    assert runs_in(document) == {
        "task_ssa": ("model", "KISAO:0000029", 2.5, 40, {"KISAO:0000488": "7"}),
        "task_ode": ("model", *cvode),
        "task_of_low": ("model_of_low", *cvode),
        "task_of_high": ("model_of_high", *cvode),
    }
    outputs = [document.getOutput(i).getId() for i in range(document.getNumOutputs())]
    assert outputs == [f"{kind}_{run}" for run in ("ssa", "ode", "of_low", "of_high") for kind in ("report", "plot")]
    report = document.getOutput(0)
    assert [report.getDataSet(i).getLabel() for i in range(3)] == ["time", "A", "time"]


def test_large_networks_ask_for_adams_and_many_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """COPASI, which has no such method, runs its own."""
    monkeypatch.setattr("crn2sbml.formats.sedml_write.DENSE_UP_TO", 0)
    _, method, *_, settings = runs_in(libsedml.readSedMLFromString(sedml()))["task_ode"]
    assert (method, settings["KISAO:0000415"]) == ("KISAO:0000280", "1000000")
    assert copasi(tmp_path)["last"]["A"] == pytest.approx((2 * 50 + 30 / 2) * (1 - np.exp(-4)), rel=1e-5)


def test_only_inputs_that_differ_are_changed() -> None:
    document = libsedml.readSedMLFromString(sedml())
    models = {document.getModel(i).getId(): document.getModel(i) for i in range(document.getNumModels())}
    changes = {
        name: [
            (m.getChange(i).getTarget().split("'")[1], m.getChange(i).getNewValue()) for i in range(m.getNumChanges())
        ]
        for name, m in models.items()
    }
    assert changes == {"model": [], "model_of_low": [("X", "9")], "model_of_high": [("X", "100"), ("Z", "0.5")]}
    assert models["model_of_low"].getSource() == "#model"


@pytest.mark.parametrize(("reading", "other"), [("deterministic", "stochastic"), ("stochastic", "deterministic")])
def test_each_reading_has_its_file(reading: Reading, other: str) -> None:
    examples = [Example("low", {"X": 5})]
    document = Document(dimers(), reading=reading)
    text = write_sedml(document, ["B"], 4.0, examples, seed=1, other_file="other.xml")
    read = libsedml.readSedMLFromString(text)
    assert read.getNumErrors() == 0
    file = {reading: "model.xml", other: "other.xml"}

    def source(task: str) -> str:
        name = read.getTask(task).getModelReference()
        while not (found := read.getModel(name).getSource()).endswith(".xml"):
            name = found.removeprefix("#")
        return str(found)

    assert source("task_ssa") == file["stochastic"]
    assert source("task_ode") == source("task_of_low") == file["deterministic"]


def test_one_reading_alone_has_one_kind_of_run() -> None:
    text = write_sedml(Document(dimers(), reading="stochastic"), ["B"], 4.0, seed=1)
    assert "task_ssa" in text
    assert "task_ode" not in text
    text = write_sedml(Document(dimers(), reading="deterministic"), ["B"], 4.0, [Example("a", {"X": 1})], seed=1)
    assert "task_ssa" not in text
    assert "task_of_a" in text
    with pytest.raises(FormatError, match="deterministic reading"):
        write_sedml(Document(dimers(), reading="stochastic"), ["B"], 4.0, [Example("a", {"X": 1})], seed=1)


def test_counts_that_are_not_whole_have_no_stochastic_run() -> None:
    document = Document(catalysis().with_counts({"A": 2.5}))
    text = write_sedml(document, ["A"], 4.0, EXAMPLES, seed=1)
    read = libsedml.readSedMLFromString(text)
    assert read.getNumErrors() == 0
    assert [read.getTask(i).getId() for i in range(read.getNumTasks())] == ["task_ode", "task_of_low", "task_of_high"]
    assert "No stochastic run: an initial count is not whole." in read.getNotesString()
    assert "No stochastic run" not in sedml()


def test_counts_that_are_not_whole_need_the_deterministic_file() -> None:
    half = dimers().with_counts({"A": 2.5})
    text = write_sedml(Document(half, reading="stochastic"), ["B"], 4.0, seed=1, other_file="other.xml")
    read = libsedml.readSedMLFromString(text)
    assert [read.getTask(i).getModelReference() for i in range(read.getNumTasks())] == ["model_deterministic"]
    text = write_sedml(Document(half, reading="deterministic"), ["B"], 4.0, seed=1, other_file="other.xml")
    assert "other.xml" not in text
    assert "task_ssa" not in text
    with pytest.raises(FormatError, match="not whole"):
        write_sedml(Document(half, reading="stochastic"), ["B"], 4.0, seed=1)


def test_every_species_is_found_by_its_target() -> None:
    """By an XPath engine, in the model itself: the condition that steers Tellurium must not hide the species."""
    model = etree.fromstring(write_sbml(Document(catalysis())).encode())
    spaces = {"sbml": "http://www.sbml.org/sbml/level3/version2/core"}
    experiment = etree.fromstring(sedml().encode())
    targets = [element.get("target") for element in experiment.iter() if element.get("target")]
    assert len(targets) == 3 + 4 * 2
    for target in targets:
        (found,) = model.xpath(target, namespaces=spaces)
        wanted = target.split("'")[1]
        if target.endswith("@initialAmount"):
            assert float(found) == {"X": 50, "Z": 30}[wanted]
        else:
            assert (found.tag, found.get("id")) == (f"{{{spaces['sbml']}}}species", wanted)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"outputs": ["A", "B"]}, "no output species 'B'"),
        ({"outputs": []}, "0 outputs"),
        ({"outputs": ["A", "time", "A"]}, "'A' is named 2 times"),
        ({"t_end": 0.0}, "time > 0"),
        ({"t_end": float("nan")}, "time > 0"),
        ({"ssa_end": -1.0}, "time > 0"),
        ({"steps": 0}, "0 steps"),
        ({"seed": -1}, "seed -1"),
        ({"seed": 2**32}, "seed 4294967296"),
        ({"examples": [Example("a", {"A": 1})]}, "no clamped species 'A'"),
        ({"examples": [Example("a", {}), Example("a", {})]}, "used 2 times"),
    ],
)
def test_refusals(changes: dict[str, Any], words: str) -> None:
    options: dict[str, Any] = {"outputs": ["A"], "t_end": 4.0, "seed": 1, **changes}
    with pytest.raises(FormatError, match=words) as refusal:
        write_sedml(Document(catalysis()), **options)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", ["", "a b", "x'); import os", "ä", "a" * 65])
def test_example_names_that_programs_could_trip_over(name: str) -> None:
    with pytest.raises(FormatError, match="a name has"):
        Example(name, {})


@pytest.mark.parametrize("count", [-1.0, float("nan"), float("inf")])
def test_counts_that_are_none(count: float) -> None:
    with pytest.raises(FormatError, match="finite and >= 0"):
        Example("a", {"X": count})


@pytest.mark.parametrize("order", ["libsbml, libsedml", "libsedml, libsbml", "crn2sbml.formats.sbml_read"])
def test_laws_are_still_read_beside_libsedml(order: str) -> None:
    """Its import takes over libSBML's classes; whatever came first, our reader must go on reading."""
    code = f"""
import {order}
from crn2sbml.formats.sbml_read import read_sbml
from crn2sbml.formats.sedml_write import write_sedml
import sys
document = read_sbml(sys.stdin.read())
write_sedml(document, ["A"], 1.0, seed=1)
print(len(document.network.reactions))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=write_sbml(Document(catalysis())),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "3"


_COPASI = """
import json, sys
import COPASI
file, task, model = sys.argv[1:]
data = COPASI.CRootContainer.addDatamodel()
options = COPASI.SedmlImportOptions(task, model)
fine = data.importSEDML(file, None, True, options if task else None)
found, course = data.getModel(), data.getTask("Time-Course")
counts = {}
for i in range(found.getNumMetabs()):
    species = found.getMetabolite(i)
    counts[species.getSBMLId()] = species.getInitialValue()
method = course.getMethod()
settings = {}
for i in range(method.size()):
    parameter = method.getParameter(i)
    settings[parameter.getObjectName()] = parameter.getDblValue() if "Tolerance" in parameter.getObjectName() else None
ran = course.process(True)
series, last = course.getTimeSeries(), {}
for i in range(series.getNumVariables()):
    last[series.getSBMLId(i, data)] = series.getConcentrationData(series.getRecordedSteps() - 1, i)
problem = course.getProblem()
print(json.dumps({"fine": fine, "ran": ran, "counts": counts, "settings": settings, "last": last,
    "method": method.getObjectName(), "duration": problem.getDuration(), "steps": problem.getStepNumber()}))
"""


def copasi(folder: Path, task: str = "", model: str = "") -> dict[str, Any]:
    (folder / "model.xml").write_text(write_sbml(Document(catalysis())), encoding="utf-8")
    (folder / "simulation.sedml").write_text(sedml(), encoding="utf-8")
    command = [sys.executable, "-c", _COPASI, str(folder / "simulation.sedml"), task, model]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert result["fine"]
    assert result["ran"]
    return result


def test_copasi_imports_the_model_with_the_deterministic_run(tmp_path: Path) -> None:
    """It says that it takes the first model alone, and LSODA for CVODE."""
    result = copasi(tmp_path)
    assert result["counts"] == {"X": 50, "Z": 30, "A": 0, "time": 0}
    assert (result["method"], result["duration"], result["steps"]) == ("Deterministic (LSODA)", 4.0, 100)
    assert result["settings"]["Relative Tolerance"] == result["settings"]["Absolute Tolerance"] == 1e-10
    # Closed form; LSODA at 1e-10.
    assert result["last"]["A"] == pytest.approx((2 * 50 + 30 / 2) * (1 - np.exp(-4)), rel=1e-8)


def test_copasi_imports_an_example_when_told_to(tmp_path: Path) -> None:
    result = copasi(tmp_path, "task_of_high", "model_of_high")
    assert result["counts"] == {"X": 100, "Z": 0.5, "A": 0, "time": 0}
    assert result["last"]["A"] == pytest.approx((2 * 100 + 0.5 / 2) * (1 - np.exp(-4)), rel=1e-8)


def test_the_model_named_in_the_sedml_is_the_one_written() -> None:
    net = replace(catalysis(), id="other")
    assert 'name="other"' in write_sedml(Document(net), ["A"], 1.0, seed=1, model_file="m.xml")
    assert read_sbml(write_sbml(Document(net))).network.id == "other"
