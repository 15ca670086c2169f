"""Small pose networks with random weights, pictures and boxes for them, and calls."""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from coarse_pictures import pictures
from mmengine.registry import DefaultScope
from mmpose.registry import MODELS
from toolbox import CONFIG, ROOT

from fashion_mmpose import garments
from fashion_mmpose.config.loading import load_config
from fashion_mmpose.formats.coco.annotations import coco_categories
from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.inference.detections import Detections

SIZES_WH = [(90, 70), (64, 64), (50, 110), (120, 80)]

# Of the picture, and in it: category and box, xywh.
FASHIONAI = [
    (0, 'blouse', (10, 5, 60, 50)),
    (1, 'skirt', (0, 0, 64, 64)),
    (2, 'blouse', (5.5, 20.25, 40, 70)),
    (3, 'trousers', (30, 10, 80, 65)),
]
DEEPFASHION2 = [
    (0, 'skirt', (10, 5, 60, 50)),
    (0, 'vest', (40, 15, 45, 50)),
    (1, 'long_sleeved_dress', (4, 2, 58, 60)),
    (2, 'skirt', (5.5, 20.25, 40, 70)),
    (3, 'sling', (30, 10, 60, 65)),
    (3, 'shorts', (70, 30, 50, 50)),
]

# Boxes of a detector, with a category that most networks are not for, and none of the
# third picture: category, box and score.
DETECTED = [
    [('skirt', (12, 8, 70, 60), 0.9), ('vest', (38.5, 14, 86, 67), 0.4)],
    [('long_sleeved_dress', (3, 2, 60, 62), 0.7)],
    [],
    [('shorts', (72, 28, 118, 79), 0.8), ('skirt', (5, 5, 60, 75), 0.35)],
]

FASHIONAI_CONFIG = """
_base_ = './tiny.py'

model = dict(head=dict(out_channels={num_keypoints}))
test_dataloader = dict(
    dataset=dict(
        category={category!r}, ann_file='fashionai.json', bbox_source='annotation'
    )
)
"""
DEEPFASHION2_CONFIG = """
_base_ = '{root}/configs/res18_deepfashion2_mini.py'

codec = dict(
    _base_.codec,
    input_size=(48, 64),
    heatmap_size=(12, 16),
    decode_mode='quarter',
    blur_kernel_size=3,
)
model = dict(
    backbone=dict(stem_channels=8, base_channels=8),
    head=dict(in_channels=64, deconv_out_channels=(8, 8, 8), decoder=codec),
    test_cfg=dict(flip_test=True),
)
train_dataloader = None
train_cfg = None
optim_wrapper = None
param_scheduler = None
test_dataloader = dict(
    batch_size=4,
    num_workers=0,
    dataset=dict(
        category={category!r},
        categories={categories!r},
        data_root='{folder}/',
        ann_file='deepfashion2.json',
        data_prefix=dict(img=''),
        pipeline=[
            dict(step, input_size=(48, 64)) if 'input_size' in step else step
            for step in _base_.val_pipeline
        ],
    ),
)
"""
ENSEMBLE_CONFIG = """
_base_ = './fashionai_all.py'

model = dict(
    _delete_=True,
    type='HeatmapEnsemble',
    members=[
        dict(config='{folder}/fashionai_all.py', checkpoint='{folder}/{first}.pth'),
        dict(config='{folder}/fashionai_all.py', checkpoint='{folder}/{second}.pth'),
    ],
    decoder=_base_.model.head.decoder,
)
"""


@dataclass(frozen=True)
class SmallNetworks:
    """A folder with ``NAME.py`` and ``NAME.pth`` of each network, and pictures."""

    folder: Path
    images: list[np.ndarray]

    @property
    def paths(self):
        return [str(self.folder / f'{i}.png') for i in range(len(self.images))]

    def config(self, name):
        return str(self.folder / f'{name}.py')

    def weights(self, name):
        return str(self.folder / f'{name}.pth')

    def of(self, name):
        """Config and weights."""
        return self.config(name), self.weights(name)


def write_annotations(path, benchmark, items):
    """COCO JSON; the key points lie along the diagonal of each box."""
    num_keypoints = len(garments.keypoints(benchmark))
    annotations = []
    for number, (image, category, (x, y, width, height)) in enumerate(items, 1):
        garment = garments.garment(benchmark, category)
        along = np.linspace(0, 1, len(garment.channels))
        keypoints = np.zeros((num_keypoints, 3))
        keypoints[list(garment.channels)] = np.column_stack(
            (x + along * width, y + along * height, np.full(len(along), 2))
        )
        annotations.append(
            dict(
                id=number,
                image_id=image + 1,
                category_id=garment.category_id,
                bbox=[x, y, width, height],
                area=width * height,
                iscrowd=0,
                num_keypoints=len(along),
                keypoints=keypoints.ravel().tolist(),
            )
        )
    images = [
        dict(id=i, file_name=f'{i - 1}.png', width=width, height=height)
        for i, (width, height) in enumerate(SIZES_WH, 1)
    ]
    content = dict(
        images=images, annotations=annotations, categories=coco_categories(benchmark)
    )
    path.write_text(json.dumps(content))


def make_maxima_distinct(model):
    """Let the maps of a network that has learnt nothing have one clear maximum each."""
    for layer in model.head.modules():
        if isinstance(layer, torch.nn.Conv2d) and layer.bias is not None:
            torch.nn.init.normal_(layer.weight, std=0.3)
            # A map without a positive maximum is read as its centre.
            torch.nn.init.constant_(layer.bias, 1.0)


def write_networks(folder):
    """Make them without a training; their weights are bare state dicts."""
    images = pictures(SIZES_WH)
    for index, image in enumerate(images):
        cv2.imwrite(str(folder / f'{index}.png'), image)
    write_annotations(folder / 'fashionai.json', 'fashionai', FASHIONAI)
    write_annotations(folder / 'deepfashion2.json', 'deepfashion2', DEEPFASHION2)
    (folder / 'tiny.py').write_text(CONFIG.format(root=ROOT, data=folder))
    texts = {}
    for category in (None, 'blouse', 'skirt'):
        texts[f'fashionai_{category or "all"}'] = FASHIONAI_CONFIG.format(
            category=category,
            num_keypoints=len(garments.keypoints('fashionai', category)),
        )
    for name, chosen in {
        'deepfashion2_all': (None, None),
        'deepfashion2_tops': (None, ['vest', 'sling']),
    }.items():
        texts[name] = DEEPFASHION2_CONFIG.format(
            root=ROOT, folder=folder, category=chosen[0], categories=chosen[1]
        )
    texts['ensemble'] = ENSEMBLE_CONFIG.format(
        folder=folder, first='fashionai_all', second='other_all'
    )
    for name, text in texts.items():
        (folder / f'{name}.py').write_text(text)
    weights = {name: name for name in texts if name != 'ensemble'}
    weights['other_all'] = 'fashionai_all'
    for seed, (name, config) in enumerate(weights.items()):
        torch.manual_seed(seed)
        cfg = load_config(str(folder / f'{config}.py'))
        with DefaultScope.overwrite_default_scope('mmpose'):
            model = MODELS.build(cfg.model)
        make_maxima_distinct(model)
        torch.save(model.state_dict(), folder / f'{name}.pth')
    return SmallNetworks(folder, images)


class ToldDetector:
    """Finds what it is told in each of the pictures, which differ in their size."""

    def __init__(self, found=DETECTED, classes=None):
        self.found = dict(zip(SIZES_WH, found))
        self.num_images = []
        if classes is not None:
            self.classes = classes

    def detect(self, images, batch_size=8, categories=None):
        self.num_images.append(len(images))
        return [self.detections(image.shape[1::-1]) for image in images]

    def detections(self, size_wh):
        found = self.found[size_wh]
        return Detections(
            np.array([box for _, box, _ in found], np.float32).reshape(-1, 4),
            np.array([score for _, _, score in found], np.float32),
            tuple(category for category, _, _ in found),
        )


def inferencer_of(small, name, **kwargs):
    return GarmentInferencer(*small.of(name), device='cpu', **kwargs)


def count_crops(inferencer, monkeypatch):
    """A list to come: of each batch, its network's first category and its crops."""
    calls = []
    for network in set(inferencer.networks.values()):
        step = network.model.test_step

        def counted(data, network=network, step=step):
            calls.append((network.categories[0], len(data['inputs'])))
            return step(data)

        monkeypatch.setattr(network.model, 'test_step', counted)
    return calls


def assert_same(found, others, atol=1e-4):
    """The same garments in the same order, in pixels."""
    found, others = list(found), list(others)
    assert len(found) == len(others) > 0
    for one, other in zip(found, others):
        assert (one.image_id, one.category) == (other.image_id, other.category)
        np.testing.assert_allclose(one.bbox, other.bbox, atol=1e-6)
        np.testing.assert_allclose(one.keypoints, other.keypoints, atol=atol)
        np.testing.assert_allclose(one.scores, other.scores, atol=atol)
