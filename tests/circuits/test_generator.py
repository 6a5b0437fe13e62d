from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from crn2sbml.circuits.generator import Generator
from crn2sbml.engines.registry import get_engine
from crn2sbml.errors import ShapeError
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.motifs.dense import Dense
from crn2sbml.motifs.motif import Kinetics
from crn2sbml.motifs.switch import Switch
from tests.reference.steady_ode import steady_counts

SMALL = Generator(
    "two-by-two", 2, 3, (Dense(6), Switch(2, 2, pace=0.5)), Kinetics(decay=4.0, omega=30.0), mean=9.0, turnover=0.01
)


def weights_of(generator: Generator, seed: int = 3) -> list[Any]:
    return generator.folded(generator.initial_weights(seed))


def test_closed_form_is_the_steady_state_with_the_latents_held() -> None:
    weights, items = weights_of(SMALL), np.array([4.0, 15.0])
    net = SMALL.network(weights, label=2).with_counts(dict(zip(SMALL.latent_ids, items, strict=True)))
    held = tuple(replace(s, clamped=s.clamped or s.id in SMALL.latent_ids) for s in net.species)
    reactions = tuple(r for r in net.reactions if not r.rate.startswith("latent"))
    counts = steady_counts(replace(net, species=held, reactions=reactions), horizon=600)
    on = SMALL.levels(weights, items, np.eye(3)[2])[-1].outputs
    np.testing.assert_allclose([counts[name] for name in SMALL.output_ids], 30 * on, rtol=1e-8)
    assert np.ptp(on) > 0.1


def test_folded_weights_read_items_as_the_others_read_standardised_latents() -> None:
    first = SMALL.initial_weights(1)[0]
    items, label = np.array([3.0, 14.0]), np.eye(3)[1]
    expected = first["kernel"] @ np.concatenate([(items - 9) / 3, label]) + first["bias"]
    folded = weights_of(SMALL, 1)[0]
    np.testing.assert_allclose(folded["kernel"] @ np.concatenate([items / 30, label]) + folded["bias"], expected)


def test_stationary_pictures_are_those_of_the_closed_form() -> None:
    """Means and covariances of the exact process's items, from runs that start far from what they end at."""
    weights, runs = weights_of(SMALL), 700
    sbml = write_sbml(Document(SMALL.network(weights, label=1)))
    counts = get_engine("native").load(sbml).observe(
        (*SMALL.output_ids, *SMALL.latent_ids), {}, seed=5, settle=600.0, replicates=runs
    ).values  # fmt: skip
    pixels, latents = counts[:, :4], counts[:, 4:]
    drawn = SMALL.draw(weights, np.full(200_000, 1), np.random.default_rng(6)).reshape(-1, 4)
    error = np.sqrt(2 / runs)
    assert np.abs(latents.mean(axis=0) - 9).max() < 4 * 3 / runs**0.5
    assert np.abs(latents.var(axis=0, ddof=1) / 9 - 1).max() < 4 * error * 1.06
    assert np.abs((pixels.mean(axis=0) - drawn.mean(axis=0)) / pixels.std(axis=0)).max() < 4 / runs**0.5
    sd = drawn.std(axis=0)
    difference = (np.cov(pixels.T) - np.cov(drawn.T)) / np.outer(sd, sd)
    assert np.abs(difference).max() < 4 * error
    assert (sd > 1.5 * np.sqrt(drawn.mean(axis=0) * (1 - drawn.mean(axis=0) / 30))).any()  # the latents are in use


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"latents": 0}, "latents is 0"),
        ({"turnover": float("inf")}, "turnover is inf"),
        ({"layers": (Dense(6),)}, "last layer is of kind 'dense'"),
        ({"layers": ()}, "has no layers"),
        ({"kinetics": Kinetics(decay=0)}, "decay is 0"),
    ],
)
def test_a_generator_that_cannot_be_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ShapeError, match=words):
        replace(SMALL, **change)


def test_a_network_that_cannot_be_is_refused() -> None:
    with pytest.raises(ShapeError, match="no class 3; it has 0 to 2"):
        SMALL.network(weights_of(SMALL), label=3)
    odd = replace(SMALL, kinetics=Kinetics(omega=30.5))
    with pytest.raises(ShapeError, match="whole number of items"):
        odd.network(weights_of(odd))
    with pytest.raises(ShapeError, match="layer 2"):
        SMALL.network([*weights_of(SMALL)[:1], {"kernel": np.zeros((4, 5)), "bias": np.zeros(4)}])
