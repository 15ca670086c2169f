"""MMPose's ``init_model`` without a checkpoint, for the configs of the package.

Those of the two benchmarks are built in test_configs.py.
"""

import pytest
from config_toolbox import init_without_checkpoint
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.apis.inference import dataset_meta_from_config

from fashion_mmpose.config.loading import config_names, read_config
from fashion_mmpose.config.parts import is_detector


@pytest.mark.parametrize('name', [n for n in config_names() if n.startswith('own/')])
def test_init_model(name):
    config = read_config(name)
    if is_detector(config):
        pytest.skip('a detector: see test_detection_configs')
    init_without_checkpoint(config)


def test_a_config_without_training_data():
    init_default_scope('mmpose')  # as init_model does before it asks
    config = read_config('cpn_r50_fashionai_blouse')
    config.train_dataloader = None
    assert dataset_meta_from_config(config)['category'] == 'blouse'


def test_other_datasets_are_left_to_mmpose():
    stock = dict(dataset=dict(type='CocoDataset'))
    config = Config(dict(train_dataloader=stock))
    assert dataset_meta_from_config(config)['dataset_name'] == 'coco'
    assert dataset_meta_from_config(Config()) is None
