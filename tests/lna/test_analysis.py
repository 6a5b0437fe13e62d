"""Labelled results, against closed forms and the parts that they are made of."""

import numpy as np
import pytest
import xarray as xr

from crn2sbml.errors import ShapeError, SteadyStateError
from crn2sbml.lna import analysis
from crn2sbml.lna.analysis import analyse_noise
from tests.lna.test_stationary import birth_death, cascade, network
from tests.verify.tiny_trip import IMAGES, trained_tiny


def test_birth_and_death() -> None:
    frequencies, lags = [0.0, 0.5, 3.0], [0.0, 1.0, 2.0]
    found = analyse_noise(birth_death(20.0, 0.5), ["A"], average=4.0, frequencies=frequencies, lags=lags)
    for name, expected in {"mean": 40, "sd": 40**0.5, "fano_factor": 1, "shift": 0, "covariance": 40}.items():
        np.testing.assert_allclose(found[name].values.ravel(), expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found["by_reaction"].sel(reaction="make"), 20, rtol=1e-6)
    assert float(found["sd_of_average"][0]) == pytest.approx((2 * 40 * (1 + np.exp(-2)) / 4) ** 0.5, rel=1e-6)
    np.testing.assert_allclose(found["spectrum"][:, 0], 40 / (0.25 + np.square(frequencies)), rtol=1e-6)
    np.testing.assert_allclose(found["autocorrelation"][:, 0], np.exp(-0.5 * np.array(lags)), rtol=1e-6)
    units = {name: found[name].attrs.get("units") for name in ("mean", "covariance", "spectrum")}
    assert units == {"mean": "item", "covariance": "item^2", "spectrum": "item^2 second"}
    assert "by_layer" not in found


def test_frequencies_that_show_the_whole_spectrum() -> None:
    found = analyse_noise(birth_death(20.0, 0.5), ["A"], frequencies=None)["spectrum"]
    assert found.frequency.values[[0, -1]] == pytest.approx([0.05, 5])
    assert found.values[0, 0] == pytest.approx(160, rel=0.02)


def test_layers_of_a_classifier() -> None:
    trained = trained_tiny()
    net = trained.classifier.network(trained.weights, IMAGES[0])
    outputs = trained.classifier.output_ids
    found = analyse_noise(net, outputs)
    assert [name[-1] for name in found.layer.values.tolist()] == [
        str(i + 1) for i in range(len(trained.classifier.layers))
    ]
    for parts in ("by_layer", "by_reaction"):
        total = found[parts].sum(found[parts].dims[0])
        np.testing.assert_allclose(total, found["sd"] ** 2, rtol=1e-7)
    xr.testing.assert_allclose(found["covariance"], found["covariance"].T.rename(output="output_", output_="output"))


def test_more_species_than_the_whole_covariance_is_made_for(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = analyse_noise(cascade(), ["Y"])
    monkeypatch.setattr(analysis, "LARGEST", 2)
    found = analyse_noise(cascade(), ["Y"])
    assert "shift" in whole
    assert "shift" not in found
    assert float(found["sd"][0]) == float(whole["sd"][0])


def test_counts_that_a_simulator_found() -> None:
    assert float(analyse_noise(birth_death(20.0, 0.5), ["A"], {"A": 40.0})["mean"][0]) == 40
    with pytest.raises(SteadyStateError, match="not steady"):
        analyse_noise(birth_death(20.0, 0.5), ["A"], {"A": 41.0})


def test_a_species_that_nothing_makes_has_no_fano_factor() -> None:
    net = network("AB", {"b": 3.0, "g": 1.0}, make=("", "A", "b"), fade=("A", "", "g"), end=("B", "", "g"))
    found = analyse_noise(net, ["A", "B"])
    assert np.isnan(found["fano_factor"].values[1])
    assert found["sd"].values[1] == 0


def test_a_network_in_which_nothing_happens() -> None:
    net = network("AB", {"g": 1.0, "u": 2.0}, fade=("A", "", "g"), make=("A", "AB", "u"), end=("B", "", "g"))
    with pytest.raises(
        SteadyStateError, match="no reaction fires and nothing fluctuates: 'B' holds 0 items; set inputs"
    ):
        analyse_noise(net, ["B"])


@pytest.mark.parametrize(("outputs", "average"), [([], 0.0), (["A"], -1.0), (["A"], float("nan"))])
def test_nonsense(outputs: list[str], average: float) -> None:
    with pytest.raises(ShapeError, match="needs an output, and 0 s or more"):
        analyse_noise(birth_death(1.0, 1.0), outputs, average=average)


@pytest.mark.parametrize("name", ["B", "a"])
def test_unknown_outputs(name: str) -> None:
    with pytest.raises(ShapeError, match=f"no floating species '{name}'"):
        analyse_noise(birth_death(1.0, 1.0), [name])
