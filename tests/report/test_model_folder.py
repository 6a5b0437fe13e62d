import hashlib
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from crn2sbml.circuits.weights_file import Trained, unpack_weights
from crn2sbml.core.lump import lump
from crn2sbml.errors import FormatError
from crn2sbml.formats.antimony_read import read_antimony
from crn2sbml.formats.libsbml_checks import complaints
from crn2sbml.formats.sbml_read import read_sbml
from crn2sbml.formats.usage import Usage, read_io_json, write_io_json
from crn2sbml.report.folder import checksums
from crn2sbml.report.model_folder import model_document, model_files, model_usage
from tests.verify.tiny_trip import IMAGES, trained_tiny

CREATOR, CREATED = "tiny makers", "2025-03-04T05:06:07Z"


def files_of(trained: Trained | None = None) -> dict[str, str | bytes]:
    trained = trained or trained_tiny()
    return model_files(trained, model_document(trained, (IMAGES[0], 2), CREATOR, CREATED, "MIT"))


FILES = files_of()


def test_the_folder_holds_everything() -> None:
    assert list(FILES) == [
        *("weights.npz", "model.xml", "model.ant", "io.json", "inputs.csv", "model.omex", "card.md", "SHA256SUMS")
    ]
    assert files_of() == FILES


def test_checksums_are_those_of_the_files() -> None:
    lines = str(FILES["SHA256SUMS"]).splitlines()
    listed = dict(reversed(line.split("  ")) for line in lines)
    assert sorted(listed) == sorted(set(FILES) - {"SHA256SUMS"})
    for name, digest in listed.items():
        content = FILES[name]
        assert digest == hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
    assert checksums({"b": "x", "a": b"x"}) == dict.fromkeys("ab", hashlib.sha256(b"x").hexdigest())


def test_every_file_holds_the_same_network() -> None:
    trained = unpack_weights(FILES["weights.npz"], "weights.npz")  # type: ignore[arg-type]
    net = trained.classifier.network(trained.weights, IMAGES[0])
    sbml, antimony = read_sbml(str(FILES["model.xml"])).network, read_antimony(str(FILES["model.ant"])).network
    assert {s.id: s.initial for s in sbml.species} == {s.id: s.initial for s in net.species}
    assert [s.place for s in sbml.species] == [s.place for s in net.species]
    for other in (sbml, antimony):
        assert other.clamped == net.clamped
        assert {(r.inputs, r.outputs, r.rate) for r in other.reactions} == {
            (r.inputs, r.outputs, r.rate) for r in net.reactions
        }
        for name, value in net.rate_constants.items():
            assert other.rate_constants[name] == pytest.approx(value, rel=5e-15)  # 15 digits are written


def test_libsbml_has_nothing_to_complain_about() -> None:
    assert complaints(str(FILES["model.xml"])) == []


def test_the_file_says_what_it_is() -> None:
    document = read_sbml(str(FILES["model.xml"]))
    assert (document.shape, document.reading) == ("lumped", "any")
    metadata, notes = document.metadata, " ".join(document.metadata.notes)
    assert (metadata.creators, metadata.created) == ((CREATOR,), CREATED)
    assert metadata.licence == "https://identifiers.org/spdx:MIT"
    for word in (
        "4 x 4 pixels",
        "input0_0_0_0 to input0_0_3_3",
        "round(value / 1 * 200)",
        "'noise'",
        "0.7500",
        "of a 2",
    ):
        assert word in notes
    assert "all inputs are 0" in " ".join(model_document(trained_tiny()).metadata.notes)


def test_nobody_is_named_who_was_not_asked_for() -> None:
    metadata = model_document(trained_tiny()).metadata
    assert (metadata.creators, metadata.created, metadata.licence) == ((), "", "")
    assert "icence" not in " ".join(metadata.notes)


@pytest.mark.parametrize("licence", ["MIT licence", "https://x.org", "a#b", "a\n"])
def test_a_licence_is_an_identifier(licence: str) -> None:
    with pytest.raises(FormatError, match="SPDX identifier"):
        model_document(trained_tiny(), licence=licence)


def test_io_json_tells_a_stranger_enough() -> None:
    data = json.loads(str(FILES["io.json"]))
    classifier = trained_tiny().classifier
    assert tuple(data["inputs"]) == classifier.input_ids
    assert tuple(data["outputs"]) == classifier.output_ids
    assert (data["omega"], data["input_max"]) == (200, 1)
    assert data["t_end"] == (20 + 5 * 3) / 1.0
    assert read_io_json(str(FILES["io.json"])) == model_usage(trained_tiny())


def test_io_json_round_trip() -> None:
    usage = Usage(("a", "b"), ("c",), 12.5, 255.0, 3.0, 'the "largest" <one>')
    assert read_io_json(write_io_json(usage)) == usage


def test_the_settling_time_settles() -> None:
    """exp(-t) after the last layer has begun to settle must leave less than the engines' 1e-7."""
    assert np.exp(-(model_usage(trained_tiny()).t_end - 15)) < 1e-7


def cells(pattern: str) -> list[str]:
    found = re.search(rf"^\| {pattern} \|$", str(FILES["card.md"]), re.MULTILINE)
    assert found, pattern
    return list(found.groups())


def test_the_card_counts_what_is_in_the_network() -> None:
    trained = trained_tiny()
    net = trained.classifier.network(trained.weights)
    assert cells(r"species \| (\d+) \((\d+) of them clamped inputs\)") == [str(len(net.species)), "16"]
    assert cells(r"elementary reactions \| (\d+)") == [str(len(net.reactions))]
    assert cells(r"lumped reactions .* \| (\d+)") == [str(len(lump(net)))]
    assert str(FILES["model.xml"]).count("<reaction ") == len(lump(net))
    assert cells(r"rate constants \| (\d+)") == [str(len(net.parameters))]
    assert cells(r"trained numbers \| (\d+)") == [str(2 * 4 + 2 + 3 * 8 + 3)]
    assert cells(r"items per unit of activity \(omega\) \| (\d+)") == ["200"]
    assert cells(r"1 \| conv \| (.*)") == ["2 x 3 x 3"]
    assert cells(r"3 \| readout \| (.*)") == ["3 x 1 x 1"]


def test_the_card_gives_accuracies_with_their_intervals() -> None:
    for part, right, count in (("train", 5, 10), ("validation", 2, 5), ("test", 3, 4)):
        shown, low, high = cells(rf"{part} \| {count} \| ([\d.]+)% \(([\d.]+)% to ([\d.]+)%\)")
        interval = binomtest(right, count).proportion_ci(method="wilson")
        assert float(shown) == pytest.approx(100 * right / count)
        assert (float(low), float(high)) == pytest.approx((100 * interval.low, 100 * interval.high), abs=0.06)


def test_the_card_lists_the_checksums_and_the_command() -> None:
    card = str(FILES["card.md"])
    for name in ("weights.npz", "model.xml", "model.ant", "io.json"):
        content = FILES[name]
        digest = hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
        assert f"| {name} | `{digest}` |" in card
    assert "crn2sbml train tiny.toml --omega 200 --epochs 12 --seed 3 --out tiny" in card


def test_a_model_without_a_training_record_still_has_a_document() -> None:
    document = model_document(replace(trained_tiny(), record={}))
    assert "unknown" in " ".join(document.metadata.notes)


@pytest.mark.parametrize(
    ("average", "options", "words"), [(5.0, " --average 5", "averages over 5 s"), (0.0, "", "snapshots")]
)
def test_the_card_of_a_calibrated_model(average: float, options: str, words: str) -> None:
    record = {**trained_tiny().record, "calibration": {"average": average}, "accuracy_under_noise": {"test": 0.625}}
    card = str(files_of(replace(trained_tiny(), record=record))["card.md"])
    assert f"crn2sbml train tiny.toml --omega 200 --epochs 12 --seed 3 --noise lna{options} --out tiny" in card
    assert words in card
    assert "test 62.50%" in card
    assert "noise" not in str(FILES["card.md"]).replace("`noise`", "")


def test_the_card_of_a_model_with_a_twin() -> None:
    record = {**trained_tiny().record, "twin": dict.fromkeys(("train", "validation", "test"), 0.5)}
    card = str(files_of(replace(trained_tiny(), record=record))["card.md"])
    assert re.search(r"A neural network of the same layers .*: train 50.00% \(.*test 50.00% \(", card)
    assert "neural" not in str(FILES["card.md"])
