"""What several tests share."""

import os
from pathlib import Path

import pytest
from toolbox import CONFIG, ROOT, run, tool

# First of all, as every user of mmcv-lite must: it prepares mmcv for MMPose.
import fashion_mmpose  # noqa: F401


@pytest.fixture(scope='session')
def fashion_data() -> Path:
    """Folder of real data, named by FASHION_MMPOSE_DATA; skips without it."""
    folder = os.environ.get('FASHION_MMPOSE_DATA')
    if not folder:
        pytest.skip('FASHION_MMPOSE_DATA does not name a folder of real data')
    return Path(folder)


@pytest.fixture(scope='session')
def drawn(tmp_path_factory):
    """A folder with drawn blouses, converted, and the config ``tiny.py``."""
    folder = tmp_path_factory.mktemp('drawn')
    for seed, (part, num) in enumerate({'train': 9, 'test': 5}.items()):
        tool(
            'make_synthetic.py',
            *('--format', 'fashionai', '--category', 'blouse'),
            *('--num', num, '--seed', seed, '--out', f'data/{part}'),
            cwd=folder,
        )
    run(
        ROOT / 'data_converters' / 'fashionai_to_coco.py',
        *('data', '--out', 'data/annotations', '--val-fraction', 0.3),
        cwd=folder,
    )
    config = CONFIG.format(root=ROOT, data=folder / 'data')
    (folder / 'tiny.py').write_text(config)
    return folder


@pytest.fixture(scope='session')
def trained(drawn):
    """The folder after four epochs without interruption, in ``work_dirs/tiny``."""
    tool('train.py', 'tiny.py', cwd=drawn)
    return drawn
