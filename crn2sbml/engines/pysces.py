"""PySCeS through its own SBML importer (SBML to its model language, then its parser): LSODA.

It writes into the home folder when it is imported and prints as it goes; here its home is a temporary folder and what
it prints is dropped. Where its importer cannot read a law it puts 0 and goes on, so every import is checked.
"""

import io
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from crn2sbml.core.matrices import Array
from crn2sbml.engines.engine import Limit, Simulation
from crn2sbml.engines.imported import check_import, importing, trial_counts
from crn2sbml.engines.loaded import TOLERANCE, Counts
from crn2sbml.engines.quiet import quiet_stdout
from crn2sbml.engines.words import in_its_words
from crn2sbml.errors import EngineError

_SETTINGS = {
    "lsoda_rtol": TOLERANCE,
    "lsoda_mxstep": 500_000,
    "lsoda_mesg": 0,
    "mode_sim_max_iter": 0,  # no further tries
}
_HOME = tempfile.TemporaryDirectory(prefix="pysces_")


@contextmanager
def _contained() -> Iterator[None]:
    """Inside, the home folder is a temporary one, prints and warnings go nowhere, and the working folder comes back."""
    home, folder = os.environ.get("HOME"), Path.cwd()
    os.environ["HOME"] = _HOME.name
    try:
        with quiet_stdout(), redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        os.chdir(folder)
        if home is None:
            del os.environ["HOME"]
        else:
            os.environ["HOME"] = home


def _set_up_home() -> None:
    """Without this file PySCeS sets Matplotlib's back end to one with windows."""
    folder = Path(_HOME.name, "Pysces")
    folder.mkdir()
    options = {"output_dir": folder, "model_dir": folder, "matplotlib": False, "silentstart": True}
    lines = [f"{name} = {value}" for name, value in options.items()]
    (folder / ".pys_usercfg.ini").write_text("\n".join(["[Pysces]", *lines, ""]), encoding="utf-8")


_set_up_home()
with _contained():
    import pysces

# Its importer waits a second after it has said that it ignores the units of parameters.
pysces.core2.PyscesCore2Interfaces.SbmlToCore.__error_sleep_time__ = 0


class PyscesEngine:
    """PySCeS; its rate laws are Python code, and it analyses the stoichiometry as it loads."""

    name = "pysces"
    feeds = False
    version = pysces.__version__
    methods: Mapping[str, tuple[str, ...]] = MappingProxyType({"ode": ("lsoda",)})
    limits: tuple[Limit, ...] = (
        Limit("reactions", 4000, "its laws are Python code: over half a minute to load, over a minute to integrate"),
    )

    def load(self, sbml: str) -> "PyscesSimulation":
        """See `Engine.load`."""
        return PyscesSimulation(self, sbml)


class PyscesSimulation(Simulation):
    """One imported model; each run sets the counts of all species by name."""

    def __init__(self, engine: PyscesEngine, sbml: str) -> None:
        super().__init__(engine, sbml)
        network = self._loaded.document.network
        self._model = _imported(sbml)
        row = self._loaded.document.network.species_index
        used = {name for reaction in network.reactions for name, _ in (*reaction.inputs, *reaction.outputs)}
        theirs = {*self._model.species, *self._model.fixed_species}
        # It leaves out what takes part in nothing; such a species stays as it is.
        lost = (theirs - set(row)) | (used - theirs)
        if lost:
            raise EngineError(f"pysces: species {', '.join(sorted(lost)[:5])} are lost or renamed by its importer")
        self._columns = [row[name] for name in self._model.species]
        self._fixed = set(self._model.fixed_species)
        self._model.__settings__.update(_SETTINGS)
        self._model.__KeyWords__["Output_In_Conc"] = False
        self._model.mode_integrator = "LSODA"
        counts = trial_counts(self._loaded)
        self._set(dict(zip(network.species_index, counts, strict=True)))
        stoichiometry = np.zeros((len(row), len(self._model.reactions)))
        stoichiometry[self._columns] = self._model.nmatrix
        with _contained():
            # The function that its solvers integrate; on an error inside a law it prints a line and goes on.
            rates = self._model._EvalREq(counts[self._columns], np.zeros(stoichiometry.shape[1]))
        check_import(self._loaded, "pysces", counts, stoichiometry, rates)

    def _integrate(self, times: list[float], counts: Counts, absolute: float) -> tuple[Array, str]:
        self._set(counts)
        self._model.__settings__["lsoda_atol"] = absolute
        values = np.tile(list(counts.values()), (len(times), 1))
        if self._columns:
            self._model.sim_time = np.array(times)
            with _contained():
                try:
                    self._model.Simulate(userinit=1)
                except Exception as error:
                    raise EngineError(f"pysces: {in_its_words(error)}") from None
            result = np.asarray(self._model.data_sim.species, dtype=float)
            if not (self._model.IS_VALID and np.isfinite(result).all()):
                raise EngineError("pysces: LSODA gave up; it does not say why")
            for name in self._fixed:
                # A name that PySCeS itself uses, such as _TIME_.
                if getattr(self._model, name) != counts[name]:
                    raise EngineError(f"pysces changed the clamped species {name!r}; rename it")
            values[:, self._columns] = result
        return values, "lsoda"

    def _set(self, counts: Counts) -> None:
        for name, count in counts.items():
            if name in self._fixed:
                setattr(self._model, name, float(count))
            elif name in self._model.species:
                setattr(self._model, f"{name}_init", float(count))


def _imported(sbml: str) -> Any:
    """The model as PySCeS reads it from a file, the only thing it takes."""
    # Names it refuses are kept in a default argument: without clearing it, every later model would be refused too.
    reserved = pysces.PyscesParse.PySCeSParser.KeywordCheck.__defaults__[0]
    reserved.clear()
    try:
        with importing("pysces", sbml) as path, _contained():
            folder = str(path.parent)
            pysces.interface.convertSBML2PSC(path.name, sbmldir=folder, pscfile="model.psc", pscdir=folder)
            return pysces.model("model.psc", dir=folder)
    except EngineError as error:
        names = f" (names it reserves: {', '.join(sorted(set(reserved)))})" if reserved else ""
        raise EngineError(f"{error}{names}") from None
