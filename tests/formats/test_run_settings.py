import pytest

from crn2sbml.errors import FormatError
from crn2sbml.formats.run_settings import check_run
from tests.engines.models import driven


def test_what_can_be_run() -> None:
    for seed in (0, 1, 2**31 - 1):
        check_run("x", driven(), 1e-3, ["A", "X", "A"], seed)


@pytest.mark.parametrize(
    ("t_end", "outputs", "seed", "smallest", "words"),
    [
        (0.0, ["A"], 1, 0, "t_end is 0.0"),
        (-1.0, ["A"], 1, 0, "t_end is -1.0"),
        (float("nan"), ["A"], 1, 0, "t_end is nan"),
        (float("inf"), ["A"], 1, 0, "t_end is inf"),
        (1.0, ["A"], -1, 0, "seed is -1; it must be 0 or more"),
        (1.0, ["A"], 0, 1, "seed is 0; it must be 1 or more"),
        (1.0, ["A"], 2**31, 0, "below 2\\^31"),
        (1.0, [], 1, 0, "at least one output species of network 'driven'"),
        (1.0, ["A", "B"], 1, 0, "no species 'B'"),
    ],
)
def test_refusals(t_end: float, outputs: list[str], seed: int, smallest: int, words: str) -> None:
    with pytest.raises(FormatError, match=f"^Format: .*{words}") as refusal:
        check_run("Format", driven(), t_end, outputs, seed, smallest)
    assert "\n" not in str(refusal.value)
