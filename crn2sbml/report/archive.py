"""The COMBINE archive of a model: everything that a stranger needs to run it and to check what comes out."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

import numpy as np

from crn2sbml.core.results import Provenance
from crn2sbml.engines.isolated import IsolatedSimulation
from crn2sbml.engines.loaded import TOLERANCE
from crn2sbml.formats.antimony_write import write_antimony
from crn2sbml.formats.document import Document, Reading
from crn2sbml.formats.inputs_csv import write_inputs_csv
from crn2sbml.formats.omex import pack_omex
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.formats.sedml_write import Example, no_stochastic_run, other_document, write_sedml
from crn2sbml.formats.usage import Usage, write_io_json

SEDML = "simulation.sedml"
STEPS = 100
_LONGEST_CALL = 3600.0
"""Seconds that loading or a run may take."""
_AGREEMENT = 1e-6
"""Relative difference within which another simulator's deterministic read-outs count as the same."""


def model_archive(
    document: Document,
    usage: Usage,
    examples: Sequence[Example],
    seed: int,
    *,
    ssa_end: float | None = None,
    more: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """SBML, Antimony, SED-ML (the master), `io.json`, `inputs.csv`, and what libRoadRunner made of them.

    `expected.csv` has the read-outs at the end of each SED-ML task, `expected.json` how they came about. The stochastic
    task is left out, and `expected.json` says so, if an initial count is not whole or `ssa_end` is 0. The same input
    gives the same bytes as long as the simulator's version stays.

    Args:
        document: the model; where equal reactants need two readings, a second model file holds the other one.
        usage: its inputs, its read-outs and how long it runs.
        examples: settings of the inputs to run.
        seed: of the stochastic trajectory, 0 or more; the SED-ML names the seed that the simulator gets from it.
        ssa_end: where the stochastic trajectory ends, in seconds; `usage.t_end` if None.
        more: other files to put beside these, by name.

    Raises: FormatError: an unknown output or input; CrnError: the simulator cannot run the model.

    """
    texts = _models(document)
    end = usage.t_end if ssa_end is None else ssa_end
    # What the engine gives the simulator for its first replicate.
    simulator_seed = int(np.random.SeedSequence(seed).generate_state(1, np.uint32)[0])
    sedml = write_sedml(
        document,
        usage.outputs,
        usage.t_end,
        examples,
        seed=simulator_seed,
        other_file=next((name for name in texts if name != "model.xml"), ""),
        steps=STEPS,
        ssa_end=end,
        tolerance=TOLERANCE,
    )
    counts = {species.id: species.initial for species in document.network.species if species.clamped}
    left_out = no_stochastic_run(document.network, end)
    table, said = _expected(texts, document.reading, usage, examples, (seed, simulator_seed), end, left_out)
    files: dict[str, str | bytes] = {
        **texts,
        "model.ant": write_antimony(document),
        SEDML: sedml,
        "io.json": write_io_json(usage),
        "inputs.csv": write_inputs_csv(examples, counts),
        "expected.csv": table,
        "expected.json": json.dumps(said, indent=1) + "\n",
        **(more or {}),
    }
    return pack_omex(files, SEDML, document.metadata)


def _models(document: Document) -> dict[str, str]:
    """SBML by file name: one for each reading of the laws, the document's own as `model.xml`."""
    other = other_document(document)
    more = {f"model_{other.reading}.xml": write_sbml(other)} if other else {}
    return {"model.xml": write_sbml(document), **more}


def _expected(
    texts: Mapping[str, str],
    reading: Reading,
    usage: Usage,
    examples: Sequence[Example],
    seeds: tuple[int, int],
    ssa_end: float,
    left_out: str,
) -> tuple[str, dict[str, dict[str, str | int | float]]]:
    """The table of read-outs and the record of how they were made.

    `seeds` are ours and the simulator's of the stochastic run; `left_out` says why there is none, if so. The simulator
    has a process of its own: beside much else, it compiles large models several times more slowly.
    """
    outputs = list(usage.outputs)
    files = dict.fromkeys(("deterministic", "stochastic"), "model.xml")
    if reading != "any":
        files = {name: "model.xml" if name == reading else f"model_{name}.xml" for name in files}
    rows = []
    record: dict[str, dict[str, str | int | float]] = {}
    with ExitStack() as stack:
        loaded = {
            name: stack.enter_context(IsolatedSimulation("roadrunner", text, _LONGEST_CALL))
            for name, text in texts.items()
        }
        if left_out:
            record["stochastic"] = {"left_out": left_out}
        else:
            times = np.linspace(0, ssa_end, STEPS + 1).tolist()
            run = loaded[files["stochastic"]].ssa(times, {}, seeds[0])
            rows.append(("task_ssa", "", ssa_end, run.sel(species=outputs).values[0, -1]))
            record["stochastic"] = _record(files["stochastic"], run.attrs) | {
                "trajectories": 1,
                "output_steps": STEPS,
                "simulator_seed": seeds[1],
            }
        settings = [("task_ode", "", {}), *((f"task_of_{e.name}", e.name, dict(e.inputs)) for e in examples)]
        for task, name, inputs in settings:
            ode = loaded[files["deterministic"]].ode([0.0, usage.t_end], inputs)
            rows.append((task, name, usage.t_end, ode.sel(species=outputs).values[0, -1]))
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["task", "example", "time", *outputs])
    writer.writerows([task, name, repr(time), *map(repr, values.tolist())] for task, name, time, values in rows)
    record["deterministic"] = _record(files["deterministic"], ode.attrs) | {
        "relative_tolerance": TOLERANCE,
        "absolute_tolerance": TOLERANCE,
        "agreement": _AGREEMENT,
    }
    # In the order of names, whichever run came first.
    return table.getvalue(), dict(sorted(record.items()))


def _record(file: str, provenance: Provenance) -> dict[str, str | int | float]:
    return {"file": file, **provenance}
