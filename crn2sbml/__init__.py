"""Deep learning with stochastic chemical reaction networks: train them, export them, get the same numbers everywhere.

Each public name is imported when it is first used, so that `import crn2sbml` loads neither JAX nor a simulator.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crn2sbml.circuits.classifier import Classifier
    from crn2sbml.circuits.weights_file import Trained, pack_weights, unpack_weights
    from crn2sbml.core.lump import lump
    from crn2sbml.core.matrices import Matrices
    from crn2sbml.core.network import Network, Parameter, Place, Reaction, Species
    from crn2sbml.disk import write_file, write_folder
    from crn2sbml.engines.registry import engine_names, get_engine
    from crn2sbml.errors import CrnError
    from crn2sbml.formats.antimony_read import read_antimony
    from crn2sbml.formats.antimony_write import write_antimony
    from crn2sbml.formats.document import Document, Metadata
    from crn2sbml.formats.lna_write import write_lna
    from crn2sbml.formats.omex import pack_omex
    from crn2sbml.formats.omex_read import unpack_omex
    from crn2sbml.formats.sbml_read import read_sbml, read_sbml_file
    from crn2sbml.formats.sbml_write import write_sbml
    from crn2sbml.formats.sedml_write import Example, write_sedml
    from crn2sbml.lna.analysis import analyse_noise
    from crn2sbml.lna.stationary import stationary
    from crn2sbml.report.archive import model_archive
    from crn2sbml.report.exports import Export, export_files
    from crn2sbml.report.model_folder import model_document, model_examples, model_files, model_usage
    from crn2sbml.training.loop import Options, train_classifier
    from crn2sbml.training.losses import Calibration
    from crn2sbml.training.recipes import get_recipe, recipe_names
    from crn2sbml.verify.matrix import simulator_matrix
    from crn2sbml.verify.round_trip import ode_readouts, round_trip
    from crn2sbml.verify.suite import find_cases, run_suite

_HOMES = {
    "circuits.classifier": ("Classifier",),
    "circuits.weights_file": ("Trained", "pack_weights", "unpack_weights"),
    "core.lump": ("lump",),
    "core.matrices": ("Matrices",),
    "core.network": ("Network", "Parameter", "Place", "Reaction", "Species"),
    "disk": ("write_file", "write_folder"),
    "engines.registry": ("engine_names", "get_engine"),
    "errors": ("CrnError",),
    "formats.antimony_read": ("read_antimony",),
    "formats.antimony_write": ("write_antimony",),
    "formats.document": ("Document", "Metadata"),
    "formats.lna_write": ("write_lna",),
    "formats.omex": ("pack_omex",),
    "formats.omex_read": ("unpack_omex",),
    "formats.sbml_read": ("read_sbml", "read_sbml_file"),
    "formats.sbml_write": ("write_sbml",),
    "formats.sedml_write": ("Example", "write_sedml"),
    "lna.analysis": ("analyse_noise",),
    "lna.stationary": ("stationary",),
    "report.archive": ("model_archive",),
    "report.exports": ("Export", "export_files"),
    "report.model_folder": ("model_document", "model_examples", "model_files", "model_usage"),
    "training.loop": ("Options", "train_classifier"),
    "training.losses": ("Calibration",),
    "training.recipes": ("get_recipe", "recipe_names"),
    "verify.matrix": ("simulator_matrix",),
    "verify.round_trip": ("ode_readouts", "round_trip"),
    "verify.suite": ("find_cases", "run_suite"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__version__ = "0.1.0"
__all__ = [
    "Calibration", "Classifier", "CrnError", "Document", "Example", "Export", "Matrices", "Metadata",
    "Network", "Options", "Parameter", "Place", "Reaction", "Species", "Trained", "analyse_noise",
    "engine_names", "export_files", "find_cases", "get_engine", "get_recipe", "lump", "model_archive",
    "model_document", "model_examples", "model_files", "model_usage", "ode_readouts", "pack_omex",
    "pack_weights", "read_antimony", "read_sbml", "read_sbml_file", "recipe_names", "round_trip", "run_suite",
    "simulator_matrix", "stationary", "train_classifier", "unpack_omex", "unpack_weights", "write_antimony",
    "write_file", "write_folder", "write_lna", "write_sbml", "write_sedml",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'crn2sbml' has no attribute {name!r}")
    return getattr(import_module(f"crn2sbml.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
