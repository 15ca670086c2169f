"""Benchmarks that users describe, in configs."""

import json
from pathlib import Path

import pytest
from drawn_hats import DESCRIPTION, HATS
from mmengine.config import Config

from fashion_mmpose import garments
from fashion_mmpose.config.described_data import check_channels
from fashion_mmpose.config.loading import load_config

# Not sorted by name, as what MMEngine saves is.
assert list(HATS.garments) == ['cap', 'beanie']


def write(folder: Path, benchmark: str, out_channels: int = 6) -> Path:
    path = folder / 'config.py'
    path.write_text(
        f'inner = dict(type="GarmentDataset", benchmark={benchmark})\n'
        'train_dataloader = dict(dataset=dict(type="RepeatDataset", dataset=inner))\n'
        'test_dataloader = dict(dataset=dict(type="Combined", datasets=[inner]))\n'
        f'model = dict(head=dict(out_channels={out_channels}))\n'
    )
    return path


def described(cfg: Config) -> list:
    return [
        cfg.train_dataloader.dataset.dataset.benchmark,
        cfg.test_dataloader.dataset.datasets[0].benchmark,
    ]


@pytest.mark.slow
@pytest.mark.parametrize('is_file', [True, False], ids=['file', 'inline'])
def test_saved_configs_hold_the_whole_description(tmp_path: Path, is_file: bool):
    benchmark = repr(DESCRIPTION)
    if is_file:
        (tmp_path / 'hats.json').write_text(json.dumps(DESCRIPTION))
        benchmark = "'{{ fileDirname }}/hats.json'"
    cfg = load_config(write(tmp_path, benchmark))
    # Formatting it takes seconds.
    text = Config(cfg.to_dict(), format_python_code=False).dump()
    (tmp_path / 'saved.py').write_text(text)
    (tmp_path / 'hats.json').unlink(missing_ok=True)
    for each in (*described(cfg), *described(load_config(tmp_path / 'saved.py'))):
        assert garments.benchmark(each) == HATS


def test_a_missing_file_is_left_to_the_dataset(tmp_path: Path):
    cfg = load_config(write(tmp_path, "'none.yaml'"))
    assert described(cfg) == ['none.yaml'] * 2
    check_channels(cfg)


def test_built_in_benchmarks_stay_names(tmp_path: Path):
    cfg = load_config(write(tmp_path, "'fashionai'"))
    assert described(cfg) == ['fashionai'] * 2
    check_channels(cfg)


def test_number_of_channels(tmp_path: Path):
    check_channels(load_config(write(tmp_path, repr(DESCRIPTION))))
    cfg = load_config(write(tmp_path, repr(DESCRIPTION), out_channels=7))
    with pytest.raises(ValueError, match='out_channels is 7, but hats has 6 key point'):
        check_channels(cfg)
    cfg.model = dict(bbox_head=dict(num_classes=3))
    message = 'num_classes is 3, but hats has 2 categories here; to fix it: set it to 2'
    with pytest.raises(ValueError, match=message):
        check_channels(cfg)
    for dataset in (
        cfg.train_dataloader.dataset.dataset,
        cfg.test_dataloader.dataset.datasets[0],
    ):
        dataset.metainfo = dict(classes=('cap',))
    cfg.model.bbox_head.num_classes = 1
    check_channels(cfg)
