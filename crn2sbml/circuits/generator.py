"""The generator: slow latent species and a clamped class, decoded by a fast cascade into pixels that switch.

Latents are born and die, each with a Poisson law of its own. A cascade that settles while they hardly move, and pixels
that turn slower than it and faster than they, make the stationary law of a picture that of the decoder's closed form:
latents drawn, each pixel's items on with its probability, independently.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

from crn2sbml.circuits.cascade import Array, Cascade
from crn2sbml.core.network import Network, Parameter, Species
from crn2sbml.errors import ShapeError
from crn2sbml.motifs.elementary import decay, production
from crn2sbml.motifs.motif import Kinetics, Levels, Motif, Weights, places
from crn2sbml.motifs.switch import Switch

_BIRTH, _DEATH = "latent_birth", "latent_death"


@dataclass(frozen=True)
class Generator:
    """An untrained decoder behind `latents` species of `mean` items each and one clamped species a class.

    `turnover` (1/s) is the latents' death rate: they forget themselves in the time 1 / turnover. The clamped species of
    the class that is wanted holds omega items, the others none. The last layer is a `Switch`.
    """

    name: str
    latents: int
    classes: int
    layers: tuple[Motif, ...]
    kinetics: Kinetics = field(default_factory=Kinetics)
    mean: float = 10.0
    turnover: float = 0.01

    def __post_init__(self) -> None:
        _ = self.cascade, self.switch
        for name in ("latents", "classes", "mean", "turnover"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ShapeError(f"{self._label}: {name} is {getattr(self, name)}; it must be positive and finite")

    @property
    def _label(self) -> str:
        return f"generator {self.name!r}"

    @property
    def cascade(self) -> Cascade:
        """The decoder; it reads the latents, then the classes."""
        return Cascade(self._label, (self.latents + self.classes, 1, 1), self.layers, self.kinetics)

    @property
    def switch(self) -> Switch:
        """The last layer; raises ShapeError if it is another one."""
        layer = self.layers[-1]
        if not isinstance(layer, Switch):
            raise ShapeError(f"{self._label}: the last layer is of kind {layer.kind!r}, not a switch")
        return layer

    @property
    def latent_ids(self) -> tuple[str, ...]:
        """Slow species."""
        return tuple(place.id for place in places("latent", 0, (self.latents, 1, 1)))

    @property
    def class_ids(self) -> tuple[str, ...]:
        """Clamped species by class."""
        return tuple(place.id for place in places("class", 0, (self.classes, 1, 1)))

    @property
    def output_ids(self) -> tuple[str, ...]:
        """Species of the pixels, row by row: items that are on."""
        return self.cascade.output_ids

    @property
    def neural_twin(self) -> "Generator":
        """The decoder of the same layers with ideal rectifiers: the limit of infinitely fast annihilation."""
        return replace(self, name=f"{self.name}-twin", kinetics=replace(self.kinetics, annihilation=float("inf")))

    def initial_weights(self, seed: int) -> list[dict[str, Array]]:
        """See `Cascade.initial_weights`; for `unfolded` weights."""
        return self.cascade.initial_weights(seed)

    def folded(self, weights: Sequence[Weights]) -> list[Weights]:
        """Weights that read standardised latents, (items - mean) / sqrt(mean), turned into such as read activities.

        Training with these keeps latents in use: started from plain weights, it ends in a decoder that ignores them.
        """
        first, sd = weights[0], self.mean**0.5
        xp = array_namespace(first["kernel"])
        latent, rest = first["kernel"][:, : self.latents], first["kernel"][:, self.latents :]
        kernel = xp.concat([latent * (self.kinetics.omega / sd), rest], axis=1)
        return [{"kernel": kernel, "bias": first["bias"] - xp.sum(latent, axis=1) * sd}, *weights[1:]]

    def levels(self, weights: Sequence[Weights], items: Any, labels: Any) -> list[Levels]:
        """Closed-form steady activities of every layer, NumPy or JAX, with the latents held.

        Args: items: of the latents, (..., latents); labels: one-hot, (..., classes).
        """
        xp = array_namespace(items, labels)
        return self.cascade.levels(weights, xp.concat([items / self.kinetics.omega, labels], axis=-1))

    def draw(self, weights: Sequence[Weights], labels: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.int64]:
        """Pictures from the closed form's law, in items that are on: (n, rows, columns)."""
        items = rng.poisson(self.mean, (len(labels), self.latents)).astype(float)
        on = np.asarray(self.levels(weights, items, np.eye(self.classes)[labels])[-1].outputs, dtype=float)
        return rng.binomial(round(self.kinetics.omega), on).reshape(len(labels), *self.cascade.shapes[-1][1:])

    def network(self, weights: Sequence[Weights], label: int = 0) -> Network:
        """The trained network, set to make pictures of class `label`; its latents hold their mean.

        Raises: ShapeError: weights do not fit, there is no such class, or omega is no whole number.
        """
        if not 0 <= label < self.classes:
            raise ShapeError(f"{self._label}: no class {label}; it has 0 to {self.classes - 1}")
        omega = self.kinetics.omega
        if omega != round(omega):
            raise ShapeError(f"{self._label}: omega is {omega}; a pixel needs a whole number of items")
        part = self.cascade.part(weights, (*self.latent_ids, *self.class_ids))
        latents = [Species(p.id, float(round(self.mean)), place=p) for p in places("latent", 0, (self.latents, 1, 1))]
        classes = [
            Species(place.id, omega * (number == label), clamped=True, place=place)
            for number, place in enumerate(places("class", 0, (self.classes, 1, 1)))
        ]
        rates = Parameter(_BIRTH, self.turnover * self.mean), Parameter(_DEATH, self.turnover)
        moves = [move for name in self.latent_ids for move in (production(name, _BIRTH), decay(name, _DEATH))]
        return Network(
            self.name.replace("-", "_"),
            (*latents, *classes, *part.species),
            (*rates, *part.parameters),
            (*moves, *part.reactions),
        )
