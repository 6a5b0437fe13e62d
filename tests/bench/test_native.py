"""Reaction events per second of the package's own sampler against other exact ones, on the same file in the same run.

Run it with `pytest -m slow tests/bench/test_native.py -n 0 -s`; some minutes a model. What a run costs whatever its
length (some set a model up anew each time) is left out: it is the difference of two lengths that counts.
"""

import time
from pathlib import Path

import numpy as np
import pytest

from crn2sbml.disk import read_text
from crn2sbml.engines.engine import Simulation
from crn2sbml.engines.registry import get_engine, is_installed
from crn2sbml.formats.usage import read_io_json
from crn2sbml.lna.steady_states import steady_states
from crn2sbml.training.data import source_of_size
from tests.shipped import every_classifier

RIVALS = {
    "roadrunner": ("direct",),
    "copasi": ("direct", "next-reaction"),
    "gillespy2": ("direct",),
}
TAKE = {"digits": tuple(RIVALS), "mnist-small": tuple(RIVALS), "mnist": ("roadrunner",)}
"""Simulators that each classifier is given to: the others import the largest for hours."""
SECONDS, ROUNDS = 4.0, 5
"""Wall time that a difference of lengths is made for, about, and how often it is measured."""


def _cost(simulation: Simulation, inputs: dict[str, float], start: dict[str, float], algorithm: str) -> list[float]:
    """Seconds of wall time for a second of the model, several times."""

    def wall(length: float) -> float:
        begin = time.perf_counter()
        simulation.ssa([0.0, length], inputs, 1, start=start, algorithm=algorithm)
        return time.perf_counter() - begin

    wall(1e-3)  # whatever is compiled or built at the first run
    length = 0.05
    # Setting a model up may take many seconds, and some more or less another time.
    while (spent := wall(length) - (set_up := wall(length / 100))) < (enough := max(SECONDS, 3 * set_up)):
        length *= 4
    length *= enough / spent
    return [(wall(length) - wall(length / 100)) / (0.99 * length) for _ in range(ROUNDS)]


@pytest.mark.slow
@every_classifier
def test_events_per_second(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    usage = read_io_json((folder / "io.json").read_text())
    sbml = read_text(next(folder.glob("model.xml*")))
    inputs = usage.input_counts(source_of_size(len(usage.inputs)).load().validation.images[0])
    native = get_engine("native").load(sbml)
    matrices = native.matrices
    counts = np.array([inputs.get(name, 0.0) for name in matrices.species])
    state = np.rint(steady_states(matrices, counts[None])[0])
    start = dict(zip(matrices.floating_species, state[matrices.floating].tolist(), strict=True))
    events = matrices.propensities(state).sum()
    ours = _cost(native, inputs, start, "rejection")
    with capsys.disabled():
        print(
            f"\n{folder.name}: {events:.0f} events in a second of the model; native {events / np.median(ours):.3g} a "
            "second of wall time"
        )
        for engine, algorithm in ((rival, way) for rival in TAKE[folder.name] for way in RIVALS[rival]):
            if not is_installed(engine):
                print(f"  {engine}: not installed")
                continue
            theirs = _cost(get_engine(engine).load(sbml), inputs, start, algorithm)
            ratio, spread = np.median(theirs) / np.median(ours), (min(theirs) / max(ours), max(theirs) / min(ours))
            print(
                f"  {engine} {algorithm}: {events / np.median(theirs):.3g} a second, {ratio:.0f} times slower "
                f"({spread[0]:.0f} to {spread[1]:.0f})"
            )
            assert ratio > 1, engine
