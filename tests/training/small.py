"""A classifier and a data set so small that an epoch takes milliseconds."""

import numpy as np

from crn2sbml.circuits.classifier import Classifier
from crn2sbml.motifs.average_pool import AveragePool
from crn2sbml.motifs.convolution import Convolution
from crn2sbml.motifs.dense import Dense
from crn2sbml.motifs.motif import Kinetics
from crn2sbml.training.data import DataSet, Part


def small_classifier() -> Classifier:
    layers = (Convolution(2, 2), AveragePool(2, 1), Dense(2, "readout"))
    return Classifier("small", (1, 4, 4), layers, Kinetics(omega=40), input_max=8.0)


def bars() -> DataSet:
    """4 x 4 images of a lying (0) or a standing bar (1) with noise: 96 to train on, 16 and 24 to judge by."""
    rng = np.random.default_rng(17)
    labels = rng.integers(2, size=136)
    images = rng.integers(0, 4, (136, 4, 4)).astype(float)
    for image, label, where in zip(images, labels, rng.integers(4, size=136), strict=True):
        (image.T if label else image)[where] = 8
    parts = np.split(np.arange(136), [96, 112])
    return DataSet("bars", *(Part(images[i], labels[i], i) for i in parts), input_max=8.0)
