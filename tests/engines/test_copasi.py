import gc

import COPASI
import numpy as np
import pytest

from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.engines.copasi import CopasiEngine, CopasiSimulation
from crn2sbml.engines.isolated import IsolatedSimulation
from crn2sbml.errors import EngineError, SteadyStateError
from tests.engines.models import dimers, driven, sbml_of, triples
from tests.engines.test_stochastic import EXACT, moments_of
from tests.lna.test_stationary import network, nonlinear, solved


def test_version_is_copasi_s_own() -> None:
    result = CopasiEngine().load(sbml_of(driven())).ode([0, 1], {})
    assert result.attrs["version"] == COPASI.CVersion.VERSION.getVersion()


def test_counts_are_items_and_not_moles() -> None:
    """Read as moles, COPASI's LNA variance would be larger by Avogadro's number."""
    result = CopasiEngine().load(sbml_of(driven())).lna({"X": 1}, 0.0)
    assert (result["mean"].item(), result["covariance"].item()) == pytest.approx((4, 4), rel=1e-9)


def test_covariance_is_in_the_order_of_the_file() -> None:
    """COPASI orders species for itself; each entry must be found by name."""
    expected = solved(nonlinear())
    names = list(expected.species)
    net = nonlinear()
    turned = type(net)(net.id, net.species[::-1], net.parameters, net.reactions[::-1])
    for written in (net, turned):
        result = CopasiEngine().load(sbml_of(written)).lna({}, 60.0)
        assert result.species.values.tolist() == [s.id for s in written.species]
        ordered = result["covariance"].sel(species=names, species_=names)
        # COPASI's steady state is good to 1e-9, the covariance to a little less.
        np.testing.assert_allclose(ordered, expected.covariance, rtol=1e-6)


def test_a_steady_state_that_does_not_exist() -> None:
    simulation = CopasiEngine().load(sbml_of(network("A", {"b": 1.0}, make=("", "A", "b"))))
    with pytest.raises(EngineError, match="No steady state") as refusal:
        simulation.lna({}, 10.0)
    assert "\n" not in str(refusal.value)
    assert simulation.ode([0.0, 3.0], {}).values[0, -1, 0] == pytest.approx(3, rel=1e-9)  # it can still be used


def test_a_model_that_copasi_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(COPASI.CDataModel, "importSBMLFromString", lambda self, text: False)
    with pytest.raises(EngineError, match="copasi refused the model: ") as refusal:
        CopasiEngine().load(sbml_of(driven()))
    assert "\n" not in str(refusal.value)


def test_many_loads_of_one_model_keep_apart() -> None:
    simulations = [CopasiEngine().load(sbml_of(dimers().with_counts({"A": n}))) for n in (0, 10, 200)]
    starts = [s.ode([0.0, 1e-9], {}).values[0, -1, 0] for s in simulations]
    assert starts == pytest.approx([0, 10, 200], abs=1e-5)


def test_models_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """COPASI holds a data model, 16 MB of one of 60 reactions, until it is told to remove it."""
    gc.collect()
    models = COPASI.CRootContainer.getDatamodelList
    before, kept = models().size(), CopasiEngine().load(sbml_of(driven()))
    for _ in range(10):
        CopasiEngine().load(sbml_of(driven(7))).ode([0.0, 1.0], {})
    with monkeypatch.context() as patch:
        patch.setattr(COPASI.CDataModel, "importSBMLFromString", lambda self, text: False)
        for _ in range(10):
            with pytest.raises(EngineError):
                CopasiEngine().load(sbml_of(driven()))
    gc.collect()
    assert models().size() == before + 1
    assert kept.ode([0.0, 1e-9], {"A": 3}).values[0, -1].tolist() == pytest.approx([3, 3])
    del kept
    gc.collect()
    assert models().size() == before


@pytest.mark.parametrize(
    "net",
    [
        network("AB", {"k": 0.1}, stay=("A", "A", "k")),
        Network(
            "still",
            (Species("A", 5, clamped=True), Species("B")),
            (Parameter("k", 0.1),),
            (Reaction("stay", (("A", 1),), (("A", 1),), "k"),),
        ),
    ],
    ids=["floating", "clamped"],
)
def test_reactions_that_change_nothing_do_not_end_the_process(net: Network) -> None:
    with IsolatedSimulation("copasi", sbml_of(net), 60.0) as simulation:
        with pytest.raises(SteadyStateError, match="no reaction changes a species"):
            simulation.lna({}, 10.0)
        assert simulation.ode([0.0, 1.0], {"B": 4}).values[0, -1, 1] == 4


def test_a_species_that_no_reaction_changes_has_no_noise() -> None:
    net = network("AB", {"b": 5.0, "g": 1.0}, make=("B", "AB", "b"), fade=("A", "", "g"))
    result = CopasiEngine().load(sbml_of(net)).lna({"B": 3}, 0.0)
    # A is Poisson, with mean 5 B.
    assert result["mean"].values == pytest.approx([15, 3], rel=1e-9)
    np.testing.assert_allclose(result["covariance"], [[15, 0], [0, 0]], rtol=1e-9)


def test_tau_leap_is_near_the_exact_law() -> None:
    """No leap is shorter than an item, whatever its tolerance. Its bias here: 0.07 sd of the mean, 7 % of variance."""
    mean, variance = moments_of(EXACT)
    simulation, replicates = CopasiEngine().load(sbml_of(triples(), "stochastic")), 1000
    runs = simulation.ssa([0.0, 3.0], {}, 5, replicates, {"A": 4}, "tau-leap").values[:, -1, 0]
    # The bias doubled, and four standard errors (of the variance of a law close to a Gaussian).
    assert abs(runs.mean() - mean) / variance**0.5 < 0.14 + 4 / replicates**0.5
    assert abs(runs.var() / variance - 1) < 0.14 + 4 * (2 / replicates) ** 0.5


@pytest.mark.parametrize("algorithm", ["direct", "next-reaction", "tau-leap"])
def test_each_algorithm_is_copasi_s_own(algorithm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is not known would silently run another method elsewhere."""
    used: list[int] = []
    course = CopasiSimulation._time_course
    monkeypatch.setattr(
        CopasiSimulation, "_time_course", lambda self, kind, *a: used.append(kind) or course(self, kind, *a)
    )
    CopasiEngine().load(sbml_of(driven())).ssa([0, 1], {}, 1, algorithm=algorithm)
    kinds = COPASI.CTaskEnum
    own = {
        "direct": kinds.Method_directMethod,
        "next-reaction": kinds.Method_stochastic,
        "tau-leap": kinds.Method_tauLeap,
    }
    assert used == [own[algorithm]]
