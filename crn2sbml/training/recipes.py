"""What the shipped models are made of: architecture, kinetics and training options by name."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from crn2sbml.circuits.classifier import Classifier
from crn2sbml.circuits.weights_file import Trained
from crn2sbml.errors import CrnError, did_you_mean
from crn2sbml.motifs.average_pool import AveragePool
from crn2sbml.motifs.convolution import Convolution
from crn2sbml.motifs.dense import Dense
from crn2sbml.motifs.motif import Kinetics
from crn2sbml.training.data import DataSet, load_digits
from crn2sbml.training.loop import Options


@dataclass(frozen=True)
class Recipe:
    """A model that can be trained by name."""

    classifier: Classifier
    data: Callable[[], DataSet]
    options: Options


_DIGITS = Recipe(
    Classifier(
        name="digits",
        in_shape=(1, 8, 8),
        # The pool turns over faster than its readers: at the rectifiers' own pace, 3 % of the events there would cause
        # 45 % of the read-outs' variance (LNA, first training examples).
        layers=(Convolution(4, 3), AveragePool(2, 2, turnover=4.0), Dense(16), Dense(10, "readout")),
        # omega is a multiple of the 16 grey levels, so that every pixel is a whole number of items.
        kinetics=Kinetics(decay=1.0, annihilation=20.0, omega=80.0),
        input_max=16.0,
    ),
    load_digits,
    Options(),
)
_RECIPES = {"digits": _DIGITS}


def recipe_names() -> list[str]:
    """Names of all recipes, sorted."""
    return sorted(_RECIPES)


def get_recipe(name: str, omega: float | None = None) -> Recipe:
    """The recipe of that name, with another system size (items per unit of activity) if given.

    Raises: CrnError: an unknown name, or an omega below 1.
    """
    if name not in _RECIPES:
        raise CrnError(did_you_mean(name, _RECIPES, "model"))
    recipe = _RECIPES[name]
    return recipe if omega is None else replace(recipe, classifier=with_omega(recipe.classifier, omega))


def with_omega(classifier: Classifier, omega: float) -> Classifier:
    """The same classifier at another system size; its weights stay valid. Raises CrnError: omega below 1."""
    if not 1 <= omega < 1e9:
        raise CrnError(f"omega is {omega}; it must be 1 to 1e9 items per unit of activity")
    return replace(classifier, kinetics=replace(classifier.kinetics, omega=float(omega)))


def at_omega(trained: Trained, omega: float) -> Trained:
    """A trained classifier at another system size."""
    return replace(trained, classifier=with_omega(trained.classifier, omega))
