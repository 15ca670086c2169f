"""On a GPU: points and losses are the CPU's, and trainings go on bit for bit."""

import os
import shutil

import numpy as np
import pytest
import torch
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from mmengine.registry import DefaultScope
from mmpose.registry import KEYPOINT_CODECS
from small_steps import HEADS, build, trained
from toolbox import ROOT, run_cold

from fashion_mmpose import GarmentInferencer
from fashion_mmpose.engine.optim.compiling import compile_losses
from fashion_mmpose.synthetic import write_deepfashion2

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not torch.cuda.is_available(), reason='PyTorch sees no GPU'),
]


@pytest.fixture(autouse=True)
def exact(monkeypatch):
    """Convolutions in the full width of float32, as on a CPU."""
    monkeypatch.setattr(torch.backends.cudnn, 'allow_tf32', False)


@pytest.mark.parametrize('head', HEADS.values(), ids=HEADS)
def test_losses_are_those_of_the_cpu(head):
    expected = trained(build(head))
    np.testing.assert_allclose(trained(build(head).cuda()), expected, rtol=1e-3)
    mixed = trained(build(head).cuda(), AmpOptimWrapper)
    assert mixed != expected
    np.testing.assert_allclose(mixed, expected, rtol=0.03)


@pytest.mark.parametrize('head', HEADS.values(), ids=HEADS)
@pytest.mark.parametrize('wrapper', [OptimWrapper, AmpOptimWrapper])
def test_compiled_losses(head, wrapper):
    model = build(head).cuda()
    compile_losses(model)
    expected = trained(build(head).cuda(), wrapper)
    np.testing.assert_allclose(trained(model, wrapper), expected, rtol=0.01)


@pytest.mark.parametrize('mode', ['quarter', 'dark', 'second_max', 'resized'])
def test_maps_are_decoded_where_they_lie(mode):
    with DefaultScope.overwrite_default_scope('mmpose'):
        codec = KEYPOINT_CODECS.build(
            dict(
                type='PointHeatmap',
                input_size=(192, 256),
                heatmap_size=(48, 64),
                sigma=2,
                decode_mode=mode,
                blur_kernel_size=11,
            )
        )
    generator = torch.Generator().manual_seed(0)
    points = 4 + 40 * torch.rand(8 * 13, 2, generator=generator)
    maps = codec.render(points)
    maps = (maps + 0.05 * torch.rand(maps.shape, generator=generator)).unflatten(
        0, (8, 13)
    )
    mask = torch.rand(8, 13, generator=generator) < 0.7
    for each in (None, mask):
        expected = codec.batch_decode(maps, each, with_covariances=True)
        there = each if each is None else each.cuda()
        found = codec.batch_decode(maps.cuda(), there, with_covariances=True)
        for one, other in zip(found, expected):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-3)


def test_the_starter_finds_the_same_garments(tmp_path):
    """Detector and landmarks, from the picture to the points, both by PyTorch."""
    pytest.importorskip('timm')
    write_deepfashion2(tmp_path, 3, seed=5)
    networks = dict(
        pose2d='starter/deepfashion2',
        pose2d_weights='starter://deepfashion2',
        det_model='starter/detector',
        det_weights='starter://detector',
    )
    expected, found = (
        [
            garment
            for picture in GarmentInferencer(**networks, device=device)(
                tmp_path / 'image'
            )
            for garment in picture.garments
        ]
        for device in ('cpu', 'cuda')
    )
    assert len(expected) >= 3
    assert [each.category for each in found] == [each.category for each in expected]
    for one, other in zip(found, expected):
        np.testing.assert_allclose(one.bbox, other.bbox, atol=0.05)
        # Points that the network places outside of the crop vary most.
        np.testing.assert_allclose(one.keypoints, other.keypoints, atol=0.2)
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-3)


@pytest.mark.parametrize('amp', [False, True], ids=['float32', 'amp'])
def test_a_training_goes_on_bit_for_bit(drawn, tmp_path, monkeypatch, amp):
    """The second half of a training, from its first half's checkpoint."""
    # cuBLAS asks for it where results are to be the same every time.
    monkeypatch.setenv('CUBLAS_WORKSPACE_CONFIG', ':4096:8')
    whole, halved = tmp_path / 'whole', tmp_path / 'halved'

    def train(work_dir, *more):
        run_cold(
            ROOT / 'tools' / 'train.py',
            *('tiny.py', '--work-dir', work_dir, *more, *(['--amp'] if amp else [])),
            *('--cfg-options', 'randomness.deterministic=True'),
            cwd=drawn,
        )

    train(whole)
    halved.mkdir()
    shutil.copy(whole / 'epoch_2.pth', halved)
    (halved / 'last_checkpoint').write_text(os.fspath(halved / 'epoch_2.pth'))
    train(halved, '--resume')
    one, other = (
        torch.load(folder / 'epoch_4.pth', map_location='cpu', weights_only=False)
        for folder in (whole, halved)
    )
    assert ('loss_scaler' in one['optimizer']) == amp
    assert len(one['state_dict']) > 10
    for name, weights in one['state_dict'].items():
        assert torch.equal(weights, other['state_dict'][name]), name
