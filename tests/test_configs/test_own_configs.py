"""The configs of a benchmark that a user describes."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope, init_default_scope
from mmpose.registry import DATASETS, MODELS
from toolbox import ROOT

import fashion_mmpose.plugin  # noqa: F401
from fashion_mmpose import garments
from fashion_mmpose.config.checks import check_codecs
from fashion_mmpose.config.described_data import LOADERS, check_channels
from fashion_mmpose.config.loading import (
    config_names,
    config_root,
    find_config,
    load_config,
)

BAGS = garments.read_benchmark(config_root() / 'own' / 'bags.yaml')


def test_there_are_two():
    names = [name for name in config_names() if name.startswith('own/')]
    assert names == ['own/res18_bags', 'own/rtmdet_bags']


def test_the_description_is_short():
    path = config_root() / 'own' / 'bags.yaml'
    lines = path.read_text().splitlines()
    assert len([line for line in lines if not line.startswith('#')]) <= 10
    assert len(BAGS.keypoints) == 7
    for garment in BAGS.garments.values():
        assert garment.normalizer is not None
        assert len(garment.links) >= 4


def without_comments(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith('#')]


@pytest.mark.parametrize('name', ['bags.yaml', 'res18_bags.py', 'rtmdet_bags.py'])
def test_the_page_shows_the_files(name: str):
    page = (ROOT / 'docs' / 'own-garments.md').read_text()
    _, shown = page.split(f'# configs/own/{name}\n')
    file = (config_root() / 'own' / name).read_text()
    assert without_comments(shown.partition('```')[0]) == without_comments(file)


@pytest.mark.parametrize('name', ['own/res18_bags', 'own/rtmdet_bags'])
def test_datasets_are_of_the_benchmark(name: str):
    cfg = load_config(name)
    check_channels(cfg)
    check_codecs(cfg)
    for loader in LOADERS:
        assert garments.benchmark(cfg[loader].dataset.benchmark) == BAGS


def test_pose_network_and_data_build():
    init_default_scope('mmpose')
    # As MMPose's own tools read it.
    cfg = Config.fromfile(find_config('own/res18_bags'))
    for loader in LOADERS:
        dataset = DATASETS.build(dict(cfg[loader].dataset, lazy_init=True))
        assert garments.benchmark_of(dataset.metainfo) == BAGS
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    assert model.head.out_channels == len(BAGS.keypoints)
    assert cfg.default_hooks.checkpoint.save_best == f'{BAGS.name}/NE'


@pytest.mark.slow
def test_detector_and_data_build():
    pytest.importorskip('mmdet')
    from mmdet.registry import DATASETS as DETECTION_DATASETS
    from mmdet.utils import register_all_modules

    register_all_modules(init_default_scope=False)
    cfg = load_config('own/rtmdet_bags')
    with DefaultScope.overwrite_default_scope('mmdet'):
        dataset = DETECTION_DATASETS.build(
            dict(cfg.train_dataloader.dataset, lazy_init=True)
        )
    assert dataset.metainfo['classes'] == ('tote', 'pouch')
    assert garments.benchmark_of(dataset.metainfo) == BAGS
