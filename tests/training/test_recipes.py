import pytest

from crn2sbml.circuits.weights_file import Trained
from crn2sbml.errors import CrnError
from crn2sbml.training.recipes import at_omega, get_recipe, recipe_names


@pytest.mark.parametrize("name", recipe_names())
def test_a_recipe_fits_its_data(name: str) -> None:
    recipe = get_recipe(name)
    data, classifier = recipe.data(), recipe.classifier
    assert classifier.name == name
    assert classifier.input_max == data.input_max
    assert classifier.in_shape[1:] == data.train.images.shape[1:]
    assert len(classifier.output_ids) == len(set(data.train.labels.tolist()))
    assert recipe.options.batch <= len(data.train)
    # Every grey level is a whole number of items, so that nothing is rounded.
    assert classifier.kinetics.omega % data.input_max == 0


def test_the_digits_network() -> None:
    classifier = get_recipe("digits").classifier
    weights = classifier.initial_weights(0)
    net = classifier.network(weights)
    convolution, pool, dense, readout = 4 * 6 * 6, 4 * 3 * 3, 16, 10
    assert len(net.species) == 64 + 2 * convolution + pool + 2 * dense + 2 * readout
    # A rectifier has its inputs, a bias, two decays and one annihilation; a mean its inputs and a decay.
    expected = convolution * (9 + 4) + pool * (4 + 1) + dense * (36 + 4) + readout * (16 + 4)
    assert len(net.reactions) == expected
    assert sum(array.size for layer in weights for array in layer.values()) == 4 * 10 + 16 * 37 + 10 * 17


def test_an_unknown_name_brings_the_closest() -> None:
    with pytest.raises(CrnError, match=r"no model 'digit'; did you mean 'digits'\?"):
        get_recipe("digit")


@pytest.mark.parametrize("omega", [1, 30.5, 999999999])
def test_another_system_size(omega: float) -> None:
    recipe = get_recipe("digits", omega)
    assert recipe.classifier.kinetics.omega == omega
    assert get_recipe("digits").classifier.kinetics.omega == 80
    assert recipe.options == get_recipe("digits").options


@pytest.mark.parametrize("omega", [0.0, 0.99, -5.0, 1e9, float("inf"), float("nan")])
def test_system_sizes_that_are_refused(omega: float) -> None:
    with pytest.raises(CrnError, match="omega is"):
        get_recipe("digits", omega)


def test_a_trained_model_at_another_size_keeps_its_weights() -> None:
    classifier = get_recipe("digits").classifier
    trained = Trained(classifier, classifier.initial_weights(1), {"data": "digits"})
    larger = at_omega(trained, 800.0)
    assert larger.weights is trained.weights
    assert (larger.classifier.kinetics.omega, trained.classifier.kinetics.omega) == (800.0, 80.0)
    image = get_recipe("digits").data().train.images[0]
    # Ten times the items; all pixels are whole items at both sizes.
    expected = 10 * classifier.readouts(trained.weights, image)
    assert larger.classifier.readouts(larger.weights, image) == pytest.approx(expected, rel=1e-12)
