"""Pictures of learning: each plot takes Axes and returns Axes; `lesson_picture` puts them on one sheet."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from crn2sbml.circuits.turn import turn_of
from crn2sbml.core.deterministic import integrate
from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.core.network import Network
from crn2sbml.motifs.clock import Clock
from crn2sbml.report.lesson import CHEMISTRY, DESCENT, RULE, Lesson
from crn2sbml.training.tasks import Task

_STYLES = {DESCENT: ("s:", "#2b6cb0", 9), CHEMISTRY: ("o-", "#dd6b20", 6), RULE: ("x", "#1a202c", 4)}
"""Line, colour and size; smaller on top of larger, since they often coincide."""
_SIDE, _MOST_NAMED = 31, 10
"""Points a side at which a surface is asked for; weights that are named."""


def grid_of(lesson: Lesson) -> Array | None:
    """Inputs (points, 2) over the square in which the examples of a task of two inputs lie; None for other tasks."""
    inputs = lesson.task.train.inputs
    if inputs.shape[1] != 2:
        return None
    low, high = inputs.min(axis=0), inputs.max(axis=0)
    sides = np.linspace(low, high, _SIDE)
    return np.stack(np.meshgrid(*sides.T), axis=-1).reshape(-1, 2)


def plot_losses(ax: Any, lesson: Lesson) -> Any:
    """Half the mean squared error of each epoch's examples as they were learnt from, by each way."""
    for way, (style, colour, size) in _STYLES.items():
        losses = lesson.losses(way)
        ax.plot(np.arange(1, len(losses) + 1), losses, style, color=colour, markersize=size, linewidth=1.2, label=way)
    ax.set_yscale("log")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlabel("epoch")
    ax.set_ylabel("half mean squared error")
    return _framed(ax)


def plot_weights(ax: Any, lesson: Lesson) -> Any:
    """The read-out's weights in the chemistry over the turns of the clock."""
    lines = ax.plot(np.arange(1, len(lesson.trace) + 1), lesson.trace, linewidth=0.9)
    if len(lines) <= _MOST_NAMED:
        names = lesson.task.learner.weight_ids[: 2 * len(lines) : 2]
        ax.legend(lines, [name.removesuffix("_p") for name in names], fontsize=8, frameon=False)
    ax.set_xlabel("examples fed")
    ax.set_ylabel("weights of the read-out")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def plot_surface(ax: Any, lesson: Lesson, grid: Array, outputs: Array) -> Any:
    """What the chemistry answers over the square of `grid`, and the test examples, filled by what is right."""
    sides = (np.unique(grid[:, 0]), np.unique(grid[:, 1]))
    height = outputs[:, 0].reshape(_SIDE, _SIDE)
    end = float(np.abs(height).max())
    image = ax.contourf(*sides, height, 20, cmap="RdBu_r", vmin=-end, vmax=end)
    ax.figure.colorbar(image, ax=ax, shrink=0.85, label="the circuit's answer")
    if lesson.task.classifies:
        ax.contour(*sides, height, [0.0], colors="#1a202c", linewidths=1.2)
    test, colours = lesson.task.test, {"cmap": "RdBu_r", "vmin": -end, "vmax": end}
    ax.scatter(*test.inputs.T, 6, test.targets[:, 0], edgecolors="#1a202c", linewidths=0.3, **colours)
    ax.set_xlabel("x1")
    ax.set_ylabel("x2")
    return ax


def plot_clock(ax: Any, clock: Clock, turns: int = 2) -> Any:
    """Activities of the clock's species over some turns that it has settled in."""
    turn, part = turn_of(clock), clock.part(1.0)
    matrices = Matrices.of(Network("clock", part.species, part.parameters, part.reactions))
    times = np.linspace(0, turns * turn.period, 500)
    for number, level in enumerate(integrate(matrices, turn.levels, times.tolist()).T, 1):
        ax.plot(times, level, linewidth=1.2, label=f"phase {number}")
    ax.set_ylim(top=1.25)
    ax.set_xlabel("time (s)")
    ax.set_ylabel("activity")
    _framed(ax).legend(fontsize=8, frameon=False, ncols=clock.phases, loc="upper center")
    return ax


def plot_volumes(ax: Any, rows: Sequence[Mapping[str, Any]], floor: float, classifies: bool) -> Any:
    """Scores after exact stochastic learning against omega: each run, their median, and that without noise."""
    omegas = [row["omega"] for row in rows]
    for row in rows:
        ax.plot([row["omega"]] * len(row["scores"]), row["scores"], ".", color="#dd6b20", alpha=0.6)
    ax.plot(omegas, [np.median(row["scores"]) for row in rows], "-", color="#dd6b20", label="exact SSA, median")
    ax.axhline(floor, linestyle="--", color="#1a202c", linewidth=1, label="without molecular noise")
    ax.set_xscale("log")
    if not classifies:
        ax.set_yscale("log")
    ax.set_xlabel("omega, items per unit of activity")
    ax.set_ylabel("right" if classifies else "half mean squared error")
    return _framed(ax)


def lesson_picture(lesson: Lesson, grid: Array | None = None, outputs: Array | None = None) -> bytes:
    """PNG of losses, weights, the clock and, with a grid and its answers, the surface."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 8), layout="constrained")
    axes = figure.subplots(2, 2)
    plot_losses(axes[0, 0], lesson)
    plot_weights(axes[0, 1], lesson)
    plot_clock(axes[1, 0], lesson.task.learner.clock)
    if grid is None or outputs is None:
        axes[1, 1].remove()
    else:
        plot_surface(axes[1, 1], lesson, grid, outputs)
    figure.suptitle(f"{lesson.task.name}: learnt by chemistry in {lesson.simulator}, seed {lesson.seed}")
    return _png(figure)


def volumes_picture(task: Task, rows: Sequence[Mapping[str, Any]], floor: float) -> bytes:
    """PNG of `plot_volumes`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.5, 4), layout="constrained")
    plot_volumes(figure.subplots(), rows, floor, task.classifies)
    return _png(figure)


def _framed(ax: Any) -> Any:
    ax.legend(fontsize=8, frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _png(figure: Any) -> bytes:
    page = io.BytesIO()
    figure.savefig(page, format="png", dpi=110)
    return page.getvalue()
