"""Settings and tables as the suite writes them, and broken ones."""

from pathlib import Path

import numpy as np
import pytest

from tests.formats.sbml_text import model
from tests.verify.test_suite import TIMES, TURN, run_one, turned, turning, write_case


@pytest.mark.parametrize("head", ["time", "Time", "TIME", ""])
def test_headers(tmp_path: Path, head: str) -> None:
    assert run_one(write_case(tmp_path, turning(), turned(), head=head)).status == "passed"


def test_words_for_numbers(tmp_path: Path) -> None:
    text = model(TURN, parameters={"k": 0.5, "much": float("inf"), "less": float("-inf"), "none": float("nan")})
    text = text.replace('"inf"', '"INF"').replace('"-inf"', '"-INF"').replace('"nan"', '"NaN"')
    folder = write_case(tmp_path, text, variables="A, much, less, none", amount="A")
    rows = [f"{t},{10 * np.exp(-0.5 * t)},INF,-INF,NaN" for t in TIMES]
    results = folder / "00901-results.csv"
    results.write_text("\n".join(["time,A,much,less,none", *rows]))
    assert run_one(folder).status == "passed"
    results.write_text(results.read_text().replace(",INF,-INF", ",INF,INF"))
    result = run_one(folder)
    assert result.status == "failed"
    assert result.reason.startswith("less at t = 0 is -inf")


def test_blank_and_missing_settings(tmp_path: Path) -> None:
    folder = write_case(tmp_path, turning(), turned())
    settings = folder / "00901-settings.txt"
    for text in (
        "",
        "\n\nvariables: A,B\n\n",
        "start:\nduration:\nsteps:\nvariables:\nabsolute:\nrelative:\n\nconcentration: A",
    ):
        settings.write_text(text or " \nstart: 0")
        assert run_one(folder).status == "passed", text


def broken_cases() -> dict[str, tuple[str, str]]:
    """File: what it then holds, and what the reason must say."""
    return {
        "settings.txt": ("absolute: some\n", "'absolute' is 'some'"),
        "sbml-l3v2.xml": ("<sbml>", "not readable as SBML"),
        "results.csv": ("time,A\n0,4\n", "no column 'B'"),
        "results.csv ": ("time,A,B\n0,4,0\n", "1 rows, but the settings say 8 steps"),
        "results.csv  ": ("time,A,B\n0,4\n", "row 1"),
        "results.csv   ": ("A,time,B\n0,4,1\n", "first column is 'A'"),
        "results.csv    ": ("time,A,B\n0,4,?\n", "row 1"),
        "results.csv     ": ("time,A,B\n1,4,0\n1,4,0\n", "increasing"),
    }


@pytest.mark.parametrize("file", broken_cases())
def test_broken_files_fail_in_one_line(tmp_path: Path, file: str) -> None:
    folder = write_case(tmp_path, turning(), turned())
    content, said = broken_cases()[file]
    (folder / f"00901-{file.strip()}").write_text(content)
    result = run_one(folder)
    assert result.status == "failed"
    assert said in result.reason
    assert "\n" not in result.reason


@pytest.mark.parametrize("file", ["sbml-l3v2.xml", "settings.txt", "results.csv"])
def test_missing_files_fail(tmp_path: Path, file: str) -> None:
    folder = write_case(tmp_path, turning(), turned())
    (folder / f"00901-{file}").unlink()
    result = run_one(folder)
    assert result.status == "failed"
    assert ("no model" if "sbml" in file else file) in result.reason
