"""The emitted LNA, integrated by simulators that know nothing of it, against closed forms, SciPy and the suite."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import COPASI
import libsbml
import numpy as np
import pytest
import roadrunner
from hypothesis import given, settings
from scipy.integrate import solve_ivp

from crn2sbml.circuits.classifier import Classifier
from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.errors import FormatError
from crn2sbml.formats import lna_write
from crn2sbml.formats.document import Document, Metadata, Reading, Shape
from crn2sbml.formats.libsbml_checks import complaints
from crn2sbml.formats.lna_write import covariance_ids, write_lna
from crn2sbml.formats.sbml_read import read_sbml_file
from crn2sbml.lna.stationary import stationary
from crn2sbml.motifs.average_pool import AveragePool
from crn2sbml.motifs.convolution import Convolution
from crn2sbml.motifs.dense import Dense
from crn2sbml.motifs.motif import Kinetics
from tests.circuits.test_classifier import signed_weights
from tests.lna.test_stationary import birth_death, network
from tests.reference.random_networks import networks
from tests.reference.steady_ode import steady_counts

AFFINE = [f"{number:05}" for number in (*range(1, 10), 20, 21, 22, 23, 37)]


def document_of(net: Network, shape: Shape = "elementary") -> Document:
    return Document(net, shape=shape, reading="deterministic" if net.has_repeated_reactants else "any")


def by_roadrunner(sbml: str, times: Sequence[float], ids: Sequence[str]) -> np.ndarray:
    """Values at `times`, (times, ids), straight from the simulator."""
    roadrunner.Logger.setLevel(roadrunner.Logger.LOG_FATAL)
    runner = roadrunner.RoadRunner(sbml)
    runner.integrator.stiff = True
    runner.integrator.relative_tolerance, runner.integrator.absolute_tolerance = 1e-11, 1e-11
    runner.integrator.maximum_num_steps = 1_000_000
    return np.array(runner.simulate(times=list(times), selections=list(ids)))


def by_copasi(sbml: str, times: Sequence[float], ids: Sequence[str]) -> np.ndarray:
    """The same in COPASI, one run from the start for each time."""
    datamodel = COPASI.CRootContainer.addDatamodel()
    assert datamodel.importSBMLFromString(sbml), COPASI.CCopasiMessage.getAllMessageText()
    model, task = datamodel.getModel(), datamodel.getTask("Time-Course")
    assert task.setMethodType(COPASI.CTaskEnum.Method_deterministic)
    for name, value in (("Relative Tolerance", 1e-11), ("Absolute Tolerance", 1e-11)):
        assert task.getMethod().getParameter(name).setDblValue(value)
    assert task.getMethod().getParameter("Max Internal Steps").setUIntValue(10_000_000)
    species = [model.getMetabolite(i) for i in range(model.getNumMetabs())]
    values = [model.getModelValue(i) for i in range(model.getNumModelValues())]
    found = {thing.getSBMLId(): thing for thing in (*species, *values)}
    rows = []
    for time in times:
        task.getProblem().setDuration(float(time))
        task.getProblem().setStepNumber(1)
        assert task.initializeRaw(COPASI.CCopasiTask.NO_OUTPUT)
        assert task.processRaw(True), COPASI.CCopasiMessage.getAllMessageText()
        rows.append([found[name].getInitialValue() if time == 0 else found[name].getValue() for name in ids])
        task.restore()
    COPASI.CRootContainer.removeDatamodel(datamodel)
    return np.array(rows)


SIMULATORS = {"roadrunner": by_roadrunner, "copasi": by_copasi}


def moments(document: Document, times: Sequence[float], simulator: str) -> tuple[np.ndarray, np.ndarray]:
    """Means (times, floating) and covariances (times, floating, floating) out of the written file."""
    floating, names = list(document.network.floating), covariance_ids(document)
    values = SIMULATORS[simulator](write_lna(document), times, [*floating, *names.values()])
    covariance = np.zeros((len(times), len(floating), len(floating)))
    for (a, b), column in zip(names, values.T[len(floating) :], strict=True):
        i, j = floating.index(a), floating.index(b)
        covariance[:, i, j] = covariance[:, j, i] = column
    return values[:, : len(floating)], covariance


def rectifiers() -> Network:
    """Two dense layers of three and two rectifiers behind four clamped inputs."""
    circuit = Classifier("two", (1, 2, 2), (Dense(3, "hidden"), Dense(2, "readout")), Kinetics(omega=100))
    return circuit.network(signed_weights(circuit, 4), np.random.default_rng(8).random((2, 2)))


def classifier() -> Network:
    """A convolution of two filters, a pool and two read-outs, 26 floating species."""
    layers = (Convolution(2, 2), AveragePool(2, 1), Dense(2, "readout"))
    circuit = Classifier("small", (1, 3, 3), layers, Kinetics(omega=150))
    return circuit.network(signed_weights(circuit, 1), np.random.default_rng(9).random((3, 3)))


def dimerisation() -> Network:
    """2A -> B beside birth and death: the deterministic rate is k A^2."""
    return network(
        "AB",
        {"b": 40.0, "k": 0.02, "g": 0.5},
        make=("", "A", "b"),
        pair=("AA", "B", "k"),
        split=("B", "AA", "g"),
        fade=("A", "", "g"),
        fade_b=("B", "", "g"),
    )


STEADY: dict[str, Network] = {
    "birth-death": birth_death(12.0, 0.5),
    "dimers": dimerisation(),
    "rectifiers": rectifiers(),
    "classifier": classifier(),
}


@pytest.mark.parametrize(("simulator", "shape"), [("roadrunner", "lumped"), ("copasi", "elementary")])
@pytest.mark.parametrize("net", STEADY.values(), ids=STEADY)
def test_steady_state_is_the_stationary_covariance(net: Network, shape: Shape, simulator: str) -> None:
    mean, covariance = (values[-1] for values in moments(document_of(net, shape), [0, 80.0], simulator))
    found = steady_counts(net)
    expected = stationary(Matrices.of(net), np.array([found[s.id] for s in net.species]))
    sd = np.sqrt(np.diag(expected.covariance))
    # exp(-0.5 * 80) is far below the simulators' tolerances of 1e-11, whose errors add up to less than 1e-6.
    np.testing.assert_allclose(mean / sd, expected.mean / sd, atol=1e-6)
    np.testing.assert_allclose(covariance / np.outer(sd, sd), expected.covariance / np.outer(sd, sd), atol=1e-6)


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_transient_follows_the_matrix_equation(simulator: str) -> None:
    """J and the noise of the dimers written out by hand, integrated dense by SciPy."""
    changes = np.array([[1, -2, 2, -1, 0], [0, 1, -1, 0, -1]])

    def speed(_: float, state: np.ndarray) -> np.ndarray:
        (a, b), covariance = state[:2], state[2:].reshape(2, 2)
        rates = np.array([40.0, 0.02 * a * a, 0.5 * b, 0.5 * a, 0.5 * b])
        jacobian = changes @ np.array([[0, 0], [0.04 * a, 0], [0, 0.5], [0.5, 0], [0, 0.5]])
        moved = jacobian @ covariance + covariance @ jacobian.T + changes @ np.diag(rates) @ changes.T
        return np.concatenate([changes @ rates, moved.ravel()])

    times = [0.0, 0.05, 0.3, 1.0, 3.0, 10.0]
    net = dimerisation().with_counts({"A": 90, "B": 3})
    start = np.array([90.0, 3.0, 0, 0, 0, 0])
    run = solve_ivp(speed, (0, 10), start, method="LSODA", t_eval=times, rtol=1e-11, atol=1e-11)
    mean, covariance = moments(document_of(net), times, simulator)
    np.testing.assert_allclose(mean, run.y[:2].T, rtol=1e-7)
    np.testing.assert_allclose(covariance, run.y[2:].T.reshape(-1, 2, 2), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_immigration_and_death_is_poisson_at_every_time(simulator: str) -> None:
    times = np.linspace(0, 8, 5)
    mean, covariance = moments(document_of(birth_death(6.0, 0.4)), times.tolist(), simulator)
    exact = 15 * (1 - np.exp(-0.4 * times))
    np.testing.assert_allclose(mean[:, 0], exact, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(covariance[:, 0, 0], exact, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_pure_death_is_binomial_at_every_time(simulator: str) -> None:
    """What dies is counted in B, so A + B is known: its variance is 0."""
    net = network("AB", {"g": 0.7}, fade=("A", "B", "g")).with_counts({"A": 250})
    times = np.linspace(0, 5, 6)
    alive = np.exp(-0.7 * times)
    mean, covariance = moments(document_of(net), times.tolist(), simulator)
    variance = 250 * alive * (1 - alive)
    np.testing.assert_allclose(mean[:, 0], 250 * alive, rtol=1e-8)
    np.testing.assert_allclose(covariance, variance[:, None, None] * np.array([[1, -1], [-1, 1]]), rtol=1e-8, atol=1e-8)


def column(path: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Times and one species of a file of the suite; one of them heads its first column "Time"."""
    with path.open() as stream:
        rows = [{key.strip().lower(): float(value) for key, value in row.items()} for row in csv.DictReader(stream)]
    return np.array([row["time"] for row in rows]), np.array([row[name.lower()] for row in rows])


def last_digit(values: np.ndarray) -> np.ndarray:
    """A unit of the seventh significant digit or of the fifth decimal, whichever is coarser.

    Not half of it: the suite lists 9797.580 for 9797.58089 (00023 at 39 s).
    """
    exponents = np.floor(np.log10(np.maximum(np.abs(values), 1e-12)))
    return 10.0 ** np.maximum(exponents - 6, -5)


@pytest.mark.parametrize("case", AFFINE)
def test_stochastic_suite_to_the_printed_precision(suite_root: Path, case: str) -> None:
    """Affine propensities: mean and standard deviation are exact, so every printed digit must come out."""
    folder = suite_root / "stochastic" / case
    document = read_sbml_file(folder / f"{case}-sbml-l3v2.xml")
    variance = covariance_ids(document)
    times, mu = column(next(folder.glob("*-mean.csv")), "X")
    again, sigma = column(next(folder.glob("*-sd.csv")), "X")
    assert times.tolist() == again.tolist() == list(range(51))
    mean, spread = by_roadrunner(write_lna(document), times.tolist(), ["X", variance["X", "X"]]).T
    # To each limit comes the solver's own error of 1e-8.
    assert np.all(np.abs(mean - mu) <= last_digit(mu) + 1e-8 * mu)
    np.testing.assert_allclose(spread[sigma == 0], 0, atol=1e-8)
    spread, sigma = spread[sigma > 0], sigma[sigma > 0]
    # The suite's authors rounded the variance before they took its root, and the root again.
    limit = last_digit(sigma) + last_digit(sigma**2) / (2 * sigma) + 1e-8 * sigma
    assert np.all(np.abs(np.sqrt(spread) - sigma) <= limit)


@settings(max_examples=15, deadline=None)
@given(net=networks())
def test_any_network_is_valid_and_written_the_same_twice(net: Network) -> None:
    for shape in ("elementary", "lumped"):
        document = document_of(net, shape)
        text = write_lna(document)
        assert complaints(text) == []
        assert text == write_lna(document)


def test_what_the_file_says() -> None:
    metadata = Metadata("Pairs & more", ("By nobody.",), ("crn2sbml developers",), "2024-05-06T07:08:09Z")
    text = write_lna(Document(dimerisation(), metadata, reading="stochastic"))
    assert complaints(text) == []
    model = libsbml.readSBMLFromString(text).getModel()
    assert model.getId() == "net_lna"
    assert model.getName() == "Pairs & more: mean and covariance (linear noise approximation)"
    assert "By nobody." in model.getNotesString()
    assert "Linear noise approximation" in model.getNotesString()
    assert model.getModelHistory().getNumCreators() == 1
    assert model.getSBOTermID() == "SBO:0000293"
    term = model.getCVTerm(0)
    assert term.getModelQualifierType() == libsbml.BQM_IS_DESCRIBED_BY
    assert term.getResourceURI(0) == "https://identifiers.org/doi:10.1101/gr.1196503"
    # The stochastic reading of the document does not make it k A (A - 1).
    assert libsbml.formulaToL3String(model.getReaction("pair").getKineticLaw().getMath()) == "k * A^2"
    names = {("A", "A"): "var_A", ("A", "B"): "cov_A_B", ("B", "B"): "var_B"}
    assert covariance_ids(Document(dimerisation(), reading="deterministic")) == names
    for name in names.values():
        parameter = model.getParameter(name)
        assert (parameter.getValue(), parameter.getConstant(), parameter.getUnits()) == (0, False, "item_squared")
        assert model.getRateRule(name) is not None
    assert model.getParameter("cov_A_B").getName() == "covariance of A and B"
    assert model.getNumRules() == 3
    # Numbers with units trip Antimony and SBMLtoODEjax: the factor 2 and the unit of noise are parameters.
    assert "sbml:units" not in text
    assert (model.getParameter("times_2").getValue(), model.getParameter("one_item").getUnits()) == (2, "substance")


def test_names_that_are_taken() -> None:
    """Species and reactions named like covariances, like the model, like a channel, or like an SBML symbol."""
    net = Network(
        "m",
        tuple(Species(name) for name in ("A", "A_B", "B", "B_A", "var_A", "time", "m_lna", "cell")),
        (Parameter("cov_A_B", 3.0), Parameter("g", 1.0)),
        (
            Reaction("var_time", (), (("A", 1), ("B_A", 1)), "cov_A_B"),
            Reaction("r2", (), (("A_B", 1), ("A", 1)), "cov_A_B"),
            Reaction("r3", (), (("A", 1), ("B", 1), ("time", 1), ("var_A", 1)), "cov_A_B"),
            *(Reaction(f"fade_{n}", ((n, 1),), (), "g") for n in ("A", "A_B", "B", "B_A", "time", "var_A")),
        ),
    )
    document = document_of(net)
    names = covariance_ids(document)
    assert names["A", "A"] == "var_A_2"
    assert names["A", "B"] == "cov_A_B_2"
    assert names["time", "time"] == "var_time_2"
    assert len(set(names.values())) == len(names)
    assert covariance_ids(replace(document, shape="lumped")) == names
    for shape in ("elementary", "lumped"):
        text = write_lna(replace(document, shape=shape))
        assert complaints(text) == []
        assert libsbml.readSBMLFromString(text).getModel().getId() == "m_lna_2"
    value = by_roadrunner(write_lna(document), [0, 40.0], [names["time", "time"]])[-1, 0]
    assert value == pytest.approx(3.0, rel=1e-7)


def test_alike_pairs_get_different_names() -> None:
    net = network("ab", {"k": 1.0}, x=("", "ab", "k"))
    species = tuple(Species(name) for name in ("A", "B_C", "A_B", "C"))
    reactions = (
        Reaction("x", (), (("A", 1), ("B_C", 1)), "k"),
        Reaction("y", (), (("A_B", 1), ("C", 1)), "k"),
    )
    names = covariance_ids(Document(replace(net, species=species, reactions=reactions)))
    assert names["A", "B_C"] == "cov_A_B_C"
    assert names["A_B", "C"] == "cov_A_B_C_2"


def test_a_network_without_noise_is_written_plainly() -> None:
    net = Network("still", (Species("A", 3),), (), ())
    text = write_lna(Document(net))
    assert complaints(text) == []
    assert "rateRule" not in text
    assert covariance_ids(Document(net)) == {}


@pytest.mark.parametrize("reading", ["deterministic", "stochastic"])
def test_the_reading_does_not_matter(reading: Reading) -> None:
    document = Document(dimerisation(), reading=reading)
    assert write_lna(document) == write_lna(replace(document, reading="deterministic"))


def test_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lna_write, "MOST_COVARIANCES", 3)
    document = document_of(rectifiers())
    for act in (write_lna, covariance_ids):
        with pytest.raises(FormatError, match=r"'two'.*\d+ covariances"):
            act(document)
