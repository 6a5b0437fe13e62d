"""Circuits that learn by themselves: examples go in as molecules, weights are molecules, a clock drives the phases.

A value is the difference of two species, its rails. In each turn of the clock an example's species take one form after
the other, and each form reacts only with what its phase is for: so nothing is gated by a third reactant, and never more
than two molecules meet. The turn of a learner with rectifiers:

1. input: `x -> x_sum`; `w + x_sum -> ... + u`, both rails of u annihilate: what is left of u+ is the rectified sum;
2. output: `u+ -> h_read`; `v + h_read -> ... + e`, the target makes e of the other sign, so that e is the error;
3. feedback: `h_read -> h_learn`, `e + v -> ... + d`, `d + h_learn -> g + h_learn` (d of units that are off is lost);
   `e + h_learn -> ... + v`, `g + x_learn -> ... + w`, each into the rail that lessens the error;
4. clearing of everything but the weights, and the next example.

A linear learner has no rectifiers: its read-out reads the inputs, and its turn has three phases. All that makes its
error grows in proportion, so that overlapping phases do not move what it learns.
After: Nagipogu, Reif 2025, doi:10.1021/acssynbio.5c00099 (learning in two phases, by reactions of two at most); the
circuits here are derived anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from crn2sbml.circuits.assembly import OTHER, RAILS, Assembly, Paces, product_rail, weight_id
from crn2sbml.circuits.turn import RISEN, Turn
from crn2sbml.core.feeding import Feeding
from crn2sbml.core.matrices import Array
from crn2sbml.core.network import Network
from crn2sbml.errors import ShapeError
from crn2sbml.motifs.clock import Clock

Feedback: TypeAlias = Literal["exact", "first-order", "none"]
"""Of hidden weights: through the rectifiers' slopes, without them, or none: they stay as they were drawn."""

_SPREAD, _READOUT_SPREAD = 0.5, 0.3
"""Standard deviations of the weights that learning begins with."""
_TRACE = 1e-9
"""Added to all that is fed: where nothing is left of something, libRoadRunner's default tolerance for it vanishes too,
and it stops.
"""


class Weights(NamedTuple):
    """Of the read-out, (outputs, features + 1), and of rectifiers, (hidden, inputs + 1) or None; biases come last."""

    readout: Array
    hidden: Array | None = None


@dataclass(frozen=True)
class Learner:
    """A circuit of `inputs` that learns `outputs`, through `hidden` rectifiers if any.

    Inputs that are `signed` have two rails; others cannot be negative. One unit of activity is `omega` items, of the
    clock `clock_omega` if given: its `influx`, which ends its phases, must not be a rare event, or it loses time.
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
    clock_omega: float | None = None

    def __post_init__(self) -> None:
        if self.inputs < 1 or self.outputs < 1 or self.hidden < 0:
            raise ShapeError(
                f"learner {self.name!r}: {self.inputs} inputs, {self.hidden} rectifiers, {self.outputs} outputs; needs "
                "an input, an output, and no fewer than 0 rectifiers"
            )
        for omega in (self.omega, self.clock_omega or 1.0):
            if not 0 < omega < float("inf"):
                raise ShapeError(f"learner {self.name!r}: omega is {omega}; it must be positive and finite")

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
        return tuple(f"y{k}_{rail}" for k in range(1, self.outputs + 1) for rail in RAILS)

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
        rows = self.omega * (_TRACE + np.concatenate(columns, axis=1))
        first = self.clock.part(1.0).outputs[0]
        return Feeding(first, RISEN * (self.clock_omega or self.omega), species, tuple(map(tuple, rows.tolist())))

    def initial_weights(self, seed: int) -> Weights:
        """Nothing for a linear learner; else small Gaussian weights."""
        readout = np.zeros((self.outputs, (self.hidden or self.inputs) + 1))
        if not self.hidden:
            return Weights(readout)
        rng = np.random.default_rng(seed)
        hidden = _SPREAD * rng.normal(size=(self.hidden, self.inputs + 1))
        readout[:, :-1] = _READOUT_SPREAD * rng.normal(size=(self.outputs, self.hidden))
        return Weights(readout, hidden)

    def network(self, weights: Weights) -> Network:
        """The circuit with these weights to begin with; at most two molecules of anything meet.

        Raises: ShapeError: weights of other shapes.
        """
        shapes = (self.outputs, (self.hidden or self.inputs) + 1), (self.hidden, self.inputs + 1)
        for found, shape in zip(weights, shapes if self.hidden else shapes[:1], strict=False):
            if found is None or found.shape != shape:
                raise ShapeError(f"learner {self.name!r}: weights of another shape than {shape}")
        circuit = Assembly(self.clock, self.paces, self.omega, self.clock_omega or self.omega)
        hidden = weights.hidden
        features = _inputs(circuit, self, 0) if hidden is None else _rectifiers(circuit, self, hidden)
        _readout(circuit, self, weights.readout, features)
        return circuit.network(self.name)

    def without_learning(self) -> "Learner":
        """The same circuit with paces of learning of 0: it answers, and keeps its weights."""
        return replace(self, paces=replace(self.paces, learn=0.0, learn_hidden=0.0))

    def read_at(self, turn: Turn) -> float:
        """Seconds from a turn's start after which its error can be read: while weights learn from it."""
        return turn.middle(self.read_in + 1)

    @property
    def error_ids(self) -> tuple[str, ...]:
        """Species that hold outputs less targets while weights learn from them, both rails of each output in turn."""
        return tuple(f"e{k}_{rail}" for k in range(1, self.outputs + 1) for rail in RAILS)

    @property
    def read_in(self) -> int:
        """The phase in which outputs are made."""
        return 1 if self.hidden else 0

    @property
    def weight_ids(self) -> tuple[str, ...]:
        """Species that hold the weights, the read-out's first, row by row, both rails of each in turn."""
        inputs, units = [*range(1, self.inputs + 1), 0], [*range(1, self.hidden + 1), 0]
        rows = [("v", k, units if self.hidden else inputs) for k in range(1, self.outputs + 1)]
        rows += [("w", unit, inputs) for unit in range(1, self.hidden + 1)]
        return tuple(weight_id(kind, row, j, rail) for kind, row, columns in rows for j in columns for rail in RAILS)

    def weights_in(self, counts: Mapping[str, float]) -> Weights:
        """The weights that counts of species hold."""
        rails = np.array([counts[name] for name in self.weight_ids]) / self.omega
        readout, hidden = np.split(rails[::2] - rails[1::2], [self.outputs * ((self.hidden or self.inputs) + 1)])
        hidden = hidden.reshape(self.hidden, self.inputs + 1)
        return Weights(readout.reshape(self.outputs, -1), hidden if self.hidden else None)


class _Feature(NamedTuple):
    """What a read-out reads: its number, its sign, its form to be read and its form to learn by."""

    number: int
    rail: str
    read: str
    learn: str


def _inputs(circuit: Assembly, learner: Learner, first: int, used: str = "read") -> list[_Feature]:
    """Inputs and the constant: their forms from phase `first` on, which the last phase clears."""
    features = []
    for name in learner.input_ids:
        number, rail = name[1:].split("_")
        forms = name, f"{name}_{used}", f"{name}_learn"
        circuit.becomes(forms[0], first, forms[1])
        circuit.becomes(forms[1], first + 1, forms[2])
        circuit.clear(forms[2])
        features.append(_Feature(int(number), rail, *forms[1:]))
    return features


def _rectifiers(circuit: Assembly, learner: Learner, hidden: Array) -> list[_Feature]:
    """Sums of inputs, what is left of them when their rails have annihilated, and how their weights learn."""
    inputs = _inputs(circuit, learner, 0, "sum")
    features = []
    for unit in range(1, learner.hidden + 1):
        on, off = (f"u{unit}_{rail}" for rail in RAILS)
        circuit.cancel(on, off)
        for feature in inputs:
            for rail, weight in circuit.weight("w", unit, feature.number, hidden).items():
                circuit.makes((weight, feature.read), f"u{unit}_{product_rail(rail, feature.rail)}", "hidden")
        read, learn = f"h{unit}_read", f"h{unit}_learn"
        circuit.becomes(on, 1, read)
        circuit.becomes(read, 2, learn)
        for left in (on, off):
            circuit.clear(left, 2)
        circuit.clear(learn)
        features.append(_Feature(unit, "p", read, learn))
        if learner.feedback != "none":
            _feedback(circuit, learner, unit, learn, inputs)
    circuit.becomes("h0", 1, "h0_read")
    circuit.becomes("h0_read", 2, "h0_learn")
    circuit.clear("h0_learn")
    return [*features, _Feature(0, "p", "h0_read", "h0_learn")]


def _feedback(circuit: Assembly, learner: Learner, unit: int, slope: str, inputs: Iterable[_Feature]) -> None:
    """From the read-out's errors, as `_readout` brings them, to the weights of a rectifier."""
    circuit.cancel(*(f"g{unit}_{rail}" for rail in RAILS))
    if learner.feedback == "exact":
        circuit.cancel(*(f"d{unit}_{rail}" for rail in RAILS))
    for rail in RAILS:
        if learner.feedback == "exact":
            d, g, on = (f"d{unit}_{rail}", 1), (f"g{unit}_{rail}", 1), (slope, 1)
            circuit.react(f"{d[0]}_passes_{slope}", (d, on), (g, on), "mask")
            circuit.clear(f"d{unit}_{rail}")
        circuit.clear(f"g{unit}_{rail}")
        for feature in inputs:
            lessened = weight_id("w", unit, feature.number, OTHER[product_rail(rail, feature.rail)])
            circuit.makes((f"g{unit}_{rail}", feature.learn), lessened, "learn_hidden")


def _readout(circuit: Assembly, learner: Learner, weights: Array, features: Sequence[_Feature]) -> None:
    """Outputs less targets, and how the weights learn from them."""
    first = learner.read_in
    back = {"exact": "d", "first-order": "g"}.get(learner.feedback if learner.hidden else "")
    for output in range(1, learner.outputs + 1):
        errors = {rail: f"e{output}_{rail}" for rail in RAILS}
        circuit.cancel(*errors.values())
        for rail, error in errors.items():
            wanted = f"y{output}_{rail}"
            circuit.becomes(wanted, first, f"{wanted}_read")
            circuit.clear(f"{wanted}_read", first + 1)
            circuit.makes((f"{wanted}_read",), errors[OTHER[rail]], "target")
            circuit.clear(error)
        for feature in features:
            for rail, weight in circuit.weight("v", output, feature.number, weights).items():
                circuit.makes((weight, feature.read), errors[product_rail(rail, feature.rail)], "error")
                if back and feature.number:
                    for sign, error in errors.items():
                        circuit.makes((error, weight), f"{back}{feature.number}_{product_rail(sign, rail)}", "back")
            for sign, error in errors.items():
                lessened = weight_id("v", output, feature.number, OTHER[product_rail(sign, feature.rail)])
                circuit.makes((error, feature.learn), lessened, "learn")


def _railed(values: Array) -> Array:
    """Both rails of each column side by side."""
    return np.stack([values.clip(min=0), (-values).clip(min=0)], axis=2).reshape(len(values), -1)


def _first(wrong: NDArray[np.bool_]) -> int:
    """The number of the first example that is wrong anywhere."""
    return int(np.flatnonzero(wrong.any(axis=1))[0]) + 1
