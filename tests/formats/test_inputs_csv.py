import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crn2sbml.errors import FormatError
from crn2sbml.formats.inputs_csv import read_inputs_csv, write_inputs_csv
from crn2sbml.formats.sedml_write import Example

counts = st.floats(min_value=0, max_value=1e300)


@given(st.lists(st.tuples(counts, counts), max_size=5))
def test_round_trip(rows: list[tuple[float, float]]) -> None:
    examples = tuple(Example(f"e{i}", {"X": x, "Y": y}) for i, (x, y) in enumerate(rows))
    assert read_inputs_csv(write_inputs_csv(examples, {"X": 1, "Y": 2})) == examples


def test_inputs_that_an_example_does_not_name_are_written_as_they_are() -> None:
    text = write_inputs_csv([Example("a", {"Y": 5.0}), Example("b", {"X": 0.5})], {"X": 1, "Y": 2.0})
    assert text == "name,X,Y\na,1,5\nb,0.5,2\n"
    with pytest.raises(FormatError, match="'Z', which is no clamped input"):
        write_inputs_csv([Example("a", {"Z": 5.0})], {"X": 1})


def test_a_table_as_a_spreadsheet_saves_it() -> None:
    text = '\ufeffname,"X",Y\r\n"a", 5 ,1e2\r\n\r\n,,\r\nb,0,7\r\n'
    assert read_inputs_csv(text) == (Example("a", {"X": 5, "Y": 100}), Example("b", {"X": 0, "Y": 7}))


def test_wide_and_long_tables_take_linear_time() -> None:
    """Of the processor, a quarter of a second is usual; with a search of all names for each it was twenty."""
    columns = [f"S{i}" for i in range(20_000)]
    wide = f"name,{','.join(columns)}\na,{','.join('1' for _ in columns)}\n"
    long = "name,X\n" + "".join(f"e{i},1\n" for i in range(20_000))
    start = time.process_time()
    assert len(read_inputs_csv(wide)[0].inputs) == len(read_inputs_csv(long)) == 20_000
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "first line"),
        ("a,b\n", "first line"),
        ("name,X,X\n", "'X' is there twice"),
        ("name,X,\n", "without a name"),
        ("name,X\na\n", "line 2 has 1 cells"),
        ("name,X\na,1,2\n", "line 2 has 3 cells"),
        ("name,X\na,1\n\na,2\n", "line 4: the name 'a'"),
        ("name,X\na,one\n", "line 2, X: 'one'"),
        ("name,X\na,\n", "line 2, X: ''"),
        ("name,X\na,-1\n", "'-1'"),
        ("name,X\na,nan\n", "'nan'"),
        ("name,X\na,inf\n", "'inf'"),
        ("name,X\na b,1\n", "line 2: example 'a b': a name has"),
        ("name,X\n\n" + "a" * 1000 + ",1\n", "line 3: example 'aaa.*a name has"),
        ('name,X\n"a,1\n', "line 2"),
        ("name,X\n" + "a" * 200_000 + ",1\n", "field"),
        ("name\x00,X\n", "first line"),
    ],
)
def test_refusals(text: str, words: str) -> None:
    with pytest.raises(FormatError, match=words) as refusal:
        read_inputs_csv(text)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 300
