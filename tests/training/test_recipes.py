from pathlib import Path

import pytest

from crn2sbml.circuits.classifier import Classifier
from crn2sbml.errors import CrnError, TrainingError
from crn2sbml.motifs.dense import Dense
from crn2sbml.motifs.max_pool import MaxPool
from crn2sbml.motifs.motif import Kinetics
from crn2sbml.training.loop import Options
from crn2sbml.training.losses import Calibration
from crn2sbml.training.recipes import get_recipe, read_recipe, recipe_names


@pytest.mark.parametrize("name", recipe_names())
def test_a_recipe_fits_its_data(name: str) -> None:
    recipe = get_recipe(name)
    classifier, source = recipe.classifier, recipe.source
    assert classifier.name == name
    assert (classifier.in_shape, classifier.input_max) == (source.shape, source.input_max)
    assert len(classifier.output_ids) == source.classes


def test_what_is_known_of_the_digits_before_they_are_loaded() -> None:
    recipe = get_recipe("digits")
    data, source = recipe.data(), recipe.source
    assert (1, *data.train.images.shape[1:]) == source.shape
    assert (data.input_max, len(set(data.train.labels.tolist()))) == (source.input_max, source.classes)
    assert recipe.options.batch <= len(data.train)
    # Every grey level is a whole number of items, so that nothing is rounded.
    assert recipe.classifier.kinetics.omega % data.input_max == 0


SPEC = """
name = "my-net"
data = "digits"
[kinetics]
omega = 20
[[layers]]
kind = "maxpool"
size = 2
stride = 2
[[layers]]
kind = "readout"
units = 10
[training]
epochs = 3
kept = 0.5
[calibration]
average = 5
"""


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(SPEC)
    recipe = get_recipe(str(path))
    assert recipe.classifier == Classifier(
        "my-net", (1, 8, 8), (MaxPool(2, 2), Dense(10, "readout")), Kinetics(omega=20.0), 16.0
    )
    assert recipe.options == Options(epochs=3, kept=0.5)
    assert recipe.calibration == Calibration(average=5.0)
    assert recipe.classifier.network(recipe.classifier.initial_weights(0)).id == "my_net"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name = ", "nam = ", "no setting 'nam'; did you mean 'name'"),
        ('"my-net"', '"9"', "name is '9'"),
        ('"my-net"', '"decay"', "name is 'decay', as a rate constant"),
        ("omega = 20", f"omega = {10**400}", "kinetics: omega is 1000"),
        ("size = 2", "size = 0", "size is 0; it must be above 0"),
        ('"maxpool"', '["maxpool"]', "no kind of layer"),
        ('"digits"', '"digit"', "no data set 'digit'; did you mean 'digits'"),
        ("omega = 20", "omega = 0.5", "omega is 0.5"),
        ("omega = 20", "omega = -1", "kinetics: omega is -1; it must be a number of 0 or more"),
        ("omega = 20", "omga = 20", "kinetics: no setting 'omga'; did you mean 'omega'"),
        ('"maxpool"', '"maxpol"', "no kind of layer 'maxpol'; did you mean 'maxpool'"),
        ("stride = 2", "", "layer of kind 'maxpool': stride is missing"),
        ("size = 2", "size = 2.5", "layer of kind 'maxpool': size is 2.5; it must be a whole number of 0 or more"),
        ("size = 2", "size = true", "size is True"),
        ("size = 2", "size = 9", "a window of 9 with stride 2 does not fit a grid of 8 x 8"),
        ("units = 10", "units = 9", "the last layer must be of kind 'readout' with 10 units"),
        ("[calibration]", "[[calibration]]", "calibration is [{"),
        ("average = 5", "average = nan", "calibration: average is nan"),
        ("epochs = 3", "epochs = many", "Invalid value"),
        ("[[layers]]", "[layers]", "Cannot"),
    ],
)
def test_specs_that_make_no_model(old: str, new: str, said: str) -> None:
    with pytest.raises(TrainingError) as refusal:
        read_recipe(SPEC.replace(old, new).encode(), "mine.toml")
    assert str(refusal.value).startswith("mine.toml: ")
    assert said in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"\xff", b"name = 'a'\ndata = 'digits'\nlayers = 3", b"data = 'digits'"])
def test_what_is_no_spec(content: bytes) -> None:
    with pytest.raises(TrainingError, match=r"^mine\.toml: "):
        read_recipe(content, "mine.toml")


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


def test_a_name_of_the_packages_own(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(SPEC.replace("my-net", "digits"))
    with pytest.raises(TrainingError, match="the name 'digits' is that of a model of the package"):
        get_recipe(str(tmp_path / "mine.toml"))
