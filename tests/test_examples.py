"""Every script in examples/ runs, and prints what it should."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
EXPECTED = {
    # Mean of A: birth / loss = 50, Poisson. Mean of B: gain * 50 / loss; variance mean + gain^2 50 / (2 loss^2) = 200.
    "first_network.py": ([], "A: mean 50.000 items, variance 50.000 items^2\nB: mean 100.000 items, variance 200.000"),
    "read_any_sbml.py": ([str(ROOT / "models" / "digits" / "model.xml")], "440 species, 2892 reactions, reading any"),
    # Telegraph, messenger and protein, by hand: 1/5 of the time on, 20 * 5 / 5 / 0.2 = 100; the variance is that of a
    # three-dimensional Lyapunov equation (SciPy's dense solver: 106.35^2).
    "where_noise_comes_from.py": ([], "protein: mean 100.0 and sd 106.35 items"),
    "train_and_export.py": (["small"], "small: test accuracy 9"),
}


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.name)
def test_example(script: Path, tmp_path: Path) -> None:
    arguments, expected = EXPECTED[script.name]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, str(script), *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout
