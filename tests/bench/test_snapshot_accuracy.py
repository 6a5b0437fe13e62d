"""How often a single stochastic snapshot names the digit, over the whole test part, beside the deterministic answer.

Run it with `pytest -m slow tests/bench/test_snapshot_accuracy.py -n 0`; about two minutes on two cores.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from crn2sbml.formats.usage import read_io_json
from crn2sbml.training.data import load_digits
from crn2sbml.verify.decisions import stochastic_readouts
from crn2sbml.verify.intervals import wilson_interval
from crn2sbml.verify.round_trip import ode_readouts

SEED, JOBS = 1, os.cpu_count() or 1
MODEL = Path(__file__).parents[2] / "models" / "digits"


@pytest.mark.slow
def test_accuracy_of_single_snapshots(capsys: pytest.CaptureFixture[str]) -> None:
    usage = read_io_json((MODEL / "io.json").read_text())
    sbml, test = (MODEL / "model.xml").read_text(), load_digits().test
    right = {}
    for method, readouts in (
        ("ODE", np.concatenate(list(ode_readouts(sbml, usage, test.images, JOBS)))),
        ("SSA snapshot", stochastic_readouts(sbml, usage, test.images, SEED)[:, 0]),
    ):
        right[method] = int(np.sum(readouts.argmax(1) == test.labels))
    with capsys.disabled():
        print(f"\ndigits, {len(test)} test images, omega = {usage.omega:g}, seed {SEED}")
        for method, count in right.items():
            low, high = wilson_interval(count, len(test))
            print(f"  {method}: {count / len(test):.2%} (95 % interval {low:.1%} to {high:.1%})")
    assert right["ODE"] >= 0.97 * len(test)
    # What the noise costs at this copy number: the digits' read-outs lie several standard deviations apart.
    assert right["SSA snapshot"] >= 0.93 * len(test)
