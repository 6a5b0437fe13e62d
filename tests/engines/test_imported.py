"""The check of an importer notices what an importer can do wrong, and nothing else."""

import numpy as np
import pytest

from crn2sbml.engines.imported import check_change, check_import, trial_counts
from crn2sbml.engines.loaded import Loaded
from crn2sbml.errors import EngineError
from tests.engines.models import dimers, driven, sbml_of
from tests.lna.test_stationary import nonlinear


def taken_apart(loaded: Loaded) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Trial counts, stoichiometry and rates, as a faultless importer shows them."""
    counts, law = trial_counts(loaded), loaded.matrices
    speed = law.propensities(counts) if loaded.document.reading == "stochastic" else law.rates(counts)
    return counts, law.stoichiometry.toarray(), speed


@pytest.mark.parametrize("reading", ["deterministic", "stochastic"])
def test_what_is_read_right_passes(reading: str) -> None:
    for net in (driven(), dimers(), nonlinear()):
        loaded = Loaded(sbml_of(net, reading))  # type: ignore[arg-type]
        counts, change, rates = taken_apart(loaded)
        order = np.arange(len(rates))[::-1]
        check_import(loaded, "x", counts, change[:, order], rates[order] * (1 + 1e-12))
        # A channel in two halves has the same mean and noise.
        check_import(loaded, "x", counts, np.hstack([change, change]), np.hstack([rates, rates]) / 2)
        check_change(loaded, "x", counts, change @ rates * (1 + 1e-12))


@pytest.mark.parametrize("fault", ["lost", "altered", "turned", "doubled"])
def test_what_is_read_wrong_is_named(fault: str) -> None:
    loaded = Loaded(sbml_of(driven()))
    counts, change, rates = taken_apart(loaded)
    if fault == "lost":
        change, rates = change[:, 1:], rates[1:]
    elif fault == "altered":
        rates = rates * [1, 1 + 1e-6]
    elif fault == "turned":
        change = -change
    else:
        change, rates = np.hstack([change, change]), np.hstack([rates, rates])
    with pytest.raises(EngineError, match=r"x misreads the model: .*mean change of 'A' is .* items/s") as refusal:
        check_import(loaded, "x", counts, change, rates)
    assert "\n" not in str(refusal.value)
    with pytest.raises(EngineError, match=r"x misreads the model: .*mean change of 'A'.*; 1 species differ"):
        check_change(loaded, "x", counts, change @ rates)


def test_a_rate_that_is_no_number_is_noticed() -> None:
    loaded = Loaded(sbml_of(driven()))
    counts, change, rates = taken_apart(loaded)
    with pytest.raises(EngineError, match=r"x misreads the model: .* nan items/s instead of"):
        check_import(loaded, "x", counts, change, rates * [1, np.nan])
    with pytest.raises(EngineError, match=r"x misreads the model: .* nan items/s instead of"):
        check_change(loaded, "x", counts, change @ rates * [1, np.nan])


def test_noise_that_cancels_in_the_mean() -> None:
    """Forth and back as one net channel has the right mean and too little noise; dx/dt alone cannot tell."""
    loaded = Loaded(sbml_of(driven()))
    counts, change, rates = taken_apart(loaded)
    net = change @ rates
    with pytest.raises(EngineError, match=r"x misreads the model: .*the noise of 'A' is .* items\^2/s"):
        check_import(loaded, "x", counts, np.sign(net)[:, None], np.abs(net).sum(keepdims=True))
    check_change(loaded, "x", counts, net)
