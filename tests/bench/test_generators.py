"""Pictures that the package's own engine makes, and what libRoadRunner makes of the same file.

Run it with `pytest -m slow tests/bench/test_generators.py -n 0 -s`; half an hour, nearly all of it libRoadRunner's.
"""

from pathlib import Path

import numpy as np
import pytest

from crn2sbml.core.matrices import Array
from crn2sbml.verify.generation import pictures
from tests.shipped import at_omega, every_generator

LABEL, PIXELS = 3, 50
OMEGA, SETTLE, RUNS = 20.0, 8.0, 200
"""Items of a pixel, seconds and number of the runs. Few items, since libRoadRunner computes every propensity after
every event; latents scale with them.
"""
SHUFFLES, LEAST = 20_000, 6.3e-5
"""The largest of 1,275 differences has a law that is found by shuffling the runs; one of |z| = 4 alone has this p."""


@pytest.mark.slow
@every_generator
def test_means_and_covariances_of_pixels(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the pixels that vary most, both at the end of runs that begin with latents from their law."""
    sbml, usage = at_omega(folder, OMEGA)
    labels = np.full(RUNS, LABEL)
    ours = pictures(sbml, usage, labels, 1, settle=SETTLE, jobs=2)
    theirs = pictures(sbml, usage, labels, 10_001, settle=SETTLE, engine="roadrunner", jobs=2)
    most = np.sort(np.argsort(ours.var(axis=0))[-PIXELS:])
    found = [largest(*parts) for parts in zip(moments(ours[:, most]), moments(theirs[:, most]), strict=True)]
    with capsys.disabled():
        print(f"\n{folder.name}, class {LABEL}, omega {OMEGA:g}, {RUNS} runs in each of two engines, {PIXELS} pixels:")
        for name, (z, p) in zip(("means", "covariances"), found, strict=True):
            print(f"  {name}: largest |z| {z:.1f}, p = {p:.2g}")
    assert min(p for _, p in found) > LEAST


def moments(sample: Array) -> tuple[Array, Array]:
    """What the means and the covariances of a sample (runs, pixels) are the means of, run by run."""
    apart, (rows, columns) = sample - sample.mean(axis=0), np.triu_indices(sample.shape[1])
    return sample, apart[:, rows] * apart[:, columns]


def largest(one: Array, other: Array, shuffles: int = SHUFFLES) -> tuple[float, float]:
    """The largest |z| of differences of means, and the part of shuffled runs in which it is as large."""
    rng, both, half = np.random.default_rng(1), np.concatenate([one, other]), len(one)
    signs = np.where(np.arange(len(both)) < half, 1.0, -1.0)
    known = np.stack([signs, *(rng.permutation(signs) for _ in range(shuffles))])
    varying = both[:, both.std(axis=0) > 0]
    scaled = (varying - varying.mean(axis=0)) / varying.std(axis=0)
    found = np.concatenate([np.abs(part @ scaled).max(axis=1) for part in np.array_split(known, 50)]) / len(both) ** 0.5
    return float(found[0]), float((found >= found[0]).mean())


def test_pixels_of_another_law_are_told_apart() -> None:
    """Of the same means and variances, and with a correlation of 0.6 between two pixels in one sample alone."""
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(2, RUNS, PIXELS))
    assert largest(moments(one)[1], moments(other)[1], shuffles=1000)[1] > 0.01
    other[:, 0] = (other[:, 0] + 0.75 * other[:, 1]) / 1.25
    (_, of_means), (_, of_covariances) = (
        largest(*parts, shuffles=1000) for parts in zip(moments(one), moments(other), strict=True)
    )
    assert of_means > 0.01
    assert of_covariances < 2e-3
