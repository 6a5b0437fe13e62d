"""Circuits that learn by themselves: examples go in as molecules, weights are molecules, a clock drives the phases.

A value is the difference of two species, its rails. In each turn of the clock an example's species take one form after
the other, and each form reacts only with what its phase is for: so nothing is gated by a third reactant, and never more
than two molecules meet. The turn of a learner with rectifiers:

1. input: `x -> x_sum`; `w + x_sum -> ... + u`, both rails of u annihilate: what is left of u+ is the rectified sum;
2. output: `u+ -> h_read`; `v + h_read -> ... + e`, the target makes e of the other sign, so that e is the error;
3. feedback: `h_read -> h_learn`, `e + v -> ... + d`, `d + h_learn -> g + h_learn` (d of units that are off is lost);
   `e + h_learn -> ... + v`, `g + x_learn -> ... + w`, each into the rail that lessens the error;
4. clearing of everything but the weights, and the next example.

A linear learner has no rectifiers: its read-out reads the inputs, and its turn has three phases. All that makes the
error grows in proportion, so that overlapping phases do not move what is learnt.
After: Nagipogu, Reif 2025, doi:10.1021/acssynbio.5c00099 (learning in two phases, by reactions of two at most); the
circuits here are derived anew.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from crn2sbml.core.feeding import Feeding
from crn2sbml.core.network import Network, Parameter, Reaction, Species, Terms
from crn2sbml.core.units import scaled
from crn2sbml.errors import ShapeError
from crn2sbml.motifs.clock import Clock
from crn2sbml.motifs.elementary import catalysis

Array: TypeAlias = NDArray[np.float64]
Feedback: TypeAlias = Literal["exact", "first-order", "none"]
"""Of hidden weights: through the rectifiers' slopes, without them, or none: they stay as they were drawn."""

_RAILS = {"p": 1, "m": -1}
_OTHER = {"p": "m", "m": "p"}
_PACE = "pace_"
_RISEN = 0.1
"""Activity of the first phase at which the next example is fed."""


@dataclass(frozen=True, slots=True)
class Paces:
    """Rate constants in activities: 1/s and 1/s per unit of activity.

    gate: a form becomes the next; clear: what is done with is removed; annihilation: of the two rails of a value;
    hidden, error: what weights make of what they read, and targets; back: feedback through the read-out's weights;
    mask: its passage through rectifiers; learn, learn_hidden: of weights, which set the size of the steps.
    """

    gate: float = 3.0
    clear: float = 3.0
    annihilation: float = 20.0
    hidden: float = 0.1
    error: float = 0.1
    back: float = 0.1
    mask: float = 5.0
    learn: float = 5e-3
    learn_hidden: float = 1e-2

    @property
    def target(self) -> float:
        """What a target makes in its phase is what a weight of 1 makes of it."""
        return self.error


class Weights(NamedTuple):
    """Of the read-out, (outputs, features + 1), and of rectifiers, (hidden, inputs + 1) or None; biases come last."""

    readout: Array
    hidden: Array | None = None


@dataclass(frozen=True)
class Learner:
    """A circuit of `inputs` that learns `outputs`, through `hidden` rectifiers if any.

    Inputs that are `signed` have two rails; others cannot be negative. One unit of activity is `omega` items.
    """

    name: str
    inputs: int
    outputs: int = 1
    hidden: int = 0
    signed: bool = True
    feedback: Feedback = "exact"
    paces: Paces = field(default_factory=Paces)
    clock_rate: float = 1.0
    influx: float = 1e-4
    omega: float = 1000.0

    def __post_init__(self) -> None:
        if self.inputs < 1 or self.outputs < 1 or self.hidden < 0:
            raise ShapeError(
                f"learner {self.name!r}: {self.inputs} inputs, {self.hidden} rectifiers, {self.outputs} outputs; needs "
                "an input and an output"
            )
        if not 0 < self.omega < float("inf"):
            raise ShapeError(f"learner {self.name!r}: omega is {self.omega}; it must be positive and finite")

    @property
    def clock(self) -> Clock:
        """Three phases, or four if there are rectifiers."""
        return Clock(4 if self.hidden else 3, self.clock_rate, influx=self.influx)

    @property
    def input_ids(self) -> tuple[str, ...]:
        """Species that hold an example's inputs when it is fed: rails of each input in turn, then the constant."""
        rails = "pm" if self.signed else "p"
        return (*(f"x{i}_{rail}" for i in range(1, self.inputs + 1) for rail in rails), "x0_p")

    @property
    def target_ids(self) -> tuple[str, ...]:
        """Species that hold what is wanted, both rails of each output in turn."""
        return tuple(f"y{k}_{rail}" for k in range(1, self.outputs + 1) for rail in _RAILS)

    def feeding(self, inputs: Array, targets: Array) -> Feeding:
        """Examples as what is fed: inputs (n, inputs), targets (n, outputs), in activities.

        Raises: ShapeError: other shapes, numbers that are not finite, or negative inputs of a learner without signs.
        """
        inputs, targets = np.asarray(inputs, float), np.asarray(targets, float)
        for what, values, size in (("inputs", inputs, self.inputs), ("targets", targets, self.outputs)):
            if values.ndim != 2 or values.shape[1] != size or len(values) != len(inputs) or not len(values):
                raise ShapeError(f"learner {self.name!r}: {what} of shape {values.shape}; needs (examples, {size})")
            if not np.isfinite(values).all():
                raise ShapeError(
                    f"learner {self.name!r}: {what} of example {_first(~np.isfinite(values))} are not finite"
                )
        if not self.signed and (inputs < 0).any():
            raise ShapeError(
                f"learner {self.name!r}: an input of example {_first(inputs < 0)} is negative, and no concentration "
                "can be; a signed learner has two rails for each"
            )
        constants = np.ones((len(inputs), 2 if self.hidden else 1))
        columns = [_railed(inputs) if self.signed else inputs, constants, _railed(targets)]
        species = (*self.input_ids, *(["h0"] if self.hidden else []), *self.target_ids)
        rows = self.omega * np.concatenate(columns, axis=1)
        first = self.clock.part(self.omega).outputs[0]
        return Feeding(first, _RISEN * self.omega, species, tuple(map(tuple, rows.tolist())))

    def initial_weights(self, seed: int) -> Weights:
        """Nothing for a linear learner; else Gaussian weights of rectifiers, and small ones of the read-out."""
        readout = np.zeros((self.outputs, (self.hidden or self.inputs) + 1))
        if not self.hidden:
            return Weights(readout)
        rng = np.random.default_rng(seed)
        hidden = rng.normal(size=(self.hidden, self.inputs + 1))
        readout[:, :-1] = 0.3 * rng.normal(size=(self.outputs, self.hidden))
        return Weights(readout, hidden)

    def network(self, weights: Weights) -> Network:
        """The circuit with these weights to begin with; at most two molecules of anything meet.

        Raises: ShapeError: weights of other shapes.
        """
        shapes = (self.outputs, (self.hidden or self.inputs) + 1), (self.hidden, self.inputs + 1)
        for found, shape in zip(weights, shapes if self.hidden else shapes[:1], strict=False):
            if found is None or found.shape != shape:
                raise ShapeError(f"learner {self.name!r}: weights of another shape than {shape}")
        clock = self.clock.part(self.omega)
        circuit = _Circuit(clock.outputs)
        features = circuit.rectifiers(self, weights.hidden) if weights.hidden is not None else circuit.inputs(self, 0)
        circuit.readout(self, weights.readout, features)
        orders = {reaction.rate: reaction.order for reaction in circuit.reactions}
        parameters = tuple(
            Parameter(name, scaled(getattr(self.paces, name.removeprefix(_PACE)), order, self.omega))
            for name, order in orders.items()
        )
        species = tuple(Species(name, float(self.omega * level)) for name, level in circuit.species.items())
        return Network(
            self.name.replace("-", "_"),
            (*clock.species, *species),
            (*clock.parameters, *parameters),
            (*clock.reactions, *circuit.reactions),
        )

    def weights_in(self, counts: dict[str, float]) -> Weights:
        """The weights that counts of species hold."""

        def held(name: str, rows: Sequence[int], columns: Sequence[int]) -> Array:
            values = [[counts[f"{name}{i}_{j}_p"] - counts[f"{name}{i}_{j}_m"] for j in columns] for i in rows]
            return np.array(values) / self.omega

        outputs, units = range(1, self.outputs + 1), range(1, self.hidden + 1)
        inputs = [*range(1, self.inputs + 1), 0]
        if not self.hidden:
            return Weights(held("v", outputs, inputs))
        return Weights(held("v", outputs, [*units, 0]), held("w", units, inputs))


class _Feature(NamedTuple):
    """What a read-out reads: its number, its sign, its form to be read and its form to learn by."""

    number: int
    rail: str
    read: str
    learn: str


class _Circuit:
    """Species (activities to begin with) and reactions, as they are added; the rate of each is a pace by its name."""

    def __init__(self, phases: tuple[str, ...]) -> None:
        self.phases = phases
        self.species: dict[str, float] = {}
        self.reactions: list[Reaction] = []

    def inputs(self, learner: Learner, first: int, used: str = "read") -> list[_Feature]:
        """Inputs and the constant: their forms from phase `first` on, which the last phase clears."""
        features = []
        for name in learner.input_ids:
            number, rail = name[1:].split("_")
            forms = name, f"{name}_{used}", f"{name}_learn"
            self.becomes(forms[0], first, forms[1])
            self.becomes(forms[1], first + 1, forms[2])
            self.clear(forms[2])
            features.append(_Feature(int(number), rail, *forms[1:]))
        return features

    def rectifiers(self, learner: Learner, hidden: Array) -> list[_Feature]:
        """Sums of inputs, what is left of them when their rails have annihilated, and how their weights learn."""
        inputs = self.inputs(learner, 0, "sum")
        features = []
        for unit in range(1, learner.hidden + 1):
            on, off = (f"u{unit}_{rail}" for rail in _RAILS)
            self.cancel(on, off)
            for feature in inputs:
                for rail, weight in self.weight("w", unit, feature.number, hidden).items():
                    self.makes((weight, feature.read), f"u{unit}_{_product(rail, feature.rail)}", "hidden")
            read, learn = f"h{unit}_read", f"h{unit}_learn"
            self.becomes(on, 1, read)
            self.becomes(read, 2, learn)
            for left in (on, off):
                self.clear(left, 2)
            self.clear(learn)
            features.append(_Feature(unit, "p", read, learn))
            if learner.feedback != "none":
                self._feedback(learner, unit, learn, inputs)
        self.becomes("h0", 1, "h0_read")
        self.becomes("h0_read", 2, "h0_learn")
        self.clear("h0_learn")
        return [*features, _Feature(0, "p", "h0_read", "h0_learn")]

    def _feedback(self, learner: Learner, unit: int, slope: str, inputs: Iterable[_Feature]) -> None:
        """From the read-out's errors, as `readout` brings them, to the weights of a rectifier."""
        self.cancel(*(f"g{unit}_{rail}" for rail in _RAILS))
        if learner.feedback == "exact":
            self.cancel(*(f"d{unit}_{rail}" for rail in _RAILS))
        for rail in _RAILS:
            if learner.feedback == "exact":
                d, g, on = (f"d{unit}_{rail}", 1), (f"g{unit}_{rail}", 1), (slope, 1)
                self.react(f"{d[0]}_passes_{slope}", (d, on), (g, on), "mask")
                self.clear(f"d{unit}_{rail}")
            self.clear(f"g{unit}_{rail}")
            for feature in inputs:
                lessened = f"w{unit}_{feature.number}_{_OTHER[_product(rail, feature.rail)]}"
                self.makes((f"g{unit}_{rail}", feature.learn), lessened, "learn_hidden")

    def readout(self, learner: Learner, weights: Array, features: Sequence[_Feature]) -> None:
        """Outputs less targets, and how the weights learn from them."""
        first = 1 if learner.hidden else 0
        back = {"exact": "d", "first-order": "g"}.get(learner.feedback if learner.hidden else "")
        for output in range(1, learner.outputs + 1):
            errors = {rail: f"e{output}_{rail}" for rail in _RAILS}
            self.cancel(*errors.values())
            for rail, error in errors.items():
                wanted = f"y{output}_{rail}"
                self.becomes(wanted, first, f"{wanted}_read")
                self.clear(f"{wanted}_read", first + 1)
                self.reactions.append(catalysis(f"{wanted}_read", errors[_OTHER[rail]], f"{_PACE}target"))
                self.clear(error)
            for feature in features:
                for rail, weight in self.weight("v", output, feature.number, weights).items():
                    self.makes((weight, feature.read), errors[_product(rail, feature.rail)], "error")
                    if back and feature.number:
                        for sign, error in errors.items():
                            self.makes((error, weight), f"{back}{feature.number}_{_product(sign, rail)}", "back")
                for sign, error in errors.items():
                    lessened = f"v{output}_{feature.number}_{_OTHER[_product(sign, feature.rail)]}"
                    self.makes((error, feature.learn), lessened, "learn")

    def weight(self, kind: str, row: int, column: int, values: Array) -> dict[str, str]:
        """The species of a weight by rail, which annihilate; the constant, 0, has the last column of the values."""
        rails = {rail: f"{kind}{row}_{column}_{rail}" for rail in _RAILS}
        if rails["p"] not in self.species:
            for rail, sign in _RAILS.items():
                self.species[rails[rail]] = max(sign * float(values[row - 1, column - 1]), 0.0)
            self.cancel(*rails.values())
        return rails

    def becomes(self, form: str, phase: int, following: str) -> None:
        """A form turns into the next while its phase is on."""
        on = (self.phases[phase], 1)
        self.react(f"{form}_becomes_{following}", ((form, 1), on), ((following, 1), on), "gate")

    def clear(self, form: str, phase: int = -1) -> None:
        """What is done with goes, in the last phase if not in another."""
        on = (self.phases[phase], 1)
        self.react(f"{form}_is_cleared", ((form, 1), on), (on,), "clear")

    def cancel(self, positive: str, negative: str) -> None:
        """The rails of one value annihilate."""
        self.react(f"{positive}_cancels_{negative}", ((positive, 1), (negative, 1)), (), "annihilation")

    def makes(self, pair: tuple[str, str], target: str, pace: str) -> None:
        """Two species, which stay, make a third."""
        both = tuple((name, 1) for name in pair)
        self.react(f"{pair[0]}_and_{pair[1]}_make_{target}", both, (*both, (target, 1)), pace)

    def react(self, name: str, inputs: Terms, outputs: Terms, pace: str) -> None:
        """Add a reaction, and what it names that is not yet there."""
        for species, _ in (*inputs, *outputs):
            if species not in self.phases:
                self.species.setdefault(species, 0.0)
        self.reactions.append(Reaction(name, inputs, outputs, f"{_PACE}{pace}"))


def _product(one: str, other: str) -> str:
    """The rail of a product of two values on these rails."""
    return "p" if one == other else "m"


def _railed(values: Array) -> Array:
    """Both rails of each column side by side."""
    return np.stack([values.clip(min=0), (-values).clip(min=0)], axis=2).reshape(len(values), -1)


def _first(wrong: NDArray[np.bool_]) -> int:
    """The number of the first example that is wrong anywhere."""
    return int(np.flatnonzero(wrong.any(axis=1))[0]) + 1
