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
from tests.shipped import every_classifier

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
from crn2sbml.training.data import source_of_size
from crn2sbml.verify.decisions import settling_time
sbml, usage = open(sys.argv[1]).read(), read_io_json(open(sys.argv[2]).read())
begin = time.perf_counter()
Loaded(sbml)
read = time.perf_counter()
simulation = get_engine("roadrunner").load(sbml)
loaded = time.perf_counter()
said = {"read": read - begin, "load": loaded - read - (read - begin)}
said["rates"] = sum(map(abs, simulation._runner.model.getReactionRates()))
images = source_of_size(len(usage.inputs)).load().validation.images[:5]
seconds, off = [], []
for counts in map(usage.input_counts, images):
    begin = time.perf_counter()
    settled = simulation.ode([0.0, settling_time(usage)], counts).sel(species=list(usage.outputs)).values[0, -1]
    seconds.append(time.perf_counter() - begin)
    steady = simulation.steady_state(counts, usage.t_end).sel(species=list(usage.outputs)).values[0, 0]
    off.append(max(abs(settled - steady)) / max(steady))
print(json.dumps(said | {"ode": sorted(seconds)[2], "slowest": max(seconds), "off": max(off)}))
"""


def _said(program: str, *arguments: Path) -> dict[str, Any]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=7200)
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


@pytest.mark.slow
@every_classifier
def test_loading(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "model.xml"
    file.write_text(read_text(next(folder.glob("model.xml*"))))
    ours, theirs = _said(AS_THE_ENGINE, file, folder / "io.json"), _said(AS_IT_COMES, file)
    ratio = theirs["load"] / ours["load"]
    with capsys.disabled():
        print(
            f"\n{folder.name}: libRoadRunner loads in {theirs['load']:.1f} s as it comes, in {ours['load']:.1f} s as "
            f"the engine sets it up ({ratio:.1f} times faster); we read the file in {ours['read']:.1f} s; an image "
            f"takes {ours['ode']:.2f} s, median of five, at most {ours['slowest']:.2f} s, until it has settled "
            f"(read-outs are off by {ours['off']:.1g} of the largest)"
        )
    assert ours["rates"] == pytest.approx(theirs["rates"], rel=1e-12)
    assert ours["off"] < 5e-3  # of real images; an empty one, as was once taken here, shows nothing
    assert ratio > 1
