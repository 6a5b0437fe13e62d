import json

import numpy as np
import pytest

from crn2sbml.circuits.weights_file import TrainedGenerator, unpack_generator
from crn2sbml.engines.registry import get_engine
from crn2sbml.formats.antimony_read import read_antimony
from crn2sbml.formats.libsbml_checks import complaints
from crn2sbml.formats.sbml_read import read_sbml
from crn2sbml.formats.usage import read_io_json
from crn2sbml.report.folder import checksums
from crn2sbml.report.generator_folder import generator_document, generator_files, generator_usage
from tests.circuits.test_generator import SMALL, weights_of

TRAINED = TrainedGenerator(SMALL, weights_of(SMALL), {"data": "digits", "options": {"seed": 4}})
DOCUMENT = generator_document(TRAINED, 2, "tiny makers", "2025-03-04T05:06:07Z", "MIT")
FILES = generator_files(TRAINED, DOCUMENT)


def test_the_folder_holds_everything() -> None:
    assert list(FILES) == [
        *("weights.npz", "model.xml", "model.ant", "io.json", "inputs.csv", "model.omex", "card.md", "SHA256SUMS")
    ]
    assert generator_files(TRAINED, DOCUMENT) == FILES
    listed = dict(reversed(line.split("  ")) for line in str(FILES["SHA256SUMS"]).splitlines())
    assert listed == checksums({name: content for name, content in FILES.items() if name != "SHA256SUMS"})
    assert unpack_generator(FILES["weights.npz"], "w").generator == SMALL  # type: ignore[arg-type]


def test_the_files_hold_the_network() -> None:
    text, net = str(FILES["model.xml"]), SMALL.network(TRAINED.weights, 2)
    assert complaints(text) == []
    sbml, antimony = read_sbml(text).network, read_antimony(str(FILES["model.ant"])).network
    assert sbml.species == net.species
    assert antimony.clamped == net.clamped == SMALL.class_ids
    for other in (sbml, antimony):
        assert {(r.inputs, r.outputs, r.rate) for r in other.reactions} == {
            (r.inputs, r.outputs, r.rate) for r in net.reactions
        }
        assert other.rate_constants == pytest.approx(net.rate_constants, rel=5e-15)  # 15 digits are written


def test_usage_says_when_all_is_steady() -> None:
    """After t_end nothing moves any more, in a simulator, from the file's own start."""
    usage = generator_usage(TRAINED)
    assert read_io_json(str(FILES["io.json"])) == usage
    assert (usage.latents, usage.outputs) == (SMALL.latent_ids, SMALL.output_ids)
    state = get_engine("roadrunner").load(str(FILES["model.xml"])).steady_state({}, usage.t_end)
    on = SMALL.levels(TRAINED.weights, np.full(2, 9.0), np.eye(3)[2])[-1].outputs
    np.testing.assert_allclose(state.sel(species=list(usage.outputs)).values[0, 0], 30 * on, rtol=1e-6)


@pytest.mark.parametrize("words", ["2 slow species", "| 2 | switch | 1 x 2 x 2 |", "--seed 4", "two-by-two.toml"])
def test_the_card_says(words: str) -> None:
    assert words in str(FILES["card.md"])


def test_examples_are_the_classes() -> None:
    table = str(FILES["inputs.csv"]).splitlines()
    assert len(table) == 1 + 3
    assert json.loads(str(FILES["io.json"]))["inputs"] == list(SMALL.class_ids)
