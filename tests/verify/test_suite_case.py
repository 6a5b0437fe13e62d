from pathlib import Path

import numpy as np
import pytest

from crn2sbml.errors import FormatError
from crn2sbml.verify.suite import Case, find_cases, select_cases
from crn2sbml.verify.suite_case import model_file
from crn2sbml.verify.suite_files import correct_moments, read_settings
from tests.verify.test_suite import poisson, turned, turning, write_case


def test_the_visible_suite(suite_root: Path) -> None:
    cases = find_cases(suite_root)
    assert sorted(case.folder for case in cases) == sorted(suite_root.glob("s*/[0-9]*"))
    assert {case.kind for case in cases} == {"semantic", "stochastic"}
    assert all(case.kind == case.folder.parent.name for case in cases)
    assert find_cases(suite_root / "semantic") == [case for case in cases if case.kind == "semantic"]
    assert find_cases(suite_root / "stochastic" / "00030") == [case for case in cases if case.folder.name == "00030"]


def test_the_kind_follows_from_the_files(tmp_path: Path) -> None:
    (tmp_path / "semantic").mkdir()
    poisson(tmp_path / "semantic")
    assert [case.kind for case in find_cases(tmp_path)] == ["stochastic"]


def test_the_newest_level_is_chosen(tmp_path: Path) -> None:
    folder = write_case(tmp_path, turning(), turned(), level="l2v5")
    for level in ("l3v1", "l1v2", "l2v4"):
        (folder / f"00901-sbml-{level}.xml").write_text(turning())
    (folder / "00901-sbml-l3v2-sedml.xml").write_text("")
    (case,) = find_cases(folder)
    assert model_file(case).name == "00901-sbml-l3v1.xml"


def test_case_folders_of_any_name(tmp_path: Path) -> None:
    write_case(tmp_path, turning(), turned(), name="decay")
    assert [(case.name, case.number) for case in find_cases(tmp_path)] == [("decay", 0)]


@pytest.mark.parametrize("path", ["", "nowhere", "file"])
def test_folders_without_cases(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "other").mkdir()
    with pytest.raises(FormatError, match=r"looked for NNNNN-settings|no such folder|is a file"):
        find_cases(tmp_path / path)


CASES = [Case(f"{number:05}", "semantic", Path()) for number in (1, 2, 50, 51, 186)]


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [("00001-00050,00186", [1, 2, 50, 186]), ("2", [2]), (" 51 - 999 ,1", [1, 51, 186]), ("186,186,", [186])],
)
def test_choosing_cases(chosen: str, numbers: list[int]) -> None:
    assert [case.number for case in select_cases(CASES, chosen)] == numbers


@pytest.mark.parametrize("chosen", ["x", "1-", "-3", "1..4", "", "900-999", "50-2"])
def test_choosing_nothing(chosen: str) -> None:
    with pytest.raises(FormatError, match="cases"):
        select_cases(CASES, chosen)


def test_settings_of_a_visible_case(suite_root: Path) -> None:
    (case,) = find_cases(suite_root / "stochastic" / "00007")
    settings = read_settings(case)
    assert (settings.variables, settings.amount, settings.concentration) == (("X", "Sink"), ("X", "Sink"), ())
    assert (settings.start, settings.duration, settings.steps) == (0, 50, 50)
    assert (settings.mean_range, settings.sd_range) == ((-3, 3), (-5, 5))
    mean, sd = correct_moments(case, settings)
    assert mean.columns["Sink"][-1] == 432.8163
    assert mean.precision["X"] == pytest.approx(5e-6)
    assert sd.times.tolist() == np.arange(51).tolist()


@pytest.mark.parametrize(
    "line", ["start: -1", "steps: x", "relative: nan", "absolute: -1e-3", "meanRange: (1)", "sdRange: (a, b)"]
)
def test_settings_that_are_no_numbers(tmp_path: Path, line: str) -> None:
    folder = write_case(tmp_path, turning(), turned())
    (folder / "00901-settings.txt").write_text(line)
    (case,) = find_cases(folder)
    with pytest.raises(FormatError, match=line.partition(":")[0]):
        read_settings(case)
