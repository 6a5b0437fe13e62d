"""The main job, whole, as a shell runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_demo_ends_in_agreement(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    words = [sys.executable, "-m", "crn2sbml", "demo", "--json", "--out", str(out)]
    done = subprocess.run(words, capture_output=True, text=True, encoding="utf-8", check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["holds"]
    assert all(agreement["difference"] <= agreement["tolerance"] for agreement in told["agreements"])
    assert len(told["table"]) == 100
    listed = {path.name for path in out.iterdir()}
    assert listed == {
        *("SHA256SUMS", "card.md", "index.html", "io.json"),
        *("model.ant", "model.xml", "results.csv", "weights.npz"),
    }
