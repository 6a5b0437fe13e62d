"""Examples that are fed to a model, as one SBML event.

Its trigger compares the clock with a constant, its assignments look numbers up: nothing is computed by the event. What
it looks up stands as a `piecewise` over the parameter that counts the examples, as any simulator with events reads it.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import libsbml

from crn2sbml.core.feeding import Feeding
from crn2sbml.errors import NetworkError, UnsupportedError
from crn2sbml.formats import math_trees
from crn2sbml.formats.libsbml_checks import made, ok
from crn2sbml.formats.sbml_values import each

_Value = TypeVar("_Value")
EVENT, NEXT, THRESHOLD = "feed", "next_example", "feeding_threshold"
_PIECES = 3
"""Children of a `piecewise` of two cases: one, its condition, the other."""


def write_feeding(model: Any, feeding: Feeding, free_id: Callable[[str], str]) -> None:
    """Add the event and its two parameters to a Level 3 model; `free_id` makes a name nobody else's."""
    next_example, threshold = free_id(NEXT), free_id(THRESHOLD)
    for name, value, units, constant in (
        (next_example, 0.0, "dimensionless", False),
        (threshold, feeding.threshold, "substance", True),
    ):
        element = made(model.createParameter(), name)
        ok(element.setId(name), name)
        ok(element.setValue(value), name)
        ok(element.setUnits(units), name)
        ok(element.setConstant(constant), name)
    event = made(model.createEvent(), EVENT)
    ok(event.setId(free_id(EVENT)), EVENT)
    ok(event.setUseValuesFromTriggerTime(True), EVENT)
    trigger = made(event.createTrigger(), "trigger")
    ok(trigger.setInitialValue(True), "trigger")  # so that nothing is fed at time 0
    ok(trigger.setPersistent(True), "trigger")
    ok(trigger.setMath(math_trees.above(feeding.clock, threshold)), "trigger")
    for place, name in enumerate(feeding.species):
        _assign(event, name, next_example, [example[place] for example in feeding.examples], "substance")
    count = len(feeding.examples)
    _assign(event, next_example, next_example, [(i + 1) % count for i in range(count)], "dimensionless")


def _assign(event: Any, variable: str, key: str, values: list[float], units: str) -> None:
    assignment = made(event.createEventAssignment(), variable)
    ok(assignment.setVariable(variable), variable)
    numbers = [math_trees.number(value, units) for value in values]
    found = halved(numbers, lambda low, bound, high: math_trees.either(low, key, bound, high))
    ok(assignment.setMath(found), variable)


def halved(values: Sequence[_Value], join: Callable[[_Value, int, _Value], _Value], first: int = 0) -> _Value:
    """A table as what finds one of its values: `join` chooses the first part below a number, else the second."""
    if len(values) == 1:
        return values[0]
    half = len(values) // 2
    return join(halved(values[:half], join, first), first + half, halved(values[half:], join, first + half))


def take_feeding(model: Any) -> Feeding | None:
    """What a model's event feeds, if it has one; takes the event and its parameters out of `model`.

    Raises: UnsupportedError: events of any other kind.
    """
    events = list(each(model.getListOfEvents()))
    if not events:
        return None
    event = events[0]
    where = f"event {event.getId() or 'without id'!r} ({len(events)} in all)"
    try:
        if len(events) > 1 or event.getDelay() is not None or event.getPriority() is not None:
            raise _OtherError
        trigger = event.getTrigger()
        clock, threshold = _names(trigger.getMath(), libsbml.AST_RELATIONAL_GT)
        constant = model.getParameter(threshold)
        if not constant.getConstant() or (trigger.isSetInitialValue() and not trigger.getInitialValue()):
            raise _OtherError
        assignments = list(each(event.getListOfEventAssignments()))
        (key,) = (a.getVariable() for a in assignments if model.getParameter(a.getVariable()) is not None)
        tables = {assignment.getVariable(): _looked_up(assignment.getMath(), key) for assignment in assignments}
        order = tables.pop(key)
        if order != [float(i) for i in (*range(1, len(order)), 0)] or model.getParameter(key).getValue() != 0:
            raise _OtherError
        examples = tuple(zip(*tables.values(), strict=True))
        feeding = Feeding(clock, constant.getValue(), tuple(tables), examples)
        if any(_is_set_elsewhere(model, name) for name in (key, threshold)):
            raise _OtherError
        if not all(_counts_items(model, name) for name in (clock, *tables)):
            raise _OtherError
    except (_OtherError, ValueError, KeyError, AttributeError):
        raise UnsupportedError(f"{where} is not mass action, nor does it feed examples one by one") from None
    except NetworkError as error:
        raise UnsupportedError(f"{where}: {error}") from None
    made(model.removeEvent(0), where)
    for name in (key, threshold):
        made(model.removeParameter(name), name)
    return feeding


class _OtherError(Exception):
    """Not what `write_feeding` writes."""


def _is_set_elsewhere(model: Any, name: str) -> bool:
    return model.getInitialAssignmentBySymbol(name) is not None or model.getRuleByVariable(name) is not None


def _counts_items(model: Any, name: str) -> bool:
    """Whether formulas mean a species' amount by its name, not its concentration."""
    species = model.getSpecies(name)
    return bool(species.getHasOnlySubstanceUnits()) or model.getCompartment(species.getCompartment()).getSize() == 1


def _names(node: Any, kind: int) -> list[str]:
    """The names of all children of a node of that kind."""
    children = [node.getChild(i) for i in range(node.getNumChildren())]
    if node.getType() != kind or any(child.getType() != libsbml.AST_NAME for child in children):
        raise _OtherError
    return [child.getName() for child in children]


def _looked_up(node: Any, key: str, first: int = 0) -> list[float]:
    """The values of a table that `halved` wrote, from number `first` on."""
    if node.isNumber():
        return [float(node.getValue())]
    if node.getType() != libsbml.AST_FUNCTION_PIECEWISE or node.getNumChildren() != _PIECES:
        raise _OtherError
    test = node.getChild(1)
    if test.getType() != libsbml.AST_RELATIONAL_LT or test.getChild(0).getName() != key:
        raise _OtherError
    values = _looked_up(node.getChild(0), key, first)
    if test.getChild(1).getValue() != first + len(values):
        raise _OtherError
    return values + _looked_up(node.getChild(2), key, first + len(values))
