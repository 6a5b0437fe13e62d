"""The SBML Test Suite: files of another hand, and results that its authors computed."""

import csv
from pathlib import Path

import libsbml
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network
from crn2sbml.formats.sbml_read import read_sbml_file

Steps = set[tuple[str, str, float]]

BIRTH_DEATH: Steps = {("X", "2 X", 0.1), ("X", "", 0.11)}
# After the descriptions of the Discrete Stochastic Models Test Suite (Evans, Gillespie, Wilkinson 2008).
EXPECTED: dict[str, tuple[dict[str, float], Steps]] = {
    "00001": ({"X": 100}, BIRTH_DEATH),
    "00002": ({"X": 100}, BIRTH_DEATH),
    "00003": ({"X": 100}, {("X", "2 X", 1.0), ("X", "", 1.1)}),
    "00004": ({"X": 10}, BIRTH_DEATH),
    "00005": ({"X": 10000}, BIRTH_DEATH),
    "00006": ({"X": 100, "$Sink": 0}, {("X", "2 X", 0.1), ("X", "Sink", 0.11)}),
    "00007": ({"X": 100, "Sink": 0}, {("X", "2 X", 0.1), ("X", "Sink", 0.11)}),
    "00008": ({"X": 100}, BIRTH_DEATH),
    "00009": ({"X": 100}, BIRTH_DEATH),
    "00020": ({"X": 0}, {("", "X", 1.0), ("X", "", 0.1)}),
    "00021": ({"X": 0}, {("", "X", 10.0), ("X", "", 0.1)}),
    "00022": ({"X": 0}, {("", "X", 5.0), ("X", "", 0.1)}),
    "00023": ({"X": 0}, {("", "X", 1000.0), ("X", "", 0.1)}),
    "00030": ({"P": 100, "P2": 0}, {("2 P", "P2", 0.0005), ("P2", "2 P", 0.01)}),
    "00037": ({"X": 0}, {("", "5 X", 1.0), ("X", "", 0.2)}),
}


def settings_of(case: Path) -> dict[str, str]:
    lines = (case / f"{case.name}-settings.txt").read_text().splitlines()
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def names_in(value: str) -> list[str]:
    return [name.strip() for name in value.split(",") if name.strip()]


def simulated(net: Network, times: np.ndarray) -> dict[str, np.ndarray]:
    """Amounts over time; tolerances far below the suite's, so that only the model is judged."""
    matrices = Matrices.of(net)
    start = np.array([s.initial for s in net.species], dtype=float)
    scale = max(start.max(), 1e-12)
    run = solve_ivp(
        lambda _, x: matrices.derivative(x * scale) / scale,
        (times[0], times[-1]),
        start / scale,
        method="LSODA",
        t_eval=times,
        rtol=1e-9,
        atol=1e-12,
    )
    assert run.success, run.message
    return dict(zip(matrices.species, run.y * scale, strict=True))


def test_semantic_case(semantic_case: Path) -> None:
    path = semantic_case / f"{semantic_case.name}-sbml-l3v2.xml"
    settings = settings_of(semantic_case)
    with (semantic_case / f"{semantic_case.name}-results.csv").open() as stream:
        rows = list(csv.DictReader(stream, skipinitialspace=True))
    times = np.array([float(row["time"]) for row in rows])
    amounts = simulated(read_sbml_file(path).network, times)
    model = libsbml.readSBMLFromFile(str(path)).getModel()
    sizes = {c.getId(): c.getSize() for c in model.getListOfCompartments()}
    home = {s.getId(): s.getCompartment() for s in model.getListOfSpecies()}
    concentrations = names_in(settings["concentration"])
    assert set(names_in(settings["variables"])) <= {name.strip() for name in rows[0]}
    for name in names_in(settings["variables"]):
        got = amounts[name] / sizes[home[name]] if name in concentrations else amounts[name]
        correct = np.array([float(row[name]) for row in rows])
        limit = float(settings["absolute"]) + float(settings["relative"]) * np.abs(correct)
        assert (np.abs(got - correct) <= limit).all(), f"{name}: off by {np.abs(got - correct).max():.2e}"


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_stochastic_case(suite_root: Path, name: str) -> None:
    counts, steps = EXPECTED[name]
    document = read_sbml_file(suite_root / "stochastic" / name / f"{name}-sbml-l3v2.xml")
    net = document.network

    def side(terms: tuple[tuple[str, int], ...]) -> str:
        return " + ".join(name if count == 1 else f"{count} {name}" for name, count in terms)

    assert {("$" if s.clamped else "") + s.id: s.initial for s in net.species} == counts
    assert {(side(r.inputs), side(r.outputs), net.rate_constants[r.rate]) for r in net.reactions} == steps
    assert len(net.reactions) == len(steps)
    assert document.reading == ("stochastic" if name == "00030" else "any")
