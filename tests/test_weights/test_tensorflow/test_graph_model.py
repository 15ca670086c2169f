"""Weights of TensorFlow.js graph models."""

import json

import numpy as np
import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.weights.tensorflow.graph_model import read_graph_weights

KERNEL = np.arange(24, dtype=np.float32).reshape(2, 3, 4, 1) / 8
SHAPE = np.array([3, 5], np.int32)
BIAS = np.array([0.1, -2.5], np.float32)


def write(folder, content=None, paths=('one.bin', 'two.bin'), **changes):
    """A model of three weights, whose numbers are split between two files."""
    kernel = dict(
        name='net/Conv/weights',
        shape=[2, 3, 4, 1],
        dtype='float32',
        quantization=dict(dtype='float16', original_dtype='float32'),
    )
    group = dict(
        paths=list(paths),
        weights=[
            {**kernel, **changes},
            dict(name='net/shape', shape=[2], dtype='int32'),
            dict(name='net/Conv/bias', shape=[2], dtype='float32'),
        ],
    )
    model = dict(format='graph-model', modelTopology={}, weightsManifest=[group])
    if content is None:
        content = KERNEL.astype('<f2').tobytes() + SHAPE.tobytes() + BIAS.tobytes()
    (folder / 'one.bin').write_bytes(content[:19])
    (folder / 'two.bin').write_bytes(content[19:])
    path = folder / 'model.json'
    path.write_text(json.dumps(model))
    return path


def test_weights_are_read_by_name(tmp_path):
    weights = read_graph_weights(write(tmp_path))
    assert list(weights) == ['net/Conv/weights', 'net/shape', 'net/Conv/bias']
    kernel = weights['net/Conv/weights']
    assert kernel.dtype == np.float32 and np.array_equal(kernel, KERNEL)
    assert np.array_equal(weights['net/shape'], SHAPE)
    assert np.array_equal(weights['net/Conv/bias'], BIAS)


@pytest.mark.parametrize(
    ('content', 'fault'),
    [
        (b'\0' * 63, r'one.bin, two.bin end within net/Conv/bias; to fix it: fetch'),
        (b'\0' * 65, 'tells 64 bytes of weights, and one.bin, two.bin hold 65'),
        (b'', 'end within net/Conv/weights'),
    ],
)
def test_files_of_another_size(tmp_path, content, fault):
    with pytest.raises(FormatError, match=fault):
        read_graph_weights(write(tmp_path, content))


@pytest.mark.parametrize(
    'changes',
    [
        dict(quantization=dict(dtype='uint8', scale=0.1, min=0)),
        dict(quantization=None, dtype='string'),
        dict(shape=[2, -3, 4, 1]),
    ],
)
def test_numbers_in_another_form(tmp_path, changes):
    with pytest.raises(FormatError, match='net/Conv/weights has the shape .* are read'):
        read_graph_weights(write(tmp_path, **changes))


def test_files_elsewhere_are_not_read(tmp_path):
    path = write(tmp_path, paths=['../one.bin'])
    with pytest.raises(FormatError, match=r"weights '../one.bin', which leads upwards"):
        read_graph_weights(path)


@pytest.mark.parametrize('content', ['[]', '{}', '{"weightsManifest": 3}', 'x', ''])
def test_what_is_no_model(tmp_path, content):
    path = tmp_path / 'model.json'
    path.write_text(content)
    with pytest.raises(FormatError, match=r'model.json is no graph model of Tensor'):
        read_graph_weights(path)


def test_missing_files(tmp_path):
    path = write(tmp_path)
    (tmp_path / 'two.bin').unlink()
    with pytest.raises(FileNotFoundError, match=r'two\.bin'):
        read_graph_weights(path)
    with pytest.raises(FileNotFoundError, match=r'other\.json'):
        read_graph_weights(tmp_path / 'other.json')
