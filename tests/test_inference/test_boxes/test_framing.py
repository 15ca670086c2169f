"""Whole pictures for networks that have learnt garments in their boxes."""

import warnings

import numpy as np
import pytest
import torch
from small_networks import ToldDetector, inferencer_of

from fashion_mmpose.apis import PoseNetwork
from fashion_mmpose.cli.pictures.predict import main
from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.inference.boxes.framing import FramingWarning
from fashion_mmpose.weights.trained_for import trained_boxes


def told(small, tmp_path, **meta):
    """Blouses' weights that tell what they were trained on."""
    weights = torch.load(small.weights('fashionai_blouse'), weights_only=True)
    path = tmp_path / 'told.pth'
    meta = dict(dataset_meta=dict(dataset_name='fashionai_blouse', **meta))
    torch.save(dict(state_dict=weights, meta=meta), path)
    return small.config('fashionai_blouse'), str(path)


@pytest.mark.parametrize('source', ['annotation', 'image'])
def test_the_checkpoint_knows(small, tmp_path, source):
    # The config says annotation in its test and image in its training.
    assert PoseNetwork(*told(small, tmp_path, bbox_source=source)).bbox_source == source


def test_without_word_of_the_checkpoint_the_config_tells(small):
    assert PoseNetwork(*small.of('fashionai_blouse')).bbox_source == 'image'
    assert PoseNetwork(*small.of('deepfashion2_all')).bbox_source == 'annotation'
    assert trained_boxes({}, {}) is None


def test_wrapped_data_sets_tell_it():
    whole, cut = dict(bbox_source='image'), dict(bbox_source='annotation')

    def trained_on(*datasets):
        wrapper = dict(type='CombinedDataset', datasets=[*datasets], pipeline=[])
        return trained_boxes({}, dict(train_dataloader=dict(dataset=wrapper)))

    assert trained_on(whole, whole) == 'image'
    assert trained_on(cut, {}) == 'annotation'
    assert trained_on(whole, cut) is None
    repeated = dict(type='RepeatDataset', dataset=dict(whole, pipeline=[]))
    assert trained_boxes({}, dict(train_dataloader=dict(dataset=repeated))) == 'image'


def test_whole_pictures_are_doubted(small, tmp_path):
    config, weights = told(small, tmp_path, bbox_source='annotation')
    inferencer = GarmentInferencer(config, weights, device='cpu')
    with pytest.warns(FramingWarning, match=r'\(blouse\) was trained on .* bboxes='):
        inferencer(small.paths)
    with pytest.warns(FramingWarning):
        inferencer.predict(small.images[0])


@pytest.mark.slow
def test_nothing_is_said_where_it_fits(small, tmp_path):
    box = np.array([[5, 5, 50, 60]])
    cropped = told(small, tmp_path, bbox_source='annotation')
    with warnings.catch_warnings():
        warnings.simplefilter('error', FramingWarning)
        inferencer = GarmentInferencer(*cropped, device='cpu')
        inferencer(small.paths, bboxes=[box] * len(small.paths))
        detector = ToldDetector(classes=('skirt', 'vest'))
        inferencer_of(small, 'deepfashion2_all', det_model=detector)(small.paths)
        inferencer_of(small, 'fashionai_blouse')(small.paths)
        # Only the network that is asked.
        pose = dict(
            blouse=small.of('fashionai_blouse'), vest=small.of('deepfashion2_all')
        )
        GarmentInferencer(pose, device='cpu')(small.paths, 'blouse')


@pytest.mark.filterwarnings('error')
def test_the_command_names_the_ways_out(small, tmp_path, capsys):
    config, weights = told(small, tmp_path, bbox_source='annotation')
    arguments = [small.paths[0], '--pose', config, weights, '--device', 'cpu']
    assert main([*arguments, '--out-dir', str(tmp_path / 'out')]) == 0
    (line,) = [
        line for line in capsys.readouterr().err.splitlines() if 'warning' in line
    ]
    assert 'the pose network (blouse) was trained on garments cut out' in line
    assert '--det CONFIG CHECKPOINT' in line
    assert '{train,val,test}_dataloader.dataset.bbox_source=image' in line
