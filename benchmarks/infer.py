"""The one call from pictures to landmarks, against the networks that it runs."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope
from mmpose.registry import MODELS

from fashion_mmpose.apis import GarmentDetector, PoseNetwork
from fashion_mmpose.files.pictures.pixels import read_picture
from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.stack import compat
from fashion_mmpose.synthetic import draw_fashionai

from .recipes import config
from .report import Figures
from .timing import alternate

DETECTOR = 'detection/rtmdet_demo_fashionai'
POSE = 'small/cpn_r18'
SIDE = 512  # pixels of a picture
NUM_CANDIDATES = 300  # boxes of a picture before NMS, as a trained detector has them


def infer(rounds: int, num_pictures: int = 8, num_garments: int = 8) -> Figures:
    """Time of pictures with several garments, from JPEG files to landmarks.

    Both networks have random weights: a small detector, and a small network for all
    categories with the flip test.

    Args:
        rounds: Turns of each side.
        num_pictures: Pictures of a turn, which go through the detector at once.
        num_garments: Garments of each picture; so many crops go through the pose
            network at once.

    Returns:
        Figures: ``ms_per_image`` and ``images_per_second`` of the one call, of its
        parts alone (decoding, and the layers of both networks) and of these together;
        of the crops of a picture in a batch, and of the same one by one.
        ``overhead_percent`` is what the call takes besides both networks' layers, in
        relation to these.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = _draw(Path(folder), num_pictures)
        inferencer = _build(Path(folder), paths, num_garments)
        pixels = [read_picture(path) for path in paths]
        found = inferencer.detector.detect(pixels, num_pictures)
        if any(len(each) != num_garments for each in found):
            raise RuntimeError(
                f'{DETECTOR} with random weights finds {list(map(len, found))} '
                f'garments, not {num_garments} in each picture'
            )
        samples = [
            _samples(inferencer, image, boxes) for image, boxes in zip(pixels, found)
        ]
        sides = {
            'ours': lambda: len(list(inferencer(paths))),
            'decode': lambda: len(list(map(read_picture, paths))),
            'detector layers': detector_layers(inferencer.detector, paths),
            'pose layers': pose_layers(_network(inferencer), samples),
            'ours, crops': _crops(inferencer, pixels, found, num_garments),
            'one by one, crops': _crops(inferencer, pixels, found, 1),
        }
        times = alternate(sides, rounds)
    parts = ('decode', 'detector layers', 'pose layers')
    times['parts together'] = sum(times[name] for name in parts)
    figures = {
        name: dict(ms_per_image=value, images_per_second=1e3 / value)
        for name, value in times.items()
    }
    layers = times['detector layers'] + times['pose layers']
    figures['ours']['overhead_percent'] = 100 * (times['ours'] / layers - 1)
    return figures


def _draw(folder: Path, num: int) -> list[str]:
    paths = []
    for index in range(num):
        picture = cv2.resize(draw_fashionai('blouse', 0, index).image, (SIDE, SIDE))
        paths.append(str(folder / f'{index}.jpg'))
        cv2.imwrite(paths[-1], picture)
    return paths


def _build(folder: Path, paths: list[str], num_garments: int) -> GarmentInferencer:
    torch.manual_seed(0)
    pose = config(POSE)
    pose.model.head.out_channels = 24
    with DefaultScope.overwrite_default_scope('mmpose'):
        torch.save(MODELS.build(pose.model).state_dict(), folder / 'pose.pth')
    detector = _random_detector(folder, paths, num_garments)
    return GarmentInferencer(
        pose, folder / 'pose.pth', detector, device='cpu', batch_size=num_garments
    )


def _random_detector(
    folder: Path, paths: list[str], num_garments: int
) -> GarmentDetector:
    """A detector whose scores let so many candidates pass as a trained one's."""
    compat.require_mmdet()
    from mmdet.registry import MODELS as DETECTORS
    from mmdet.utils import register_all_modules

    register_all_modules(init_default_scope=False)
    cfg = config(DETECTOR)
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = DETECTORS.build(cfg.model)
    torch.save(model.state_dict(), folder / 'det.pth')
    detector = GarmentDetector(
        cfg, folder / 'det.pth', 'cpu', score_thr=0.0, max_per_image=num_garments
    )
    head = detector.model.bbox_head
    with torch.inference_mode():
        scores, _ = detector.model(_detector_inputs(detector, paths), mode='tensor')
        logits = torch.cat([level.flatten(1) for level in scores], dim=1)
        lowest = logits.topk(NUM_CANDIDATES).values[:, -1].mean()
        threshold = torch.logit(torch.tensor(head.test_cfg.score_thr))
        for layer in head.rtm_cls:
            layer.bias += threshold - lowest
    return detector


def _detector_inputs(detector: GarmentDetector, paths: list[str]) -> torch.Tensor:
    samples = [detector.file_pipeline(dict(img_path=p, img_id=0)) for p in paths]
    return detector.model.data_preprocessor(pseudo_collate(samples), False)['inputs']


def detector_layers(detector: GarmentDetector, paths: list[str]) -> Callable[[], int]:
    """The layers alone, of pictures that go through them at once."""
    inputs = _detector_inputs(detector, paths)

    def work() -> int:
        with torch.inference_mode():
            detector.model(inputs, mode='tensor')
        return len(paths)

    return work


def _network(inferencer: GarmentInferencer) -> PoseNetwork:
    return next(iter(inferencer.networks.values()))


def _samples(inferencer: GarmentInferencer, pixels, boxes) -> list[dict]:
    return [
        inferencer.networks[label].sample(pixels, label, bbox, score)
        for bbox, score, label in zip(boxes.bboxes, boxes.scores, boxes.labels)
    ]


def pose_layers(network: PoseNetwork, samples: list) -> Callable[[], int]:
    """The layers alone, of the pictures' crops and of their mirror images."""
    model = network.model
    inputs = [
        model.data_preprocessor(pseudo_collate(crops), False)['inputs']
        for crops in samples
    ]

    def work() -> int:
        with torch.inference_mode():
            for crops in inputs:
                for side in (crops, crops.flip(-1)):
                    model.head(model.extract_feat(side))
        return len(inputs)

    return work


def _crops(
    inferencer: GarmentInferencer, pixels: list, found: list, batch_size: int
) -> Callable[[], int]:
    """Boxes that are known, in batches of that size."""

    def work() -> int:
        usual, inferencer.batch_size = inferencer.batch_size, batch_size
        try:
            for image, boxes in zip(pixels, found):
                inferencer.predict(image, bboxes=boxes)
        finally:
            inferencer.batch_size = usual
        return len(pixels)

    return work
