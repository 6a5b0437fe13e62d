"""The archive of a model, run unchanged in Tellurium: its numbers must be those that the archive itself expects."""

import csv
import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crn2sbml.core.network import Network
from crn2sbml.errors import FormatError
from crn2sbml.formats.antimony_read import read_antimony
from crn2sbml.formats.document import Document, Metadata, Reading
from crn2sbml.formats.inputs_csv import read_inputs_csv
from crn2sbml.formats.libsbml_checks import complaints
from crn2sbml.formats.omex_read import Archive, unpack_omex
from crn2sbml.formats.sbml_read import read_sbml, read_sbml_file
from crn2sbml.formats.sedml_write import Example
from crn2sbml.formats.usage import Usage, read_io_json
from crn2sbml.report.archive import model_archive
from tests.formats.test_sedml_write import catalysis, dimers

MODELS = Path(__file__).parents[2] / "models"
ABOUT = Metadata(
    title="Two makers", notes=("A test.",), creators=("crn2sbml developers",), created="2025-03-04T05:06:07Z"
)
USAGE = Usage(("X", "Z"), ("A", "W"), 80, 16, 6.0)
EXAMPLES = (Example("low", {"X": 9, "Z": 30}), Example("high", {"X": 100}))
EXAMPLE_C = Example("c", {"X": 20})
SEED = 11


def small() -> bytes:
    return model_archive(Document(catalysis("W"), ABOUT), USAGE, EXAMPLES, SEED)


PACKED = small()

_TELLURIUM = """
import json, sys
import matplotlib
matplotlib.use("Agg")
import tellurium
(result,) = tellurium.executeCombineArchive(sys.argv[1]).values()
columns = {name: values.ravel().tolist() for name, values in result["dataGenerators"].items()}
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump(columns, file)
"""


def in_tellurium(packed: bytes, folder: Path, seconds: float) -> dict[str, dict[str, list[float]]]:
    """Columns by name, by task: Tellurium numbers its results as the tasks stand in the SED-ML."""
    (folder / "model.omex").write_bytes(packed)
    command = [sys.executable, "-c", _TELLURIUM, str(folder / "model.omex"), str(folder / "columns.json")]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=seconds)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "No SED-ML files" not in done.stderr
    assert "nsupported" not in done.stderr
    columns: dict[str, list[float]] = json.loads((folder / "columns.json").read_text(encoding="utf-8"))
    tasks = [row["task"] for row in expected(unpack_omex(packed, "x"))]
    return {
        task: {"time": columns[f"t{number}"]}
        | {name.split("_", 1)[1]: column for name, column in columns.items() if name.startswith(f"y{number}_")}
        for number, task in enumerate(tasks)
    }


def expected(archive: Archive) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.text("expected.csv"))))


def assert_agrees(packed: bytes, outputs: tuple[str, ...], runs: dict[str, dict[str, list[float]]]) -> None:
    rows = expected(unpack_omex(packed, "x"))
    assert len(rows) == len(runs) >= 4
    for row in rows:
        run = runs[row["task"]]
        assert run["time"][-1] == float(row["time"])
        wanted = [float(row[name]) for name in outputs]
        got = [run[name][-1] for name in outputs]
        if row["task"] == "task_ssa":
            # The same simulator, seed and output times: the same random numbers.
            assert got == wanted
        else:
            np.testing.assert_allclose(got, wanted, rtol=1e-6)


def test_the_archive_holds_everything() -> None:
    archive = unpack_omex(PACKED, "small.omex")
    assert sorted(set(archive.files) - {"manifest.xml", "metadata.rdf"}) == [
        *("expected.csv", "expected.json", "inputs.csv", "io.json", "model.ant", "model.xml", "simulation.sedml")
    ]
    assert (archive.master, archive.model_name) == ("simulation.sedml", "model.xml")
    assert read_sbml(archive.model) == Document(catalysis("W"), ABOUT)
    assert complaints(archive.model) == []
    assert {r.id for r in read_antimony(archive.text("model.ant")).network.reactions} == {"by_X", "by_Z", "fade"}
    assert read_io_json(archive.text("io.json")) == USAGE
    assert read_inputs_csv(archive.text("inputs.csv")) == (
        Example("low", {"X": 9, "Z": 30}),
        Example("high", {"X": 100, "Z": 30}),
    )


def test_the_same_input_gives_the_same_bytes() -> None:
    assert small() == PACKED


def test_expected_results_are_those_of_the_closed_form() -> None:
    rows = {row["task"]: row for row in expected(unpack_omex(PACKED, "x"))}
    for task, x, z in (("task_ode", 50, 30), ("task_of_low", 9, 30), ("task_of_high", 100, 30)):
        made = 2 * x + z / 2
        assert float(rows[task]["A"]) == pytest.approx(made * (1 - np.exp(-6)), rel=1e-8)
        assert float(rows[task]["time"]) == 6.0
    # A is Poisson with that mean, whatever the seed.
    z_score = (float(rows["task_ssa"]["A"]) - 115) / np.sqrt(115)
    assert abs(z_score) < 4


def test_the_record_says_how_they_came_about() -> None:
    archive = unpack_omex(PACKED, "x")
    record = json.loads(archive.text("expected.json"))
    checksum = hashlib.sha256(archive.files["model.xml"]).hexdigest()
    for kind in ("deterministic", "stochastic"):
        assert (record[kind]["engine"], record[kind]["model_sha256"]) == ("roadrunner", checksum)
        assert record[kind]["version"]
    assert record["stochastic"]["seed"] == SEED
    assert f'value="{record["stochastic"]["simulator_seed"]}"' in archive.text("simulation.sedml")
    assert record["deterministic"]["relative_tolerance"] == 1e-10


@pytest.mark.parametrize("seed", [SEED, 9])
def test_tellurium_runs_it_unchanged(seed: int, tmp_path: Path) -> None:
    """The second seed makes one for the simulator that is no signed 32-bit number."""
    packed = model_archive(Document(catalysis("W"), ABOUT), USAGE, EXAMPLES, seed)
    runs = in_tellurium(packed, tmp_path, 60)
    assert len(runs["task_ode"]["time"]) == 101
    assert_agrees(packed, USAGE.outputs, runs)


@pytest.mark.parametrize("reading", ["deterministic", "stochastic"])
def test_both_readings_travel_together(reading: Reading, tmp_path: Path) -> None:
    packed = model_archive(
        Document(dimers(), ABOUT, reading=reading),
        Usage(("X",), ("A", "B"), 80, 16, 10.0),
        [Example("low", {"X": 9}), Example("high", {"X": 90})],
        SEED,
    )
    archive = unpack_omex(packed, "x")
    other = "stochastic" if reading == "deterministic" else "deterministic"
    assert read_sbml(archive.text("model.xml")).reading == reading
    assert read_sbml(archive.text(f"model_{other}.xml")).reading == other
    assert archive.model_name == "model.xml"
    # The stationary ODE: make X = 2 bind A^2 and bind A^2 = fade B.
    rows = {row["task"]: row for row in expected(archive)}
    assert float(rows["task_of_high"]["A"]) == pytest.approx(np.sqrt(0.2 * 90 / 2 / 0.01), rel=1e-2)
    assert_agrees(packed, ("A", "B"), in_tellurium(packed, tmp_path, 60))


def test_tellurium_runs_a_large_model_by_adams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crn2sbml.formats.sedml_write.DENSE_UP_TO", 0)
    packed = model_archive(Document(catalysis("W"), ABOUT), USAGE, (*EXAMPLES, EXAMPLE_C), SEED)
    assert "KISAO:0000280" in unpack_omex(packed, "x").text("simulation.sedml")
    assert_agrees(packed, USAGE.outputs, in_tellurium(packed, tmp_path, 60))


@pytest.mark.parametrize("reading", ["any", "deterministic", "stochastic"])
def test_counts_that_are_not_whole_have_no_stochastic_task(reading: Reading, tmp_path: Path) -> None:
    network = catalysis("W") if reading == "any" else dimers()
    document = Document(network.with_counts({"A": 2.5}), ABOUT, reading=reading)
    usage = Usage(("X",), ("A",), 80, 16, 6.0)
    packed = model_archive(document, usage, [Example("a", {"X": 9}), Example("b", {"X": 90}), EXAMPLE_C], SEED)
    archive = unpack_omex(packed, "x")
    assert [row["task"] for row in expected(archive)] == ["task_ode", "task_of_a", "task_of_b", "task_of_c"]
    record = json.loads(archive.text("expected.json"))
    assert record["stochastic"] == {"left_out": "an initial count is not whole"}
    files = {name for name in archive.files if name.startswith("model") and name.endswith(".xml")}
    assert files == {"model.xml", "model_deterministic.xml"} if reading == "stochastic" else {"model.xml"}
    assert_agrees(packed, usage.outputs, in_tellurium(packed, tmp_path, 60))
    if reading == "any":
        # 2.5 e^-t are left of the first ones.
        made = (2 * 50 + 30 / 2) * (1 - np.exp(-6)) + 2.5 * np.exp(-6)
        assert float(expected(archive)[0]["A"]) == pytest.approx(made, rel=1e-8)


@pytest.mark.parametrize(
    ("usage", "examples", "words"),
    [
        (Usage(("X",), ("B",), 80, 16, 6.0), [], "no output species 'B'"),
        (USAGE, [Example("a", {"A": 3})], "no clamped species 'A'"),
    ],
)
def test_refusals(usage: Usage, examples: list[Example], words: str) -> None:
    with pytest.raises(FormatError, match=words):
        model_archive(Document(catalysis("W")), usage, examples, SEED)


def shipped_examples(usage: Usage, network: Network) -> list[Example]:
    """Two settings that are no images: what is compared is the simulators, not the answers."""
    patterns: dict[str, Any] = {"stripes": lambda i: 80 * (i % 8 > 3), "ramp": lambda i: (i * 3) % 81}
    assert set(usage.inputs) == set(network.clamped)
    return [Example(name, {s: float(f(i)) for i, s in enumerate(usage.inputs)}) for name, f in patterns.items()]


@pytest.mark.slow
def test_tellurium_runs_a_shipped_model(tmp_path: Path) -> None:
    """440 species, 64 inputs: half a minute, most of it Tellurium's five loads with MCJIT."""
    document = read_sbml_file(MODELS / "digits" / "model.xml")
    usage = read_io_json((MODELS / "digits" / "io.json").read_text(encoding="utf-8"))
    packed = model_archive(document, usage, shipped_examples(usage, document.network), 5, ssa_end=4.0)
    assert len(packed) < 1 << 18
    assert_agrees(packed, usage.outputs, in_tellurium(packed, tmp_path, 300))
