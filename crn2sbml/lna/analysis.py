"""All that the linear noise approximation says about a network at its steady state, as labelled arrays."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.core.network import Network
from crn2sbml.core.units import ITEM, SECOND
from crn2sbml.errors import ShapeError, SteadyStateError, did_you_mean
from crn2sbml.lna.readout import Adjoint
from crn2sbml.lna.settle import settle
from crn2sbml.lna.stationary import LARGEST, stationary
from crn2sbml.lna.validity import validity

_NO_ITEMS = 1e-9
"""Mean count below which a species is absent, and a Fano factor has no meaning."""


def analyse_noise(
    network: Network,
    outputs: Sequence[str],
    counts: Mapping[str, float] | None = None,
    average: float = 0.0,
    frequencies: Sequence[float] | Array | None = (),
    lags: Sequence[float] | Array = (),
) -> xr.Dataset:
    """Stationary noise of `outputs`, and what makes it.

    Over (output): `mean` and `sd` (items), `fano_factor`, and `sd_of_average` over `average` seconds if that is given;
    `covariance` (output, output_); `by_reaction` (reaction, output) and, where species have places, `by_layer` (layer,
    output): parts of the variance, items^2; `spectrum` (frequency, output), items^2 s, at `frequencies` in rad/s, where
    None means as many as show all of it;
    `autocorrelation` (lag, output) after `lags` in seconds. Up to 8,000 species, `shift` is what the next order adds to
    each mean, in its standard deviations, and the attribute `validity` a line about it.

    Args: outputs: floating species; counts: the steady state, items, as a simulator found it; otherwise the network
        is run from its initial counts until it is steady.
    Raises: ShapeError: an output that is unknown or clamped; SteadyStateError: see `settle` and `stationary`.
    """
    names = list(outputs)
    if not names or not 0 <= average < float("inf"):
        raise ShapeError(
            f"noise of {len(names)} outputs, averaged over {average:g} s: needs an output, and 0 s or more"
        )
    for name in names:
        if name not in network.floating:
            raise ShapeError(f"noise of {did_you_mean(name, network.floating, 'floating species')}")
    matrices = Matrices.of(network)
    state = settle(network).counts if counts is None else np.array([counts[name] for name in matrices.species])
    if not matrices.rates(state).any():
        raise SteadyStateError(f"LNA: no reaction fires and nothing fluctuates: {names[0]!r} holds 0 items; set inputs")
    at = Adjoint(matrices, state)
    rows = [matrices.floating_species.index(name) for name in names]
    weights = _selector(matrices, rows)
    noise = at.noise(weights)
    mean, variance = state[matrices.floating][rows], np.diag(noise.covariance).clip(min=0)
    squared = {"units": f"{ITEM}^2"}
    found = xr.Dataset(
        {
            "mean": ("output", mean, {"units": ITEM}),
            "sd": ("output", np.sqrt(variance), {"units": ITEM}),
            "fano_factor": (
                "output",
                np.divide(variance, mean, out=np.full_like(mean, np.nan), where=mean > _NO_ITEMS),
            ),
            "covariance": (("output", "output_"), noise.covariance, squared),
            "by_reaction": (("reaction", "output"), noise.by_reaction, squared),
        },
        {"output": names, "output_": names, "reaction": [reaction.id for reaction in network.reactions]},
    )
    layers = _layers(network)
    if layers:
        parts = [noise.by_reaction[np.array(chosen)].sum(axis=0) for chosen in layers.values()]
        found["by_layer"] = xr.DataArray(parts, {"layer": list(layers)}, ("layer", "output"), attrs=squared)
    if average:
        sd = np.sqrt(np.diag(at.averaged_covariance(average, weights)).clip(min=0))
        found["sd_of_average"] = ("output", sd, {"units": ITEM, "seconds": average})
    if frequencies is None:
        frequencies = at.frequencies()
    if len(frequencies):
        power = [np.diag(at.spectrum(float(frequency), weights)) for frequency in frequencies]
        axis = xr.Variable("frequency", np.asarray(frequencies, dtype=float), {"units": f"rad/{SECOND}"})
        found["spectrum"] = xr.DataArray(
            power, {"frequency": axis}, ("frequency", "output"), attrs={"units": f"{ITEM}^2 {SECOND}"}
        )
    if len(lags):
        own = np.diagonal(at.autocovariance(lags, weights), axis1=1, axis2=2)
        correlation = np.divide(own, variance, out=np.zeros_like(own), where=variance > 0)
        axis = xr.Variable("lag", np.asarray(lags, dtype=float), {"units": SECOND})
        found["autocorrelation"] = xr.DataArray(correlation, {"lag": axis}, ("lag", "output"))
    if len(matrices.floating) <= LARGEST:
        judged = validity(matrices, state, stationary(matrices, state))
        found["shift"] = ("output", judged.shift[rows])
        found.attrs["validity"] = judged.summary()
    return found


def _selector(matrices: Matrices, rows: Sequence[int]) -> Array:
    weights = np.zeros((len(matrices.floating), len(rows)))
    weights[rows, range(len(rows))] = 1.0
    return weights


def _layers(network: Network) -> dict[str, list[int]]:
    """Reactions by the layer of the first species that they change; nothing unless all of these have places."""
    places = {species.id: species.place for species in network.species}
    clamped, layers = set(network.clamped), dict[tuple[int, str], list[int]]()
    for number, reaction in enumerate(network.reactions):
        place = next((places[name] for name, _ in reaction.net_change if name not in clamped), None)
        if place is None:
            return {}
        layers.setdefault((place.layer, place.kind), []).append(number)
    return {f"{kind}{layer}": numbers for (layer, kind), numbers in sorted(layers.items())}
