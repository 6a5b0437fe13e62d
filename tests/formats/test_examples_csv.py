import numpy as np
import pytest

from crn2sbml.errors import FormatError
from crn2sbml.formats.examples_csv import read_examples_csv, write_examples_csv


def test_what_is_written_is_read() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2)) * 1e-9
    text = write_examples_csv(x, y)
    assert text.splitlines()[0] == "x1,x2,x3,y1,y2"
    for found, expected in zip(read_examples_csv("\ufeff\n" + text + "\n\n", "f"), (x, y), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "f.csv: 0 inputs, 0 targets, 0 examples; needs one of each"),
        ("x1,y1\n", "1 inputs, 1 targets, 0 examples"),
        ("x1,x2\n1,2\n", "2 inputs, 0 targets"),
        ("y1\n1\n", "0 inputs, 1 targets"),
        ("x1,y1,x2\n1,2,3\n", "column 'y1' is where 'x2' must be"),
        ("x1,x3,y1\n1,2,3\n", "column 'x3' is where 'x2' must be"),
        ("a,y1\n1,2\n", "column 'a' is where 'y1' must be"),
        ("x1,y1\n1,2\n3\n", "line 3 has 1 cells, the first line 2"),
        ("x1,y1\n1,nan\n", "line 2, y1: 'nan' is no finite number"),
        ("x1,y1\n1,inf\n", "line 2, y1: 'inf' is no finite number"),
        ("x1,y1\none,2\n", "line 2, x1: 'one' is no finite number"),
        ('x1,y1\n"1,2\n', "line 2: unexpected end of data"),
    ],
)
def test_what_is_no_table_of_examples(text: str, says: str) -> None:
    with pytest.raises(FormatError) as refused:
        read_examples_csv(text, "f.csv")
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
