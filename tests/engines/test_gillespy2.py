import random

import numpy as np
import pytest

pytest.importorskip("gillespy2", reason="GillesPy2 is not installed")

from crn2sbml.core.network import Network
from crn2sbml.engines.c_integers import rates_in_c
from crn2sbml.engines.gillespy2 import GillesPy2Engine, GillesPy2Simulation, can_compile, even_grid
from crn2sbml.errors import EngineError
from tests.engines import contract
from tests.engines.models import driven, named, pair_law, sbml_of

needs_compiler = pytest.mark.skipif(not can_compile(), reason="g++ or SCons is not installed")


@pytest.fixture(scope="module")
def sampled() -> GillesPy2Simulation:
    """The driven network as the contract has it, so that it is compiled once only."""
    simulation: GillesPy2Simulation = contract.loaded("gillespy2", driven())
    return simulation


def loaded(net: Network) -> GillesPy2Simulation:
    return GillesPy2Engine().load(sbml_of(net))


@needs_compiler
def test_sampling_before_a_count_can_wrap_around(sampled: GillesPy2Simulation) -> None:
    """2^32 items would be 0 items in its C++ solver, and one item less than 0 would be 2^32 - 1."""
    assert sampled.ssa([0, 1e-12], {"X": 0}, 1, start={"A": 2**31 - 1}).values[0, 0, 1] == 2**31 - 1
    with pytest.raises(EngineError, match=r"2147483647.*32-bit"):
        sampled.ssa([0, 1], {}, 1, start={"A": 2**31})
    with pytest.raises(EngineError, match="32-bit"):
        sampled.ssa([0, 1e-6], {"X": 2**31 - 1}, 1, start={"A": 2**31 - 1000})
    assert {limit.what: limit.largest for limit in GillesPy2Engine().limits}["items"] == 2**31 - 1


@needs_compiler
def test_laws_that_its_integers_would_spoil_are_refused() -> None:
    """In C++, A * (A - 1) wraps around at 2^32 before the constant makes it a double; 1 / 2 is 0."""
    for law in ("A * (A - 1) * k", "A * (A - 1) / 2 * k"):
        with pytest.raises(EngineError, match="C\\+\\+ solver misreads the model"):
            GillesPy2Engine().load(pair_law(law)).ssa([0, 1], {}, 1)


def test_rates_as_c_computes_them() -> None:
    laws = ["k*A*(A-1)", "A*(A-1)*k", "A/2*k", "k*A/2", "k*pow(A,2)"]
    assert rates_in_c(laws, {"k": 1.0}, {"A": 99_999}) == [
        99_999 * 99_998,
        99_999 * 99_998 % 2**32,
        49_999,
        49_999.5,
        99_999**2,
    ]
    assert rates_in_c(laws[:1], {"k": 1.0}, {"A": 0}) == [0]


def test_a_number_with_a_unit_is_refused_in_its_own_words() -> None:
    """Its importer reads laws as text, where libSBML writes the unit after the number."""
    with pytest.raises(EngineError, match=r"gillespy2 refused the model: invalid syntax.*A - 1 substance") as refusal:
        GillesPy2Engine().load(pair_law("k * A * (A - 1 substance)"))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", ["t", "volume", "time", "pi", "exp", "gamma", "cell"])
def test_names_that_could_mean_something_else_to_it(name: str) -> None:
    assert loaded(named(name)).ode([0.0, 2.0], {}).values[0, -1] == pytest.approx([3, 12], rel=1e-9)


@pytest.mark.parametrize("name", ["e", "lambda", "if"])
def test_names_that_mean_something_else_to_it_are_refused(name: str) -> None:
    with pytest.raises(EngineError, match="gillespy2") as refusal:
        loaded(named(name))
    assert "\n" not in str(refusal.value)


def test_the_generator_that_all_of_python_shares_is_as_before() -> None:
    """Its Python solver uses that one."""
    random.seed(5)
    before = random.getstate()
    loaded(driven()).ssa([0, 1, 2], {}, 11, 3, algorithm="direct-python")
    assert random.getstate() == before


def test_without_a_compiler_python_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda command: None)
    assert GillesPy2Engine().methods["ssa"] == ("direct-python",)
    simulation = loaded(driven())
    assert simulation.ssa([0, 1], {}, 1).attrs["method"] == "ssa-direct-python"
    with pytest.raises(EngineError, match="no algorithm 'direct'"):
        simulation.ssa([0, 1], {}, 1, algorithm="direct")


def test_end_times_of_any_digits() -> None:
    """Any time is one step from 0, and its parts are as even as they were."""
    for end in 10 ** np.random.default_rng(4).uniform(-6, 6, 1000):
        assert even_grid([0.0, end]) == (end, [0, 1])
        step, multiples = even_grid([end * part for part in (0.0, 1 / 256, 1 / 64, 1 / 16, 1 / 4, 1 / 2, 1.0)])
        assert (step, multiples) == (pytest.approx(end / 256, rel=1e-15), [0, 1, 4, 16, 64, 128, 256])
    end = np.pi * 1e-3
    values = loaded(driven(40)).ode([end * part for part in (0, 0.25, 1)], {}).values[0, :, 1]
    assert values == pytest.approx([12 + 28 * np.exp(-end * part / 2) for part in (0, 0.25, 1)], rel=1e-8)


def test_times_on_an_even_grid() -> None:
    for times in ([0, 0.3, 1, 5, 60], np.linspace(0, 1, 8), [1, 3], [0, 1e-9], np.linspace(0, 20, 2001)):
        step, multiples = even_grid(times)
        np.testing.assert_allclose(np.array(multiples) * step, times, rtol=1e-9)
    with pytest.raises(EngineError, match="even steps only"):
        even_grid(np.geomspace(0.1, 3, 5))
