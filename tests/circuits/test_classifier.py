from typing import Any

import numpy as np
import pytest

from crn2sbml.circuits.classifier import Classifier
from crn2sbml.errors import ShapeError
from crn2sbml.motifs.average_pool import AveragePool
from crn2sbml.motifs.convolution import Convolution
from crn2sbml.motifs.dense import Dense
from crn2sbml.motifs.motif import Kinetics, Shape
from tests.reference.steady_ode import steady_counts


def tiny(omega: float = 1.0, in_shape: Shape = (1, 4, 4), input_max: float = 1.0) -> Classifier:
    """4 x 4 input, two 2 x 2 filters, pool, three read-outs."""
    layers = (Convolution(2, 2, 1), AveragePool(2, 1), Dense(3, "readout"))
    return Classifier("tiny", in_shape, layers, Kinetics(omega=omega), input_max)


def signed_weights(classifier: Classifier, seed: int = 0) -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    return [
        {name: rng.normal(size=array.shape) for name, array in arrays.items()}
        for arrays in classifier.initial_weights(0)
    ]


def test_sizes_of_layers_and_of_the_network() -> None:
    classifier = tiny()
    assert classifier.shapes == ((1, 4, 4), (2, 3, 3), (2, 2, 2), (3, 1, 1))
    net = classifier.network(signed_weights(classifier))
    assert len(net.clamped) == 16
    # 18 rectifiers in the convolution, 8 means, 3 rectifiers in the read-out; a rectifier has two rails.
    assert len(net.floating) == 2 * 18 + 8 + 2 * 3
    # A rectifier: its inputs, a bias, two decays, one annihilation. A mean: its inputs and a decay.
    assert len(net.reactions) == 18 * (4 + 1 + 3) + 8 * (4 + 1) + 3 * (8 + 1 + 3)
    assert len(net.parameters) == 2 + (2 * 4 + 2) + 2 + (3 * 8 + 3)
    assert classifier.output_ids == ("readout3_P_0", "readout3_P_1", "readout3_P_2")
    assert set(classifier.output_ids) <= set(net.floating)
    assert classifier.input_ids == net.clamped


def test_weights_of_zero_make_no_reaction() -> None:
    classifier = tiny()
    weights = [{name: np.zeros_like(a) for name, a in arrays.items()} for arrays in signed_weights(classifier)]
    net = classifier.network(weights)
    assert len(net.reactions) == 18 * 3 + 8 * 5 + 3 * 3
    assert {p.id for p in net.parameters} == {"decay", "annihilation", "pool2_share", "pool2_decay"}


def test_layers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ShapeError, match="window of 5"):
        _ = Classifier("bad", (1, 4, 4), (Convolution(1, 5),)).shapes


@pytest.mark.parametrize(
    ("layer", "name", "array", "words"),
    [
        (0, "kernel", None, ["layer 1", "'kernel'", "missing", "(2, 4)"]),
        (2, "bias", None, ["layer 3", "'bias'", "missing", "(3,)"]),
        (0, "kernel", np.zeros((2, 5)), ["layer 1", "'kernel'", "(2, 5)", "(2, 4)"]),
        (2, "kernel", np.zeros((8, 3)), ["layer 3", "'kernel'", "(8, 3)", "(3, 8)"]),
        (2, "bias", 0.0, ["layer 3", "'bias'", "(3,)"]),
        (0, "bias", np.array([1, np.nan]), ["layer 1", "'bias'", "1 values", "not finite"]),
        (2, "kernel", np.full((3, 8), np.inf), ["layer 3", "'kernel'", "24 values", "not finite"]),
    ],
)
def test_weights_that_do_not_fit_are_named(layer: int, name: str, array: Any, words: list[str]) -> None:
    classifier = tiny()
    weights: list[dict[str, Any]] = list(signed_weights(classifier))
    weights[layer] = {key: value for key, value in weights[layer].items() if key != name}
    if array is not None:
        weights[layer][name] = array
    for refuse in (classifier.check_weights, classifier.network):
        with pytest.raises(ShapeError) as refusal:
            refuse(weights)
        for word in ("'tiny'", *words):
            assert word in str(refusal.value)


@pytest.mark.parametrize("layers", [0, 2, 4])
def test_another_number_of_layers_is_refused(layers: int) -> None:
    classifier = tiny()
    weights = (signed_weights(classifier) * 2)[:layers]
    with pytest.raises(ShapeError, match=f"{layers} sets of weights for 3 layers"):
        classifier.check_weights(weights)


def test_counts_are_rounded_pixels() -> None:
    classifier = tiny(omega=30, input_max=16)
    image = np.arange(16.0).reshape(4, 4)
    counts = classifier.input_counts(image)
    assert counts.tolist() == [round(pixel * 30 / 16) for pixel in range(16)]
    np.testing.assert_array_equal(classifier.activities(image) * 30, counts)
    np.testing.assert_array_equal(classifier.input_counts(image.ravel()), counts)
    np.testing.assert_array_equal(classifier.input_counts(np.stack([image, image]))[1], counts)
    assert classifier.input_counts(np.zeros((2, 5, 4, 4))).shape == (2, 5, 16)
    net = classifier.network(signed_weights(classifier), image)
    assert [s.initial for s in net.species if s.clamped] == counts.tolist()


@pytest.mark.parametrize("shape", [(), (4,), (15,), (3, 4), (4, 5), (2, 17), (16, 1)])
def test_data_of_another_size_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError) as refusal:
        tiny().input_counts(np.zeros(shape))
    assert str(shape) in str(refusal.value)
    assert "'tiny'" in str(refusal.value)


@pytest.mark.parametrize("value", [-0.001, 1.001, np.nan, np.inf])
def test_data_out_of_range_is_refused(value: float) -> None:
    data = np.full((4, 4), 0.5)
    data[2, 1] = value
    with pytest.raises(ShapeError, match=r"outside 0 \.\. 1"):
        tiny().input_counts(data)


def test_data_of_several_channels() -> None:
    classifier = tiny(omega=10, in_shape=(2, 4, 4))
    image = np.random.default_rng(0).random((2, 4, 4))
    expected = np.rint(image.ravel() * 10)
    np.testing.assert_array_equal(classifier.input_counts(image.ravel()), expected)
    np.testing.assert_array_equal(classifier.input_counts(image), expected)
    np.testing.assert_array_equal(classifier.input_counts(np.stack([image, image])), [expected, expected])


def test_one_plane_for_several_channels_is_refused() -> None:
    with pytest.raises(ShapeError):
        tiny(in_shape=(2, 4, 4)).input_counts(np.zeros((4, 4)))


@pytest.mark.parametrize("omega", [1.0, 25.0])
def test_closed_form_is_the_steady_state_of_the_ode(omega: float) -> None:
    classifier = tiny(omega)
    weights = signed_weights(classifier, seed=4)
    image = np.random.default_rng(5).random((4, 4))
    image = classifier.activities(image).reshape(4, 4)  # whole items, so that the rounding is not what is tested
    found = steady_counts(classifier.network(weights, image), horizon=80)
    levels = classifier.levels(weights, image.ravel())
    # 1e-8 is what the brief asks; the root search leaves about 1e-12.
    np.testing.assert_allclose(
        classifier.readouts(weights, image), [found[name] for name in classifier.output_ids], rtol=1e-8, atol=1e-9
    )
    pools = [found[f"pool2_{c}_{i}_{j}"] for c in range(2) for i in range(2) for j in range(2)]
    np.testing.assert_allclose(levels[1].outputs * omega, pools, rtol=1e-8, atol=1e-9)
    mirrors = [found[f"conv1_M_{c}_{i}_{j}"] for c in range(2) for i in range(3) for j in range(3)]
    np.testing.assert_allclose(levels[0].negative * omega, mirrors, rtol=1e-8, atol=1e-9)


def test_readouts_of_many_images_at_once() -> None:
    classifier = tiny(omega=50)
    weights = signed_weights(classifier, seed=6)
    images = np.random.default_rng(7).random((2, 3, 4, 4))
    together = classifier.readouts(weights, images)
    assert together.shape == (2, 3, 3)
    for index in np.ndindex(2, 3):
        np.testing.assert_allclose(together[index], classifier.readouts(weights, images[index]), rtol=1e-12)


def test_initial_weights_follow_the_seed_and_the_fan_in() -> None:
    classifier = Classifier("wide", (1, 20, 20), (Dense(200, "readout"),))
    first, again, other = (classifier.initial_weights(seed)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first["kernel"], again["kernel"])
    assert not np.array_equal(first["kernel"], other["kernel"])
    assert (first["bias"] > 0).all()
    classifier.check_weights([first])
    # 80,000 normal numbers of variance 1/400: z-scores of their mean and of their variance.
    drawn = first["kernel"].ravel() * 20
    assert abs(drawn.mean()) * np.sqrt(drawn.size) < 4
    assert abs(drawn.var() - 1) * np.sqrt(drawn.size / 2) < 4
