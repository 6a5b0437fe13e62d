"""SED-ML Level 1 Version 4: how to run a model and what to look at, through libSEDML; same input, same bytes.

The target of a changed count says `[not(sbml:parameter)]`, which is always true. Tellurium takes a target in which the
word `species` stands alone for `init(X)`, which compiles the model anew for each input of a classifier (20 seconds
each), but one with the word `parameter` for a plain value; COPASI wants `species[@id=...]` and nothing after it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import libsedml

from crn2sbml.core.network import Network
from crn2sbml.core.ode import DENSE_UP_TO
from crn2sbml.errors import FormatError, did_you_mean
from crn2sbml.formats.document import Document, other_reading
from crn2sbml.formats.libsbml_classes import restore_libsbml_classes

# Importing libSEDML took them over.
restore_libsbml_classes()

CVODE, ADAMS, DIRECT_METHOD = "KISAO:0000019", "KISAO:0000280", "KISAO:0000029"
RELATIVE_TOLERANCE, ABSOLUTE_TOLERANCE, SEED = "KISAO:0000209", "KISAO:0000211", "KISAO:0000488"
MOST_STEPS = "KISAO:0000415"
LARGEST_SEED = 2**32 - 1
"""Simulators keep a seed as an unsigned 32-bit number."""
_SBML = "http://www.sbml.org/sbml/level3/version2/core"
_LANGUAGE = "urn:sedml:language:sbml.level-3.version-2"
_NAME = re.compile(r"\w{1,64}", re.ASCII)


@dataclass(frozen=True)
class Example:
    """A named setting of the clamped inputs, in items; inputs that are not named keep the model's counts."""

    name: str
    inputs: Mapping[str, float]

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise FormatError(f"example {self.name[:80]!r}: a name has 1 to 64 letters, digits or _")
        for species, count in self.inputs.items():
            if not 0 <= count < float("inf"):
                raise FormatError(f"example {self.name!r}: {species!r} is {count}; it must be finite and >= 0 items")


def check_examples(network: Network, examples: Sequence[Example]) -> None:
    """Raises FormatError: two examples of one name, or an input that is no clamped species of the network."""
    for name, count in Counter(example.name for example in examples).items():
        if count > 1:
            raise FormatError(f"example {name!r}: the name is used {count} times")
    clamped = set(network.clamped)
    for example in examples:
        for species in example.inputs:
            if species not in clamped:
                raise FormatError(f"example {example.name!r}: {did_you_mean(species, clamped, 'clamped species')}")


def other_document(document: Document) -> Document | None:
    """The other reading of a document, for the `other_file` of `write_sedml`; None where that would have no run."""
    other = other_reading(document)
    return None if other and other.reading == "stochastic" and not document.network.has_whole_counts else other


def write_sedml(
    document: Document,
    outputs: Sequence[str],
    t_end: float,
    examples: Sequence[Example] = (),
    *,
    seed: int,
    model_file: str = "model.xml",
    other_file: str = "",
    steps: int = 100,
    ssa_end: float | None = None,
    tolerance: float = 1e-10,
) -> str:
    """An ODE run and an exact stochastic run of the model as it stands, and an ODE run of each example.

    Each run has a report and a plot of the `outputs` over time, at `steps` + 1 times from 0 to `t_end` seconds
    (`ssa_end` for the stochastic run, `t_end` if None); columns are called `time` and by species id. The stochastic run
    is left out, and the notes say so, if an initial count is not whole or `ssa_end` is 0.

    Args:
        document: what `model_file` holds.
        outputs: species to report and plot.
        t_end: end of the deterministic runs, seconds.
        examples: settings of the clamped inputs.
        seed: of the stochastic run, 0 to 2^32 - 1.
        model_file: path of the document's SBML, from where the SED-ML will lie.
        other_file: the same network in the other reading of equal reactants. Without it a document of one reading has
            one kind of run, and examples only if it is the deterministic one.
        steps: of the output.
        ssa_end: end of the stochastic run, seconds.
        tolerance: relative and absolute (items) tolerance of the ODE runs: by CVODE, which large networks ask to use
            Adams' method.

    Raises: FormatError: an unknown output, a bad example, an end, number of steps or seed out of range, no run that
        fits.

    """
    network = document.network
    check_examples(network, examples)
    for name, count in Counter(outputs).items():
        if name not in network.species_index:
            raise FormatError(f"SED-ML: {did_you_mean(name, network.species_index, 'output species')}")
        if count > 1:
            raise FormatError(f"SED-ML: the output {name!r} is named {count} times")
    ends = (t_end, t_end if ssa_end is None else ssa_end)
    if not (outputs and steps >= 1 and 0 < t_end < float("inf") and 0 <= ends[1] < float("inf")):
        raise FormatError(f"SED-ML: {len(outputs)} outputs, {steps} steps to {ends} s; needs 1 or more, and a time > 0")
    if not 0 <= seed <= LARGEST_SEED:
        raise FormatError(f"SED-ML: seed {seed}; it must be 0 to {LARGEST_SEED}")
    both = document.reading == "any" or bool(other_file)
    deterministic = both or document.reading == "deterministic"
    left_out = no_stochastic_run(network, ssa_end)
    stochastic = (both or document.reading == "stochastic") and not left_out
    if examples and not deterministic:
        raise FormatError("SED-ML: examples are run by ODE, which needs the deterministic reading; name its file")
    if not (deterministic or stochastic):
        raise FormatError(f"SED-ML: network {network.id!r} is for stochastic runs, but {left_out}")
    initial = {species.id: species.initial for species in network.species}
    writer = _Writer(outputs, steps)
    ode_model = "model" if document.reading != "stochastic" else "model_deterministic"
    ssa_model = "model" if document.reading != "deterministic" else "model_stochastic"
    writer.model("model", model_file, document.network.id)
    if document.reading == "deterministic" and stochastic:
        writer.model(ssa_model, other_file, network.id)
    if document.reading == "stochastic" and deterministic:
        writer.model(ode_model, other_file, network.id)
    if left_out:
        writer.note(f"No stochastic run: {left_out}.")
    # COPASI keeps one time course, the last of the first model; that shall be the ODE.
    if stochastic:
        writer.simulation("ssa", ends[1], DIRECT_METHOD, {SEED: seed})
        writer.run("ssa", ssa_model, "ssa", "Exact stochastic")
    if deterministic:
        settings = {RELATIVE_TOLERANCE: tolerance, ABSOLUTE_TOLERANCE: tolerance}
        large = len(network.floating) > DENSE_UP_TO
        writer.simulation(
            "ode", ends[0], ADAMS if large else CVODE, settings | ({MOST_STEPS: 1_000_000} if large else {})
        )
        writer.run("ode", ode_model, "ode", "Deterministic")
    for example in examples:
        changed = {name: count for name, count in example.inputs.items() if count != initial[name]}
        derived = f"model_of_{example.name}"
        writer.model(derived, f"#{ode_model}", example.name, changed)
        writer.run(f"of_{example.name}", derived, "ode", f"Deterministic, example {example.name}")
    return writer.text()


def no_stochastic_run(network: Network, ssa_end: float | None) -> str:
    """Why a network gets none, in words; nothing if it gets one."""
    if not network.has_whole_counts:
        return "an initial count is not whole"
    return "it is not asked for" if ssa_end == 0 else ""


class _Writer:
    """Writes runs into one SED-ML document; ids cannot clash, whatever species and examples are called."""

    def __init__(self, outputs: Iterable[str], steps: int) -> None:
        self._outputs, self._steps, self._runs = tuple(outputs), steps, 0
        self._sedml = libsedml.SedDocument(1, 4)
        _ok(self._sedml.getNamespaces().add(_SBML, "sbml"), "namespace")

    def text(self) -> str:
        return str(libsedml.writeSedMLToString(self._sedml))

    def note(self, text: str) -> None:
        """Plain text without markup."""
        _ok(self._sedml.setNotes(f'<p xmlns="http://www.w3.org/1999/xhtml">{text}</p>'), "notes")

    def model(self, name: str, source: str, title: str, changes: Mapping[str, float] | None = None) -> None:
        model = self._sedml.createModel()
        _ok(model.setId(name), f"model {name!r}")
        _ok(model.setName(title), f"name of {name!r}")
        _ok(model.setLanguage(_LANGUAGE), "language")
        _ok(model.setSource(source), f"source {source!r}")
        for species, count in (changes or {}).items():
            change = model.createChangeAttribute()
            _ok(
                change.setTarget(_target(species, "[not(sbml:parameter)]") + "/@initialAmount"),
                f"change of {species!r}",
            )
            _ok(change.setNewValue(f"{count:.17g}"), f"count of {species!r}")

    def simulation(self, name: str, end: float, algorithm: str, settings: Mapping[str, float]) -> None:
        course = self._sedml.createUniformTimeCourse()
        _ok(course.setId(name), f"simulation {name!r}")
        _ok(course.setInitialTime(0), "initial time")
        _ok(course.setOutputStartTime(0), "start of output")
        _ok(course.setOutputEndTime(end), "end of output")
        _ok(course.setNumberOfSteps(self._steps), "number of steps")
        method = course.createAlgorithm()
        _ok(method.setKisaoID(algorithm), algorithm)
        for term, value in settings.items():
            parameter = method.createAlgorithmParameter()
            _ok(parameter.setKisaoID(term), term)
            _ok(parameter.setValue(f"{value:.17g}"), f"value of {term}")

    def run(self, name: str, model: str, simulation: str, title: str) -> None:
        """A task with its data generators, report and plot."""
        number, self._runs = self._runs, self._runs + 1
        task = self._sedml.createTask()
        _ok(task.setId(f"task_{name}"), f"task {name!r}")
        _ok(task.setModelReference(model), f"model {model!r}")
        _ok(task.setSimulationReference(simulation), f"simulation {simulation!r}")
        time = self._generator(f"t{number}", "time", f"task_{name}")
        columns = [(s, self._generator(f"y{number}_{s}", s, f"task_{name}")) for s in self._outputs]
        report, plot = self._sedml.createReport(), self._sedml.createPlot2D()
        for output, kind in ((report, "report"), (plot, "plot")):
            _ok(output.setId(f"{kind}_{name}"), f"{kind} {name!r}")
            _ok(output.setName(f"{title} run"), f"name of {kind} {name!r}")
        for label, generator in (("time", time), *columns):
            column = report.createDataSet()
            _ok(column.setId(f"column_{generator}"), f"column {label!r}")
            _ok(column.setLabel(label), f"label {label!r}")
            _ok(column.setDataReference(generator), f"data of {label!r}")
        for axis, label in ((plot.createXAxis(), "time / s"), (plot.createYAxis(), "count / items")):
            _ok(axis.setType(libsedml.SEDML_AXISTYPE_LINEAR), "axis")
            _ok(axis.setName(label), "name of an axis")
        for order, (label, generator) in enumerate(columns):
            curve = plot.createCurve()
            _ok(curve.setId(f"curve_{generator}"), f"curve {label!r}")
            _ok(curve.setName(label), f"name of curve {label!r}")
            _ok(curve.setOrder(order), f"order of curve {label!r}")
            _ok(curve.setType(libsedml.SEDML_CURVETYPE_POINTS), f"type of curve {label!r}")
            _ok(curve.setXDataReference(time), f"times of {label!r}")
            _ok(curve.setYDataReference(generator), f"counts of {label!r}")

    def _generator(self, name: str, what: str, task: str) -> str:
        generator = self._sedml.createDataGenerator()
        _ok(generator.setId(name), f"data generator {name!r}")
        _ok(generator.setName(what), f"name of {name!r}")
        variable = generator.createVariable()
        _ok(variable.setId(f"of_{name}"), f"variable of {name!r}")
        _ok(variable.setTaskReference(task), f"task of {name!r}")
        if name[0] == "t":
            _ok(variable.setSymbol("urn:sedml:symbol:time"), "time")
        else:
            _ok(variable.setTarget(_target(what)), f"target {what!r}")
        _ok(generator.setMath(libsedml.parseL3Formula(f"of_{name}")), "formula")
        return name


def _target(species: str, condition: str = "") -> str:
    return f"/sbml:sbml/sbml:model/sbml:listOfSpecies{condition}/sbml:species[@id='{species}']"


def _ok(code: int, doing: str) -> None:
    if code != libsedml.LIBSEDML_OPERATION_SUCCESS:
        reason = libsedml.SedOperationReturnValue_toString(code) or f"code {code}"
        raise FormatError(f"libSEDML refused: {doing}: {reason}")
