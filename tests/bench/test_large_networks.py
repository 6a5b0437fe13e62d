"""What building, writing and reading cost at 40,000 and 150,000 reactions, beside libSBML's own part of it.

Run it with `pytest -m slow tests/bench/test_large_networks.py -n 0`; about two minutes.
"""

import multiprocessing
import resource
import time
from collections.abc import Callable
from typing import Any

import libsbml
import numpy as np
import pytest

from crn2sbml.circuits.classifier import Classifier
from crn2sbml.core.lump import lump
from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network
from crn2sbml.formats.document import Document, Shape
from crn2sbml.formats.sbml_read import read_sbml
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.motifs.average_pool import AveragePool
from crn2sbml.motifs.convolution import Convolution
from crn2sbml.motifs.dense import Dense
from crn2sbml.motifs.motif import Kinetics, Motif

SMALL: tuple[Motif, ...] = (Convolution(8, 5, 2), AveragePool(2, 2), Dense(10, "readout"))
LARGE: tuple[Motif, ...] = (Convolution(12, 5, 2), AveragePool(2, 2), Convolution(48, 3), Dense(10, "readout"))


def timed(action: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    result = action()
    return result, time.perf_counter() - start


def large_network(layers: tuple[Motif, ...]) -> Network:
    """A classifier of 28 x 28 images with random weights."""
    classifier = Classifier("large", (1, 28, 28), layers, Kinetics(omega=30))
    return classifier.network(classifier.initial_weights(0))


def peak_of_a_round_trip(layers: tuple[Motif, ...], shape: Shape) -> float:
    """Most memory (GB) that a process holds which writes a network and reads it back."""
    read_sbml(write_sbml(Document(large_network(layers), shape=shape)))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


@pytest.mark.slow
@pytest.mark.parametrize(("layers", "least"), [(SMALL, 37_000), (LARGE, 140_000)], ids=["40k", "150k"])
def test_cost_of_large_networks(layers: tuple[Motif, ...], least: int, capsys: pytest.CaptureFixture[str]) -> None:
    network, built = timed(lambda: large_network(layers))
    matrices, arrays = timed(lambda: Matrices.of(network))
    jacobian, derived = timed(lambda: matrices.jacobian(np.ones(len(network.species))))
    lines = [f"{len(network.reactions)} reactions, {len(network.species)} species, {len(lump(network))} lumped"]
    lines.append(f"  network {built:.2f} s, arrays {arrays:.2f} s, Jacobian {derived * 1e3:.1f} ms")
    shapes: tuple[Shape, ...] = ("elementary", "lumped")
    for shape in shapes:
        document = Document(network, shape=shape)
        text, written = timed(lambda document=document: write_sbml(document))
        back, read = timed(lambda text=text: read_sbml(text))
        parsed, parsing = timed(lambda text=text: libsbml.readSBMLFromString(text))
        with multiprocessing.get_context("spawn").Pool(1) as alone:
            peak = alone.apply(peak_of_a_round_trip, (layers, shape))
        _, printing = timed(lambda parsed=parsed: libsbml.writeSBMLToString(parsed))
        lines.append(
            f"  {shape}, {len(text) / 1e6:.0f} MB: write {written:.1f} s ({written / printing:.1f} times libSBML's "
            f"printing), read {read:.1f} s ({read / parsing:.1f} times libSBML's parsing), peak memory {peak:.2f} GB"
        )
        assert len(back.network.reactions) == len(network.reactions)
        assert back.network.species == network.species
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert len(network.reactions) >= least
    assert jacobian.nnz > 0
