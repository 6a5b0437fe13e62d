import pytest

from crn2sbml.core.names import free_name


@pytest.mark.parametrize(
    ("taken", "expected"), [((), "k"), (("kk", "k_2"), "k"), (("k",), "k_2"), (("k", "k_2", "k_4"), "k_3")]
)
def test_the_first_name_that_is_free(taken: tuple[str, ...], expected: str) -> None:
    assert free_name("k", taken) == expected
