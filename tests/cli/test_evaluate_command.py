"""`crn2sbml evaluate`, as a shell calls it."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.cli.program import Program, listing


@pytest.fixture
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


DIGITS = Path(__file__).parents[2] / "models" / "digits"


def test_steady_states_of_the_digits(run: Program) -> None:
    """The accuracy that the weights file records, from the SBML file alone."""
    done = run("evaluate", DIGITS, "--jobs", 1)
    assert done.status == 0
    assert "98.61%" in done.out
    assert "96.79% to 99.41%" in done.out


def test_rows_for_programs(run: Program, tmp_path: Path) -> None:
    plot = tmp_path / "a.png"
    done = run(
        "evaluate", DIGITS, "--method", "ssa", "--count", 6, "--omega", 5, "--omega", 10, "--average", 0,
        "--average", 2, "--jobs", 1, "--json", "--plot", plot,
    )  # fmt: skip
    rows = json.loads(done.out)["rows"]
    assert [(row["omega"], row["average"]) for row in rows] == [(5, 0), (5, 2), (10, 0), (10, 2)]
    for row in rows:
        assert row["images"] == np.sum(row["confusion"]) == 6
        assert row["interval"][0] <= row["accuracy"] <= row["interval"][1]
        assert np.trace(row["confusion"]) == pytest.approx(6 * row["accuracy"])
    assert rows[2]["molecules"] == pytest.approx(2 * rows[0]["molecules"], rel=0.1)
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_what_is_off_makes_it_worse(run: Program) -> None:
    """By much where much is off, and by nothing where nothing is."""

    def accuracy(*options: object) -> float:
        done = run("evaluate", DIGITS, "--jobs", 1, "--count", 60, "--json", *options)
        return float(json.loads(done.out)["rows"][0]["accuracy"])

    plain = accuracy()
    for option in ("--rates-off", "--decays-off", "--input-noise"):
        assert accuracy(option, 0) == plain
        assert accuracy(option, 2) < plain - 0.1
    assert accuracy("--rates-off", 0.02) > plain - 0.05


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--omega", "0"], "--omega 0.0: must be 1 to"),
        (["--count", "361"], "the test part of 'digits' has 360 images"),
        (["--data", "mnis"], "no data set 'mnis'; did you mean 'mnist'"),
        (["--average", "2"], "a steady state has no average"),
        (["--rates-off", "-1"], "--rates-off -1.0: must be"),
        (["--method", "ssa", "--settle", "0"], "evaluation: "),
        (["--keep", "/dev/null/here"], "no folder can be made"),
        (["--engine", "copsi"], "did you mean 'copasi'"),
        (["--scheduler", "tcp://127.0.0.1:9", "--count", "1"], "--scheduler tcp://127.0.0.1:9: cannot be reached"),
    ],
)
def test_bad_input(
    run: Program, options: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("evaluate", DIGITS, "--jobs", 1, *options)
    assert done.status == 2
    assert said in done.err
    assert "Traceback" not in done.err
    assert not listing(tmp_path)


def test_a_file_without_usage(run: Program, folder: Path) -> None:
    done = run("evaluate", folder.parent / "driven.xml")
    assert (done.status, "no io.json" in done.err) == (2, True)


def test_killed_half_way_it_goes_on_to_the_same_result(run: Program, tmp_path: Path) -> None:
    command = f"evaluate {DIGITS} --method ssa --count 100 --replicates 3 --jobs 1 --json".split()
    keep = [*command, "--keep", str(tmp_path / "kept")]
    process = subprocess.Popen(
        [sys.executable, "-m", "crn2sbml", *keep], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    until = time.monotonic() + 120
    while not list(tmp_path.glob("kept/*.npz")) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    said = process.communicate()[1]
    assert process.returncode == -signal.SIGKILL, said
    (saved,) = (tmp_path / "kept").glob("*.npz")
    with np.load(saved) as arrays:
        done = ~np.isnan(arrays["done"][:, 0])
    assert 0 < done.sum() < 100
    assert json.loads(run(*keep).out) == json.loads(run(*command).out)
