"""What loading and an image cost in libRoadRunner: as it comes, and as the engine sets it up.

Run it with `pytest -m slow tests/bench/test_loading.py -n 0 -s`. The largest model takes very long
with libRoadRunner's own settings. Each is done in a process of its own: beside other code, compiling is slower.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crn2sbml.disk import read_text
from tests.shipped import every_model

AS_IT_COMES = """
import json, sys, time, roadrunner
begin = time.perf_counter()
runner = roadrunner.RoadRunner(sys.argv[1])
print(json.dumps({"load": time.perf_counter() - begin, "rates": sum(map(abs, runner.model.getReactionRates()))}))
"""
AS_THE_ENGINE = """
import json, sys, time
from crn2sbml.engines.loaded import Loaded
from crn2sbml.engines.registry import get_engine
from crn2sbml.formats.usage import read_io_json
from crn2sbml.verify.decisions import settling_time
sbml, usage = open(sys.argv[1]).read(), read_io_json(open(sys.argv[2]).read())
begin = time.perf_counter()
Loaded(sbml)
read = time.perf_counter()
simulation = get_engine("roadrunner").load(sbml)
loaded = time.perf_counter()
said = {"read": read - begin, "load": loaded - read - (read - begin)}
said["rates"] = sum(map(abs, simulation._runner.model.getReactionRates()))
begin = time.perf_counter()
steady = simulation.steady_state({}, usage.t_end).sel(species=list(usage.outputs)).values[0, 0]
said["steady"] = time.perf_counter() - begin
runner = simulation._runner
runner.integrator.relative_tolerance, runner.integrator.absolute_tolerance = 1e-6, 1e-6
runner.integrator.stiff = False
runner.reset()
begin = time.perf_counter()
settled = runner.simulate(0, settling_time(usage), 2, list(usage.outputs))[-1]
said["ode"] = time.perf_counter() - begin
print(json.dumps(said | {"off": max(abs(settled - steady)) / max(steady)}))
"""


def _said(program: str, *arguments: Path) -> dict[str, Any]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=7200)
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


@pytest.mark.slow
@every_model
def test_loading(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "model.xml"
    file.write_text(read_text(next(folder.glob("model.xml*"))))
    ours, theirs = _said(AS_THE_ENGINE, file, folder / "io.json"), _said(AS_IT_COMES, file)
    ratio = theirs["load"] / ours["load"]
    with capsys.disabled():
        print(
            f"\n{folder.name}: libRoadRunner loads in {theirs['load']:.1f} s as it comes, in {ours['load']:.1f} s as "
            f"the engine sets it up ({ratio:.1f} times faster); we read the file in {ours['read']:.1f} s; an image "
            f"takes {ours['ode']:.2f} s by Adams at 1e-6 until it has settled (read-outs are off by {ours['off']:.1g} "
            f"of the largest), and {ours['steady']:.2f} s to the steady state at 1e-10"
        )
    assert ours["rates"] == pytest.approx(theirs["rates"], rel=1e-12)
    assert ours["off"] < 1e-3
    assert ratio > 1
