from pathlib import Path

import numpy as np
import pooch
import pytest

from crn2sbml.errors import TrainingError
from crn2sbml.training import judge as module
from crn2sbml.training.data import DataSet, load_digits
from crn2sbml.training.judge import FEATURES, get_judge


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / name)
    return tmp_path / "crn2sbml"


def test_a_judge_names_digits_and_is_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, told = load_digits(), list[float]()
    judge = get_judge(data, 3, told.append)
    assert told == sorted(told)
    assert told[-1] == 1
    features, named = judge.features(data.test.images / data.input_max)
    assert features.shape == (len(data.test), FEATURES)
    assert np.mean(named == data.test.labels) > 0.96
    (kept,) = cache.iterdir()
    whole, middle = kept.read_bytes(), kept.stat().st_size // 2
    monkeypatch.setattr(module, "_trained", lambda *_: pytest.fail("was trained again"))
    again, _ = get_judge(data, 3).features(data.test.images / data.input_max)
    np.testing.assert_array_equal(again, features)
    for damage in (whole[:-30], whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :], b""):
        kept.write_bytes(damage)
        assert module._kept(kept) is None
    assert list(cache.iterdir()) == [kept]


def test_seeds_make_judges_of_their_own(cache: Path) -> None:
    data = load_digits()
    pictures = data.test.images[:5] / data.input_max
    one, other = (get_judge(data, seed).features(pictures)[0] for seed in (1, 2))
    assert (one != other).any()
    assert len(list(cache.iterdir())) == 2


def test_too_few_images(cache: Path) -> None:
    data = load_digits()
    few = DataSet("few", data.test, data.test, data.test, 16.0)
    part = type(data.test)(data.test.images[:50], data.test.labels[:50], data.test.indices[:50])
    with pytest.raises(TrainingError, match="50 training images; needs 128"):
        get_judge(DataSet("few", part, few.test, few.test, 16.0), 1)
    assert not cache.exists()
