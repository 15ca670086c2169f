"""Means of the weights of several trainings."""

import numpy as np
import pytest
import torch
from toolbox import load_tool

from fashion_mmpose import PoseNetwork
from fashion_mmpose.cli.main import main
from fashion_mmpose.weights import WeightsError, read_checkpoint
from fashion_mmpose.weights.averaging import average_checkpoints

META = dict(
    dataset_meta=dict(dataset_name='fashionai'),
    calibration=dict(power=2.0),
    epoch=7,
    cfg='model = dict()',
)


@pytest.fixture
def write(tmp_path):
    """Writes a checkpoint of a small network; its path."""

    def write(name: str, value: float, **changes) -> str:
        weights = dict(
            weight=torch.tensor([value, 1.0, 1e-3]),
            running_var=torch.tensor([value], dtype=torch.float16),
            num_batches_tracked=torch.tensor(int(10 * value)),
        )
        path = tmp_path / name
        torch.save(dict(state_dict=weights | changes, meta=META), path)
        return str(path)

    return write


def test_shares_count_in_relation_to_each_other(write, tmp_path, capsys):
    paths = [write('a.pth', 1.0), write('b.pth', 2.0), write('c.pth', 5.0)]
    out = tmp_path / 'mean.pth'
    call = ['average', *paths, '--out', str(out), '--shares', '6', '3', '1']
    assert main(call) == 0
    assert '4 numbers, of 3 checkpoints' in capsys.readouterr().out
    stored = read_checkpoint(out)
    np.testing.assert_allclose(stored.tensors['weight'], [1.7, 1, 1e-3], rtol=1e-6)
    assert stored.tensors['running_var'].tolist() == pytest.approx([1.7], rel=1e-6)
    assert {str(v.dtype) for v in stored.tensors.values()} == {
        'torch.float32',
        'torch.int64',
    }
    assert int(stored.tensors['num_batches_tracked']) == 10  # of the first one
    assert stored.meta.keys() == {'dataset_meta', 'averaged', 'fashion_mmpose'}
    names, shares = zip(*stored.meta['averaged'])
    assert names == ('a.pth', 'b.pth', 'c.pth')
    assert shares == pytest.approx((0.6, 0.3, 0.1))


def test_a_mean_has_no_calibration_of_what_it_replaces(write, tmp_path):
    paths = [write('a.pth', 1), write('b.pth', 4)]
    for name in ('a', 'm'):
        (tmp_path / f'{name}.calibration.json').write_text('{}')
    average_checkpoints(paths, tmp_path / 'm.pth')
    assert (tmp_path / 'm.calibration.json').exists()  # no other weights were there
    average_checkpoints(paths, tmp_path / 'm.pth')
    assert not (tmp_path / 'm.calibration.json').exists()
    assert (tmp_path / 'a.calibration.json').exists()
    other = write('c.pth', 2, weight=torch.full((3,), torch.nan))
    with pytest.raises(WeightsError, match='not finite'):
        average_checkpoints([paths[0], other], paths[0])
    assert (tmp_path / 'a.calibration.json').exists()


def test_all_count_alike_by_default(write, tmp_path):
    average_checkpoints([write('a.pth', 1), write('b.pth', 4)], tmp_path / 'm.pth')
    weight = read_checkpoint(tmp_path / 'm.pth').tensors['weight']
    assert weight.tolist() == pytest.approx([2.5, 1, 1e-3])


@pytest.mark.parametrize(
    'changes, message',
    [
        (
            dict(weight=torch.ones(4)),
            'of another shape:\n.*weight \\(4,\\), expected \\(3,\\)',
        ),
        (dict(bias=torch.ones(4)), r'unknown.*:\n.*bias \(4,\)'),
        (
            dict(weight=torch.ones(3, dtype=torch.int64)),
            'of another kind of number:\n.*weight torch.int64',
        ),
        (dict(weight=torch.tensor([1, float('nan'), 1])), 'finite, in weight; to fix'),
    ],
)
def test_weights_that_have_no_mean(write, tmp_path, changes, message):
    paths = write('a.pth', 1.0), write('b.pth', 2.0, **changes)
    with pytest.raises(WeightsError, match=message):
        average_checkpoints(paths, tmp_path / 'mean.pth')
    assert not (tmp_path / 'mean.pth').exists()


def test_names_that_it_lacks(write, tmp_path):
    other = write('b.pth', 2.0, bias=torch.ones(4))
    with pytest.raises(WeightsError, match='b.pth is.*a.pth:\n1 unknown.*:\n.*bias'):
        average_checkpoints([write('a.pth', 1.0), other], tmp_path / 'mean.pth')
    with pytest.raises(WeightsError, match='a.pth is.*b.pth:\n1 missing.*:\n.*bias'):
        average_checkpoints([other, write('a.pth', 1.0)], tmp_path / 'mean.pth')


def told(path: str, **dataset_meta) -> str:
    """The same checkpoint, which tells something else about itself."""
    content = torch.load(path, weights_only=True)
    torch.save(dict(content, meta=dict(dataset_meta=dataset_meta)), path)
    return path


def test_networks_of_other_points_have_no_mean(write, tmp_path):
    """A vest and a sling have fifteen landmarks each, and networks of one shape."""
    first = told(write('a.pth', 1.0), dataset_name='deepfashion2_vest')
    other = told(write('b.pth', 2.0), dataset_name='deepfashion2_sling')
    out = tmp_path / 'mean.pth'
    message = (
        r'b\.pth was trained for deepfashion2_sling, .*a\.pth for deepfashion2_vest'
    )
    with pytest.raises(WeightsError, match=message):
        average_checkpoints([first, other], out)
    boxes = told(write('c.pth', 1.0), classes=('skirt', 'vest'))
    with pytest.raises(WeightsError, match="c.pth is for .*'vest'"):
        average_checkpoints(
            [boxes, told(write('d.pth', 1.0), classes=('vest', 'skirt'))], out
        )
    # What tells nothing is taken for the same; copies for single categories are.
    for meta in ({}, dict(dataset_name='deepfashion2_vest', categories=('vest',))):
        average_checkpoints([first, told(other, **meta)], out)


def test_a_damaged_checkpoint_is_not_called_another_network(write, tmp_path):
    (tmp_path / 'b.pth').write_bytes(b'half')
    paths = write('a.pth', 1.0), tmp_path / 'b.pth'
    with pytest.raises(WeightsError, match=f'^{paths[1]}: it is not a file of torch'):
        average_checkpoints(paths, tmp_path / 'mean.pth')


@pytest.mark.parametrize(
    'shares, message',
    [
        ([1, 2, 3], '3 shares were given for 2 checkpoints'),
        ([1, 0], 'must be positive'),
        ([1, float('inf')], 'must be positive'),
    ],
)
def test_wrong_shares(write, tmp_path, shares, message):
    paths = write('a.pth', 1.0), write('b.pth', 2.0)
    with pytest.raises(ValueError, match=message):
        average_checkpoints(paths, tmp_path / 'mean.pth', shares)


def test_what_is_averaged_is_kept(write, capsys):
    paths = [write('a.pth', 1.0), write('b.pth', 2.0)]
    assert main(['average', *paths, '--out', paths[1]]) == 1
    assert 'b.pth is an input' in capsys.readouterr().err
    assert read_checkpoint(paths[1]).tensors['weight'][0] == 2


@pytest.mark.parametrize(
    'options, message',
    [
        (['a.pth'], 'at least two checkpoints'),
        (['a.pth', 'b.pth', '--shares', '1'], '--shares has 1 numbers for 2'),
    ],
)
def test_wrong_calls(options, message, capsys):
    with pytest.raises(SystemExit, match='2'):
        load_tool('average.py').main([*options, '--out', 'c.pth'])
    assert message in capsys.readouterr().err


@pytest.mark.slow
def test_a_mean_is_a_network(small, tmp_path):
    """Of one network with itself: what it predicts stays."""
    config, weights = small.of('fashionai_all')
    average_checkpoints([weights, weights], tmp_path / 'mean.pth', [0.3, 0.7])
    picture = np.random.default_rng(0).integers(0, 256, (90, 70, 3), np.uint8)
    found = []
    for path in (weights, tmp_path / 'mean.pth'):
        network = PoseNetwork(config, path)
        sample = network.sample(picture, 'skirt', (0, 0, 70, 90))
        found.extend(network.predict([sample]))
    np.testing.assert_allclose(found[0].keypoints, found[1].keypoints, atol=1e-2)
