"""A COPASI file (.cps) with its tasks and plots set up: open it, choose a task, press Run.

COPASI has one Time Course task, and a Scan repeats that task with its method. So a file is for one kind of run:
deterministic (LSODA, steady state, linear noise approximation) or stochastic (direct method, repeated by the Scan).
A layout in the SBML text is carried over by COPASI's import.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from math import sqrt
from typing import Any

import COPASI

from crn2sbml.core.lump import lump
from crn2sbml.core.network import Network
from crn2sbml.errors import FormatError
from crn2sbml.formats.document import Document
from crn2sbml.formats.run_settings import check_run
from crn2sbml.formats.sbml_write import write_sbml

LARGEST = {"elementary": 6000, "lumped": 2000}
"""SBML reactions up to which COPASI's import takes one or two minutes; its cost grows with their square, and each
lumped reaction is a function of its own to it."""
REPEATS = 100
"""Stochastic runs of the Scan task."""
_STEPS, _TOLERANCE, _MOST_STEPS = 200, 1e-10, 10_000_000
_CURVE, _HISTOGRAM = COPASI.CPlotItem.curve2d, COPASI.CPlotItem.histoItem1d
TIME_PLOT, HISTOGRAM_PLOT = "Outputs over time", "Outputs at the end"


def write_copasi(
    document: Document, t_end: float, outputs: Sequence[str], seed: int = 1, stochastic: bool | None = None
) -> str:
    """The document as COPASI text, with tasks that run for `t_end` seconds and plots of the `outputs`.

    Args: seed: kept by the stochastic Time Course, in use once its `Use Random Seed` is ticked (with a fixed seed all
    repeats of a Scan would be the same run). stochastic: which tasks are set up; if not given, the stochastic ones for
    the stochastic reading and else the deterministic ones.
    COPASI works in a process of its own, so that the same document gives the same text; its time stamp is left out.
    Raises: FormatError: an unknown output, `t_end` or `seed` out of range, a reading that does not fit `stochastic`,
    a model above `LARGEST`, or COPASI's own words if it refuses the model.
    """
    if stochastic is None:
        stochastic = document.reading == "stochastic"
    check_run("COPASI", document.network, t_end, outputs, seed)
    _check(document, stochastic)
    said = document.metadata
    # COPASI calls a model without a name `NoName`.
    said = replace(
        said,
        title=said.title or document.network.id,
        notes=(*said.notes, _note(document, t_end, seed, stochastic)),
    )
    job = {
        "sbml": write_sbml(replace(document, metadata=said)),
        "t_end": float(t_end),
        "outputs": list(dict.fromkeys(outputs)),
        "seed": seed,
        "stochastic": stochastic,
        "width": _bin(document.network),
    }
    return _in_a_fresh_process(job)


def _check(document: Document, stochastic: bool) -> None:
    net = document.network
    needed = "stochastic" if stochastic else "deterministic"
    if document.reading not in ("any", needed):
        raise FormatError(
            f"COPASI: network {net.id!r} is in the {document.reading} reading of equal reactants; {needed} tasks need "
            f"the {needed} one"
        )
    if stochastic and not net.has_whole_counts:
        raise FormatError(f"COPASI: network {net.id!r} has initial counts that are not whole, which its SSA needs")
    sizes = {"elementary": len(net.reactions), "lumped": len(lump(net))}
    size, largest = sizes[document.shape], LARGEST[document.shape]
    if size > largest:
        fits = [f"; the {shape} shape would do" for shape in sizes if sizes[shape] <= LARGEST[shape]]
        raise FormatError(
            f"COPASI: network {net.id!r} has {size} reactions in the {document.shape} shape; importing more than "
            f"{largest} takes COPASI many minutes{''.join(fits)}"
        )


def _note(document: Document, t_end: float, seed: int, stochastic: bool) -> str:
    steady = "Steady State and Linear Noise Approximation"
    if not stochastic:
        return (
            f"Tasks set up for COPASI: Time Course (LSODA, {t_end:g} s), {steady}. A Scan repeats the Time Course with "
            "its method: the file of stochastic tasks is a separate one."
        )
    text = (
        f"Tasks set up for COPASI: Time Course (direct method, {t_end:g} s; tick Use Random Seed for the run of seed "
        f"{seed}) and Scan ({REPEATS} such runs and a histogram of the outputs at their end)"
    )
    if document.reading == "any":
        return f"{text}; {steady} work too."
    return f"{text}. Equal reactants are in the stochastic reading, k x (x - 1): use no deterministic task."


def _bin(net: Network) -> float:
    """Histogram bins of about one standard deviation of the largest initial count."""
    return float(max(1, round(sqrt(max((species.initial for species in net.species), default=0)))))


def _cps(sbml: str, t_end: float, outputs: Sequence[str], seed: int, stochastic: bool, width: float) -> str:
    datamodel = COPASI.CRootContainer.addDatamodel()
    COPASI.CCopasiMessage.clearDeque()
    if not datamodel.importSBMLFromString(sbml):
        reason = " ".join(COPASI.CCopasiMessage.getAllMessageText().split())[:300] or "no message"
        raise FormatError(f"COPASI refused the model: {reason}")
    _time_course(datamodel.getTask("Time-Course"), t_end, seed if stochastic else None)
    if stochastic:
        _scan(datamodel.getTask("Scan").getProblem())
    _plots(datamodel, outputs, width if stochastic else None)
    return _without_time_stamps(datamodel.saveModelToString(), dated="<dcterms:created" in sbml)


def _without_time_stamps(text: str, dated: bool) -> str:
    """Without the second at which COPASI worked: in its header and, if the SBML has no date, as the model's own."""
    text = re.sub(r"(<!-- generated with COPASI .*?) at [-:\dTZ]+ -->", r"\1 -->", text, count=1)
    return text if dated else re.sub(r"\s*<dcterms:created>.*?</dcterms:created>", "", text, flags=re.DOTALL)


def _time_course(task: Any, t_end: float, seed: int | None) -> None:
    method = COPASI.CTaskEnum.Method_deterministic if seed is None else COPASI.CTaskEnum.Method_directMethod
    if not task.setMethodType(method):
        raise FormatError("COPASI has no such method of the Time Course")
    problem, settings = task.getProblem(), task.getMethod()
    problem.setDuration(float(t_end))
    problem.setStepNumber(_STEPS)
    problem.setTimeSeriesRequested(True)
    if seed is None:
        settings.getParameter("Relative Tolerance").setUDblValue(_TOLERANCE)
        settings.getParameter("Absolute Tolerance").setUDblValue(_TOLERANCE)
        settings.getParameter("Max Internal Steps").setUIntValue(_MOST_STEPS)
    else:
        settings.getParameter("Max Internal Steps").setIntValue(_MOST_STEPS)
        settings.getParameter("Use Random Seed").setBoolValue(False)
        settings.getParameter("Random Seed").setUIntValue(seed)


def _scan(problem: Any) -> None:
    problem.setSubtask(COPASI.CTaskEnum.Task_timeCourse)
    problem.clearScanItems()
    problem.addScanItem(COPASI.CScanProblem.SCAN_REPEAT, REPEATS)
    # Without output of the runs themselves, the histogram gets one point a run, at its end.
    problem.setOutputSpecification("subTaskNone")


def _plots(datamodel: Any, outputs: Sequence[str], width: float | None) -> None:
    model = datamodel.getModel()
    species = [model.getMetabolite(i) for i in range(model.getNumMetabs())]
    numbers = {metabolite.getSBMLId(): metabolite.getValueReference().getCN() for metabolite in species}
    time = model.getValueReference().getCN()
    plot = _plot(datamodel, TIME_PLOT, "Time-Course")
    for name in outputs:
        _channels(plot.createItem(name, _CURVE), time, numbers[name])
    if width is not None:
        plot = _plot(datamodel, HISTOGRAM_PLOT, "Scan")
        for name in outputs:
            item = plot.createItem(name, _HISTOGRAM)
            _channels(item, numbers[name])
            item.getParameter("increment").setDblValue(width)


def _plot(datamodel: Any, title: str, task: str) -> Any:
    plot = datamodel.getPlotDefinitionList().createPlotSpec(title, COPASI.CPlotItem.plot2d)
    plot.setTaskTypes(task)
    return plot


def _channels(item: Any, *names: Any) -> None:
    for name in names:
        item.addChannel(COPASI.CPlotDataChannelSpec(name))


def _in_a_fresh_process(job: dict[str, Any]) -> str:
    """What `_cps` returns there: COPASI keeps functions and key numbers of all models that its process has seen."""
    command = [sys.executable, "-P", "-c", "from crn2sbml.formats.copasi_write import _answer; _answer()"]
    path = {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, input=json.dumps(job).encode(), capture_output=True, env={**os.environ, **path})
    if done.returncode:
        raise RuntimeError(f"COPASI's process ended with status {done.returncode}: {done.stderr.decode()[-2000:]}")
    answer: dict[str, str] = json.loads(done.stdout)
    if "error" in answer:
        raise FormatError(answer["error"])
    return answer["text"]


def _answer() -> None:
    """The other end: a job on the standard input, an answer on the standard output, where nobody else may write."""
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        answer = {"text": _cps(**json.load(sys.stdin.buffer))}
    except FormatError as error:
        answer = {"error": str(error)}
    channel.write(json.dumps(answer).encode())
    channel.close()
