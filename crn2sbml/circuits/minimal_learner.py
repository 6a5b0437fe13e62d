"""The smallest circuit that learns a linear function, in two sequential phases.

Its core has 13 reactions and 15 species for two inputs; 5 d + 3 and 5 d + 5 for d:

1. `w_i+ + x_i -> ... + o` (d reactions), `h -> h + o`, where h is a constant;
2. `o -> e+`, `y -> e-`, `e(+-) + x_i -> ... + g_i(+-)` (2 d), `g_i(+-) -> w_i(-+)` (2 d).

Around it, a clock gives x and h a form for each phase, turns o and y into errors in the second, and clears what is left
in a third; rails annihilate. Nothing can be negative, weights included: only their positive rails are read. Unlike in
`circuits.learner`, o is still being made while y turns into an error: the more the phases overlap, the more weights are
off, by 2 or 3 % at the clock's default influx.
After: Nagipogu, Reif 2025, doi:10.1021/acssynbio.5c00099 (13 reactions, 15 species); reconstructed from its abstract.
"""

from dataclasses import dataclass, field

import numpy as np

from crn2sbml.circuits.assembly import OTHER, RAILS, Assembly, Paces
from crn2sbml.circuits.turn import RISEN, Turn, turn_of
from crn2sbml.core.feeding import Feeding
from crn2sbml.core.matrices import Array
from crn2sbml.core.network import Network
from crn2sbml.errors import ShapeError
from crn2sbml.motifs.clock import Clock


@dataclass(frozen=True)
class MinimalLearner:
    """Learns `sum w_i x_i + constant` of `inputs`, where the constant is known; a unit of activity is `omega` items."""

    inputs: int = 2
    constant: float = 1.0
    paces: Paces = field(default_factory=lambda: Paces(error=1.0, learn=2e-3))
    clock: Clock = field(default_factory=lambda: Clock(3))
    omega: float = 1000.0

    @property
    def turn(self) -> Turn:
        """Its clock's turn, with which targets are scaled: what is made of a weight of 1 takes the phase's length."""
        return turn_of(self.clock)

    def network(self, weights: Array) -> Network:
        """The circuit with `weights` (inputs,), which must not be negative, to begin with."""
        if np.shape(weights) != (self.inputs,) or not (np.asarray(weights) >= 0).all():
            raise ShapeError(f"minimal learner: weights {weights}; needs {self.inputs}, none below 0")
        circuit = Assembly(self.clock, self.paces, self.omega, self.omega)
        circuit.becomes("h", 0, "h_read")
        circuit.clear("h_read", 1)
        circuit.makes(("h_read",), "o", "target")
        circuit.becomes("o", 1, "e_p")
        circuit.becomes("y", 1, "e_m")
        circuit.cancel("e_p", "e_m")
        for rail in RAILS:
            circuit.clear(f"e_{rail}")
        for i in range(1, self.inputs + 1):
            read, learn = f"x{i}_read", f"x{i}_learn"
            circuit.becomes(f"x{i}", 0, read)
            circuit.becomes(read, 1, learn)
            circuit.clear(learn)
            rails = circuit.weight("w", 1, i, np.asarray(weights, float)[None])
            circuit.makes((rails["p"], read), "o", "error")
            for rail in RAILS:
                circuit.makes((f"e_{rail}", learn), f"g{i}_{rail}", "learn")
                circuit.changes(f"g{i}_{rail}", rails[OTHER[rail]], "release")
        return circuit.network("minimal")

    def feeding(self, inputs: Array, targets: Array) -> Feeding:
        """Examples as what is fed: inputs (n, inputs), targets (n,), in activities; raises NetworkError below 0."""
        scale = self.paces.error * self.turn.exposure(self.paces.gate)[0]
        rows = self.omega * np.column_stack([inputs, np.full(len(inputs), self.constant), scale * np.asarray(targets)])
        species = (*(f"x{i}" for i in range(1, self.inputs + 1)), "h", "y")
        return Feeding(self.clock.part(1.0).outputs[0], RISEN * self.omega, species, tuple(map(tuple, rows.tolist())))

    def weights_in(self, counts: dict[str, float]) -> Array:
        """The weights that counts of species hold: (inputs,)."""
        numbers = range(1, self.inputs + 1)
        return np.array([counts[f"w1_{i}_p"] - counts[f"w1_{i}_m"] for i in numbers]) / self.omega
