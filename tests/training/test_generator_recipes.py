from pathlib import Path

import pytest

from crn2sbml.circuits.generator import Generator
from crn2sbml.errors import CrnError, TrainingError
from crn2sbml.motifs.dense import Dense
from crn2sbml.motifs.motif import Kinetics
from crn2sbml.motifs.switch import Switch
from crn2sbml.training.generator_loop import GeneratorOptions
from crn2sbml.training.generator_recipes import generator_names, get_generator_recipe, read_generator_recipe

SPEC = """
name = "mine"
data = "digits"
[generator]
latents = 3
turnover = 0.02
[kinetics]
omega = 20
[[layers]]
kind = "dense"
units = 5
[[layers]]
kind = "switch"
rows = 8
columns = 8
[training]
steps = 40
"""


@pytest.mark.parametrize("name", generator_names())
def test_a_generator_of_the_package(name: str) -> None:
    recipe = get_generator_recipe(name)
    assert recipe.generator.name == name
    assert recipe.generator.cascade.shapes[-1] == recipe.source.shape
    assert recipe.generator.classes == recipe.source.classes


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(SPEC)
    recipe = get_generator_recipe(str(path))
    assert recipe.generator == Generator(
        "mine", 3, 10, (Dense(5), Switch(8, 8)), Kinetics(omega=20.0), mean=10.0, turnover=0.02
    )
    assert recipe.options == GeneratorOptions(steps=40)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("latents = 3", "", "generator: latents is missing"),
        ("latents = 3", "latents = 0", "latents is 0"),
        ("turnover", "turnver", "no setting 'turnver'; did you mean 'turnover'"),
        ("rows = 8", "rows = 7", r"makes pictures of \(7, 8\); the data has \(8, 8\)"),
        ('"switch"', '"dense"', "no setting 'rows'"),
        ("omega = 20", "omega = 20.5", "a pixel needs a whole number of items"),
        ("omega = 20", "omega = 0.5", "omega is 0.5"),
        ("steps = 40", "steps = -1", "training: steps is -1"),
        ("[training]", "[calibration]", "no setting 'calibration'"),
        ("[generator]", "[generator", "mine: "),
    ],
)
def test_nonsense_is_one_line(old: str, new: str, said: str) -> None:
    with pytest.raises(TrainingError, match=said) as refusal:
        read_generator_recipe(SPEC.replace(old, new).encode(), "mine")
    assert "\n" not in str(refusal.value)


def test_an_unknown_name() -> None:
    with pytest.raises(CrnError, match="no generator 'digit-generator'; did you mean 'digits-generator'"):
        get_generator_recipe("digit-generator")
