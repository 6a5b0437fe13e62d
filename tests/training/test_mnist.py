"""The files of MNIST: the known ones are read, all others refused."""

import gzip
import hashlib
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from crn2sbml.errors import CrnError, DataError
from crn2sbml.training import mnist
from crn2sbml.training.data import load_data_set, load_mnist, source_of_size
from crn2sbml.training.mnist import read_mnist

needs_mnist = pytest.mark.skipif(
    not (Path(os.environ.get("CRN2SBML_DATA", "")) / "mnist").is_dir(), reason="CRN2SBML_DATA names no MNIST"
)
MD5 = {
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
"""Of the unpacked files, as they are known everywhere."""


@needs_mnist
def test_what_is_read_is_what_the_files_hold() -> None:
    images, labels = read_mnist("t10k")
    assert (images.shape, labels.shape) == ((10_000, 28, 28), (10_000,))
    for (name, expected), array in zip(MD5.items(), (images, labels.astype(np.uint8)), strict=True):
        header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
        assert hashlib.md5(header + array.tobytes(), usedforsecurity=False).hexdigest() == expected, name


@needs_mnist
def test_parts_and_blocks() -> None:
    data, small = load_mnist(), load_data_set("mnist-12")
    assert (len(data.train), len(data.validation), len(data.test)) == (55_000, 5_000, 10_000)
    known = np.sort(np.concatenate([data.train.indices, data.validation.indices]))
    np.testing.assert_array_equal(known, np.arange(60_000))
    np.testing.assert_array_equal(data.test.labels, read_mnist("t10k")[1])
    share = np.bincount(data.validation.labels) / np.bincount(
        np.concatenate([data.train.labels, data.validation.labels])
    )
    assert np.ptp(share) < 0.001  # stratified
    np.testing.assert_array_equal(small.test.labels, data.test.labels)
    image = data.test.images[3].astype(float)
    assert small.test.images[3].shape == (12, 12)
    assert small.test.images[3][4, 5] == pytest.approx(image[10:12, 12:14].mean())


@needs_mnist
@pytest.mark.parametrize("damage", ["cut", "flipped", "no gzip", "another", "larger"])
def test_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    shutil.copytree(Path(os.environ["CRN2SBML_DATA"]) / "mnist", tmp_path / "mnist")
    path = tmp_path / "mnist" / "t10k-labels-idx1-ubyte.gz"
    path.parent.chmod(0o755)
    path.chmod(0o644)
    content = path.read_bytes()
    raw = gzip.decompress(content)
    path.write_bytes(
        {
            "cut": content[: len(content) // 2],
            "flipped": content[:2000] + bytes([content[2000] ^ 1]) + content[2001:],
            "no gzip": raw,
            "another": gzip.compress(raw[:-1] + bytes([raw[-1] ^ 1])),
            "larger": gzip.compress(raw + bytes(1000)),
        }[damage]
    )
    monkeypatch.setenv("CRN2SBML_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz: ") as refusal:
        load_mnist()
    assert "\n" not in str(refusal.value)


def test_a_missing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRN2SBML_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"no such file; unset CRN2SBML_DATA to download MNIST"):
        read_mnist("train")


def test_no_way_to_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRN2SBML_DATA", raising=False)
    monkeypatch.setattr(mnist.pooch, "os_cache", lambda name: tmp_path / name)

    def fail(*_: object, **__: object) -> str:
        raise ConnectionError("no route\nto host")

    monkeypatch.setattr(mnist.pooch, "retrieve", fail)
    with pytest.raises(DataError, match="MNIST cannot be downloaded: no route; put its four files"):
        read_mnist("train")


def test_which_data_a_model_reads() -> None:
    assert source_of_size(64).shape == (1, 8, 8)
    assert source_of_size(784).input_max == 255
    with pytest.raises(CrnError, match="no data set has images of 65 pixels"):
        source_of_size(65)
