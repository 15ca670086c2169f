"""Weights of TensorFlow Lite models."""

import builtins

import numpy as np
import pytest
from lite_model_file import lite_model

from fashion_mmpose.errors import FormatError
from fashion_mmpose.weights.tensorflow.lite_model import read_lite_weights

RNG = np.random.default_rng(0)
KERNEL = RNG.normal(size=(4, 3, 3, 2)).astype(np.float32)
BIAS = RNG.normal(size=4).astype(np.float32)
SHAPE = np.array([1, 8, 8, 4], np.int32)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / 'model.tflite'
    path.write_bytes(
        lite_model([[None, KERNEL, BIAS], [None, None], [None, SHAPE], [BIAS, None]])
    )
    return path


def test_constant_floats_of_operators_in_their_order(path):
    first, second = read_lite_weights(path)
    assert [each.shape for each in first] == [(4, 3, 3, 2), (4,)]
    np.testing.assert_array_equal(first[0], KERNEL)
    np.testing.assert_array_equal(first[1], BIAS)
    np.testing.assert_array_equal(second, [BIAS])


def test_what_is_no_model(tmp_path):
    path = tmp_path / 'model.tflite'
    with pytest.raises(FileNotFoundError):
        read_lite_weights(path)
    for content in (b'', b'TFL3', b'PK\x03\x04' + bytes(100)):
        path.write_bytes(content)
        with pytest.raises(
            FormatError, match=r'model\.tflite is no TensorFlow Lite mod'
        ):
            read_lite_weights(path)


@pytest.mark.parametrize('share', [0.05, 0.3, 0.6, 0.95])
def test_a_file_that_was_cut_off(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: max(8, int(share * len(content)))])
    with pytest.raises(FormatError, match='is a damaged TensorFlow Lite model'):
        read_lite_weights(path)


def test_without_the_package_that_reads_them(path, monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == 'tflite':
            raise ModuleNotFoundError("No module named 'tflite'")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, '__import__', refuse)
    with pytest.raises(ImportError, match=r"pip install 'fashion-mmpose\[tflite\]'"):
        read_lite_weights(path)
