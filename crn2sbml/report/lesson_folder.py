"""The folder of a lesson: the circuit that learns, what it is fed, and what came of it."""

import csv
import io

from crn2sbml.circuits.turn import turn_of
from crn2sbml.formats.antimony_write import write_antimony
from crn2sbml.formats.examples_csv import write_examples_csv
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.formats.usage import Usage, write_io_json
from crn2sbml.report.archive import model_archive
from crn2sbml.report.lesson import Lesson, lesson_document


def lesson_files(lesson: Lesson, picture: bytes) -> dict[str, str | bytes]:
    """Names and contents: SBML, Antimony, io.json, examples, learning curve, a picture; an archive that runs it all.

    Raises: CrnError: libRoadRunner cannot run the model, whose weights at the end the archive is to hold.
    """
    task, learner = lesson.task, lesson.task.learner
    document = lesson_document(task, learner.initial_weights(lesson.seed))
    turns = len(task.train.inputs) * task.epochs
    usage = Usage(
        (), learner.weight_ids, learner.omega, 1.0, float(turn_of(learner.clock).starts(turns)),
        "weights: of each, the difference of _p and _m, in units of omega",
    )  # fmt: skip
    more: dict[str, str | bytes] = {
        "examples.csv": write_examples_csv(*task.train),
        "curve.csv": _curve(lesson),
        "learning.png": picture,
    }
    return {
        "model.xml": write_sbml(document),
        "model.ant": write_antimony(document),
        "io.json": write_io_json(usage),
        "model.omex": model_archive(document, usage, (), lesson.seed, ssa_end=0.0, more=more),
        **more,
    }


def _curve(lesson: Lesson) -> str:
    """Half the mean squared error of each epoch's examples, as they were learnt from, by each way."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["epoch", *lesson.ways])
    columns = [lesson.losses(way).tolist() for way in lesson.ways]
    writer.writerows([epoch, *map(repr, losses)] for epoch, losses in enumerate(zip(*columns, strict=True), 1))
    return table.getvalue()
