"""Pictures with a fourth channel of classes."""

import pytest
import torch
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

import fashion_mmpose.plugin  # noqa: F401

SETTINGS = dict(mean=[127.0] * 3, std=[128.0] * 3, bgr_to_rgb=True)


def build(kind):
    return MODELS.build(dict(type=kind, **SETTINGS))


def batch(channels):
    torch.manual_seed(0)
    return dict(
        inputs=[
            torch.randint(0, 6, (channels, 8, 6), dtype=torch.uint8) for _ in range(2)
        ],
        data_samples=[PoseDataSample() for _ in range(2)],
    )


@pytest.mark.parametrize('training', [True, False])
def test_colours_are_prepared_and_classes_stay(training):
    data = batch(4)
    prepared = build('ParsingPreprocessor')(data, training)
    colours = dict(data, inputs=[each[:3] for each in data['inputs']])
    expected = build('PoseDataPreprocessor')(colours, training)
    assert torch.equal(prepared['inputs'][:, :3], expected['inputs'])
    assert torch.equal(
        prepared['inputs'][:, 3], torch.stack(data['inputs'])[:, 3].float()
    )
    assert len(prepared['data_samples']) == 2
    assert data['inputs'][0].shape == (4, 8, 6)


def test_other_pictures_are_as_with_mmpose():
    prepared = build('ParsingPreprocessor')(batch(3))
    expected = build('PoseDataPreprocessor')(batch(3))
    assert torch.equal(prepared['inputs'], expected['inputs'])
