"""A 4 x 4 classifier with random weights through the whole round trip, once for all tests that look at the result."""

from functools import lru_cache

import numpy as np

from crn2sbml.circuits.weights_file import Trained
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.formats.usage import Usage
from crn2sbml.report.model_folder import model_document, model_usage
from crn2sbml.verify.round_trip import RoundTrip, round_trip
from tests.circuits.test_classifier import signed_weights, tiny

IMAGES = np.random.default_rng(31).random((2, 4, 4))
LABELS = [2, 0]
SEED, PRECISION = 7, 0.1


@lru_cache
def trained_tiny() -> Trained:
    classifier = tiny(omega=200)
    accuracy = {"train": 0.5, "validation": 0.4, "test": 0.75}
    examples = {"train": 10, "validation": 5, "test": 4}
    record = {"data": "noise", "options": {"seed": 3, "epochs": 12}, "accuracy": accuracy, "examples": examples}
    return Trained(classifier, signed_weights(classifier, 3), record)


@lru_cache
def tiny_sbml() -> str:
    return write_sbml(model_document(trained_tiny()))


def tiny_usage() -> Usage:
    return model_usage(trained_tiny())


def closed_form() -> np.ndarray:
    return trained_tiny().classifier.readouts(trained_tiny().weights, IMAGES)


@lru_cache
def tiny_trip() -> RoundTrip:
    return round_trip(tiny_sbml(), tiny_usage(), IMAGES, closed_form(), LABELS, SEED, PRECISION)
