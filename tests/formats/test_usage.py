import json
from dataclasses import replace
from typing import Any

import pytest

from crn2sbml.errors import FormatError
from crn2sbml.formats.usage import Usage, read_io_json, write_io_json

USAGE = Usage(("X", "Z"), ("A",), 80, 16, 6.5)


def test_round_trip() -> None:
    assert read_io_json(write_io_json(USAGE)) == USAGE
    generator = replace(USAGE, latents=("Z0", "Z1"))
    assert read_io_json(write_io_json(generator)) == generator
    assert "latents" not in write_io_json(USAGE)


def changed(**fields: Any) -> str:
    return json.dumps(json.loads(write_io_json(USAGE)) | fields)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        '{"a":' * 100_000,
        changed(inputs="X"),
        changed(outputs=[1]),
        changed(latents="Z"),
        changed(omega=10**400),
        changed(t_end=-(10**400)),
        changed(omega="a\nb" * 1000),
        changed(t_end=float("nan")),
        changed(input_max=0),
        changed().replace("80", "1" + "0" * 5000),
    ],
)
def test_refusals_are_one_line(text: str) -> None:
    with pytest.raises(FormatError, match=r"^io\.json: ") as refusal:
        read_io_json(text)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 300
