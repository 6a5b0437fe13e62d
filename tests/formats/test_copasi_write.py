"""COPASI files, opened again in a data model that knows nothing of how they were made."""

import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import COPASI
import numpy as np
import pytest

from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network
from crn2sbml.engines.copasi import CopasiEngine
from crn2sbml.errors import FormatError
from crn2sbml.formats import copasi_write
from crn2sbml.formats.copasi_write import HISTOGRAM_PLOT, REPEATS, TIME_PLOT, write_copasi
from crn2sbml.formats.document import Document, Metadata
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.lna.stationary import stationary
from tests.engines.models import dimers, driven
from tests.formats.test_sbml_write import METADATA, pairs, single

T_END = 40.0
NS = {"c": "http://www.copasi.org/static/schema"}
Opened = Callable[[str], Any]
written = cache(write_copasi)


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Opens a file's text as COPASI would, and forgets it afterwards."""
    datamodels = []

    def load(text: str) -> Any:
        datamodels.append(COPASI.CRootContainer.addDatamodel())
        assert datamodels[-1].loadModelFromString(text, "")
        return datamodels[-1]

    yield load
    for datamodel in datamodels:
        COPASI.CRootContainer.removeDatamodel(datamodel)


def species_by_id(datamodel: Any) -> dict[str, Any]:
    model = datamodel.getModel()
    # A .cps does not keep the ids of the SBML; these models' species have no other name.
    return {m.getObjectName(): m for m in (model.getMetabolite(i) for i in range(model.getNumMetabs()))}


def run(datamodel: Any, name: str, watched: list[str] = []) -> np.ndarray:  # noqa: B006 never changed
    """Press Run; what a plot would be given while the task runs: (point, watched object)."""
    COPASI.CCopasiMessage.clearDeque()
    handler = COPASI.CDataHandler()
    for cn in watched:
        handler.addDuringName(COPASI.CRegisteredCommonName(cn, datamodel))
    task = datamodel.getTask(name)
    ready = task.initializeRawWithOutputHandler(COPASI.CCopasiTask.OUTPUT_UI, handler)
    assert ready, COPASI.CCopasiMessage.getAllMessageText()
    assert task.processRaw(True), COPASI.CCopasiMessage.getAllMessageText()
    rows = [list(handler.getNthRow(i)) for i in range(handler.getNumRowsDuring())]
    counts = [m.getValue() for m in species_by_id(datamodel).values()]
    task.restore()
    return np.array(rows) if watched else np.array(counts)


def plotted(datamodel: Any, title: str) -> dict[str, list[str]]:
    """Curves of a plot and the objects they show; each must exist."""
    plot = datamodel.getPlotSpecification(title)
    curves = {}
    for item in (plot.getItem(i) for i in range(plot.getNumPlotItems())):
        cns = [channel.getString() for channel in item.getChannels()]
        for cn in cns:
            assert datamodel.getObject(COPASI.CCommonName(cn)) is not None, cn
        curves[item.getObjectName()] = cns
    return curves


CASES = [
    pytest.param(Document(driven()), id="birth-death"),
    pytest.param(Document(single(), METADATA), id="rectifier"),
    pytest.param(Document(single(), shape="lumped"), id="rectifier-lumped"),
    pytest.param(Document(dimers(), reading="deterministic"), id="dimers"),
    pytest.param(Document(dimers(), shape="lumped", reading="deterministic"), id="dimers-lumped"),
]


@pytest.mark.parametrize("document", CASES)
def test_deterministic_tasks_give_the_engine_s_numbers(document: Document, opened: Opened) -> None:
    floating = list(document.network.floating)
    datamodel = opened(written(document, T_END, document.network.floating))
    expected = CopasiEngine().load(write_sbml(document)).steady_state({}, T_END).sel(species=floating).values.ravel()
    curves = plotted(datamodel, TIME_PLOT)
    assert list(curves) == floating
    rows = run(datamodel, "Time-Course", [curves[floating[0]][0], *(curves[name][1] for name in floating)])
    np.testing.assert_allclose(rows[:, 0], np.linspace(0, T_END, 201), rtol=1e-12)
    # The same solver on the same model; only the number of output points differs.
    np.testing.assert_allclose(rows[-1, 1:], expected, rtol=1e-8)
    steady = dict(zip(species_by_id(datamodel), run(datamodel, "Steady-State"), strict=True))
    # The time course ends e^-20 short of the steady state.
    np.testing.assert_allclose([steady[name] for name in floating], expected, rtol=1e-6)


@pytest.mark.parametrize("document", CASES)
def test_lna_is_ours(document: Document, opened: Opened) -> None:
    matrices = Matrices.of(document.network)
    mean = CopasiEngine().load(write_sbml(document)).steady_state({}, T_END)
    ours = stationary(matrices, mean.values.ravel())
    datamodel = opened(written(document, T_END, ours.species))
    task = datamodel.getTask("Linear Noise Approximation")
    run(datamodel, "Linear Noise Approximation")
    matrix = task.getMethod().getUnscaledCovarianceMatrixAnn()
    names = {m.getCN().getString(): name for name, m in species_by_id(datamodel).items()}
    order = [names[cn.getString()] for cn in matrix.getAnnotationsCN(0)]
    variances = {}
    for i, name in enumerate(order):
        index = COPASI.SizeTStdVector(2)
        index[0] = index[1] = i
        variances[name] = matrix.array().get(index)
    # The steady state of both is good to a relative 1e-8 or better.
    np.testing.assert_allclose([variances[n] for n in ours.species], np.diag(ours.covariance), rtol=1e-5)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(Document(driven()), id="birth-death"),
        pytest.param(Document(single(), METADATA, "lumped"), id="rectifier-lumped"),
        pytest.param(Document(dimers(), reading="stochastic"), id="dimers"),
        pytest.param(Document(dimers(), shape="lumped", reading="stochastic"), id="dimers-lumped"),
    ],
)
def test_stochastic_tasks(document: Document, opened: Opened) -> None:
    name = document.network.floating[0]
    datamodel = opened(written(document, T_END, (name,), stochastic=True))
    curves = plotted(datamodel, TIME_PLOT)
    rows = run(datamodel, "Time-Course", curves[name])
    assert (rows[:, 1] == np.round(rows[:, 1])).all()
    assert len(set(rows[:, 1])) > 5
    histogram = plotted(datamodel, HISTOGRAM_PLOT)
    ends = run(datamodel, "Scan", histogram[name])[:, 0]
    assert len(ends) == REPEATS
    assert (ends == np.round(ends)).all()
    # Repeats of one seed would all be the same.
    assert len(set(ends)) > 3


def test_the_seed_gives_the_same_run_once_it_is_ticked(opened: Opened) -> None:
    datamodel = opened(write_copasi(Document(driven()), 10.0, ["A"], seed=5, stochastic=True))
    settings = datamodel.getTask("Time-Course").getMethod()
    assert settings.getParameter("Random Seed").getUIntValue() == 5
    settings.getParameter("Use Random Seed").setBoolValue(True)
    channels = plotted(datamodel, TIME_PLOT)["A"]
    first, second = run(datamodel, "Time-Course", channels), run(datamodel, "Time-Course", channels)
    np.testing.assert_array_equal(first, second)


def test_repeats_have_the_moments_of_the_master_equation(opened: Opened) -> None:
    """Birth and death: Poisson with mean 12 at the end (e^-20 short of it); 100 repeats."""
    datamodel = opened(written(Document(driven()), T_END, ("A",), stochastic=True))
    ends = run(datamodel, "Scan", plotted(datamodel, HISTOGRAM_PLOT)["A"])[:, 0]
    z = (ends.mean() - 12) / np.sqrt(12 / REPEATS)
    # The runs are not seeded; five standard errors are exceeded once in two million tests.
    assert abs(z) < 5
    y = np.sqrt(REPEATS / 2) * (((ends - 12) ** 2).mean() / 12 - 1)
    assert abs(y) < 6


def test_the_reading_decides_which_tasks_are_prepared() -> None:
    for reading, method in (("deterministic", "Deterministic(LSODA)"), ("stochastic", "DirectMethod")):
        text = write_copasi(Document(dimers(), reading=reading), T_END, ["A"])  # type: ignore[arg-type]
        root = ET.fromstring(text.encode())
        found = root.find(".//c:Task[@type='timeCourse']/c:Method", NS)
        assert found is not None
        assert found.attrib["type"] == method
        comment = root.find("c:Model/c:Comment", NS)
        assert comment is not None
        assert "Tasks set up for COPASI" in "".join(comment.itertext())
        with pytest.raises(FormatError, match=f"{reading} reading"):
            write_copasi(Document(dimers(), reading=reading), T_END, ["A"], stochastic=reading != "stochastic")  # type: ignore[arg-type]


def test_notes_are_kept_and_species_go_by_their_ids() -> None:
    text = write_copasi(Document(pairs(), METADATA, reading="stochastic"), T_END, ["A"])
    for kept in ("What it does: a &lt; b &amp; c.", 'name="Pairs &amp; &lt;friends>"', 'name="A"'):
        assert kept in text


@pytest.mark.parametrize("metadata", [METADATA, Metadata()])
def test_the_same_document_gives_the_same_text(metadata: Metadata, opened: Opened) -> None:
    """Whatever this process has loaded, and at any second: COPASI shares functions and numbers between models."""
    document = Document(single(), metadata, "lumped")
    first = write_copasi(document, T_END, ["P"], stochastic=True)
    opened(written(Document(pairs(), shape="lumped", reading="stochastic"), T_END, ("A",)))
    opened(first)
    time.sleep(1.1)
    assert write_copasi(document, T_END, ["P"], stochastic=True) == first
    assert "generated with COPASI" in first
    assert re.findall("<dcterms:W3CDTF>(.*)<", first) == [
        date for date in (metadata.created, metadata.modified) if date
    ]


def test_a_network_named_like_copasi_s_own_keys(opened: Opened) -> None:
    net = driven()
    names = {"X": "Metabolite_7", "A": "Model_3", "w": "ModelValue_9", "g": "Function_2"}

    def terms(side: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
        return tuple((names[name], count) for name, count in side)

    odd = Network(
        "Task_4",
        tuple(replace(s, id=names[s.id]) for s in net.species),
        tuple(replace(p, id=names[p.id]) for p in net.parameters),
        tuple(replace(r, inputs=terms(r.inputs), outputs=terms(r.outputs), rate=names[r.rate]) for r in net.reactions),
    )
    datamodel = opened(write_copasi(Document(odd), T_END, ["Model_3"]))
    assert datamodel.getModel().getObjectName() == "Task_4"
    rows = run(datamodel, "Time-Course", plotted(datamodel, TIME_PLOT)["Model_3"])
    assert rows[-1, 1] == pytest.approx(12, rel=1e-7)


def test_nothing_is_left_behind() -> None:
    def seen() -> tuple[int, int]:
        root = COPASI.CRootContainer
        return root.getDatamodelList().size(), root.getFunctionList().loadedFunctions().size()

    before = seen()
    write_copasi(Document(single(), shape="lumped"), T_END, ["P"])
    assert seen() == before


def test_the_layout_comes_through(opened: Opened) -> None:
    text = write_copasi(Document(driven()), T_END, ["A"])
    root = ET.fromstring(text.encode())
    glyphs = root.findall(".//c:ListOfLayouts/c:Layout/c:ListOfMetabGlyphs/c:MetaboliteGlyph", NS)
    keys = {m.attrib["key"]: m.attrib["name"] for m in root.iter(f"{{{NS['c']}}}Metabolite")}
    assert sorted(keys[glyph.attrib["metabolite"]] for glyph in glyphs) == ["A", "X"]
    assert opened(text).getListOfLayouts().size() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"outputs": ["B"]}, "no species 'B'"),
        ({"outputs": []}, "at least one output"),
        ({"t_end": 0.0}, "t_end is 0"),
        ({"t_end": float("nan")}, "t_end is nan"),
        ({"seed": -1}, "seed is -1"),
        ({"document": Document(driven(2.5)), "stochastic": True}, "not whole"),
    ],
)
def test_what_cannot_be_written_is_named(change: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {"document": Document(driven()), "t_end": T_END, "outputs": ["A"]}
    with pytest.raises(FormatError, match=words) as refusal:
        write_copasi(**{**given, **change})
    assert "\n" not in str(refusal.value)


def test_a_model_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copasi_write, "LARGEST", {"elementary": 5, "lumped": 5})
    with pytest.raises(FormatError, match=r"has 6 reactions in the elementary shape.*the lumped shape would do"):
        write_copasi(Document(single()), T_END, ["P"])


def test_copasi_s_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copasi_write, "write_sbml", lambda document: "<sbml/>")
    with pytest.raises(FormatError, match="COPASI refused the model: ") as refusal:
        write_copasi(Document(driven(), Metadata()), T_END, ["A"])
    assert "\n" not in str(refusal.value)
