"""A small drawn data set, and a tiny network trained on it."""

import pytest
from toolbox import CONFIG, ROOT, run, tool


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
