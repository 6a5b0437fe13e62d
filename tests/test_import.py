import os
import subprocess
import sys
from pathlib import Path

import crn2sbml

ROOT = Path(__file__).parents[1]
HEAVY = ("jax", "roadrunner", "libsbml", "matplotlib", "COPASI", "antimony", "tellurium", "sklearn", "optax", "scipy")


def fresh(code: str) -> str:
    """What a new Python prints."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def test_importing_loads_nothing_heavy() -> None:
    code = f"import sys, crn2sbml; print([name for name in {HEAVY} if name in sys.modules])"
    assert fresh(code).strip() == "[]"


def test_importing_is_quick() -> None:
    code = "import time; start = time.perf_counter(); import crn2sbml; print(time.perf_counter() - start)"
    # The least of five: other work on the machine only ever adds.
    assert min(float(fresh(code)) for _ in range(5)) < 0.3


def test_every_public_name_is_there() -> None:
    assert len(set(crn2sbml.__all__)) == len(crn2sbml.__all__)
    for name in crn2sbml.__all__:
        assert getattr(crn2sbml, name).__name__ == name
    assert set(crn2sbml.__all__) < set(dir(crn2sbml))


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(crn2sbml, "wizard")
