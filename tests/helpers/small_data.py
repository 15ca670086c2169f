"""A folder of four small pictures with annotations, and configs that read it."""

import cv2
from coarse_pictures import pictures
from mmengine.config import Config
from small_networks import FASHIONAI, SIZES_WH, write_annotations

PARTS = ('train', 'val', 'test')


def write_small_data(folder):
    """``0.png`` to ``3.png`` and ``fashionai.json``: two blouses, a skirt, trousers."""
    for index, picture in enumerate(pictures(SIZES_WH)):
        cv2.imwrite(str(folder / f'{index}.png'), picture)
    write_annotations(folder / 'fashionai.json', 'fashionai', FASHIONAI)
    return folder


def small_set(folder, **settings):
    """The settings of a data set of these pictures."""
    return dict(
        type='FashionAIDataset',
        data_root=f'{folder}/',
        ann_file='fashionai.json',
        data_prefix=dict(img=''),
        pipeline=[dict(type='LoadImage')],
        **settings,
    )


def data_config(**datasets):
    """A config of loaders only; the parts that are not given have none."""
    loaders = {
        f'{part}_dataloader': dict(dataset=datasets[part]) if part in datasets else None
        for part in PARTS
    }
    return Config(dict(default_scope='mmpose', **loaders))


def spoil(folder, number):
    """Cut a picture off; its path."""
    path = folder / f'{number}.png'
    path.write_bytes(path.read_bytes()[:-40])
    return str(path)
