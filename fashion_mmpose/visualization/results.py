"""Pictures of a run: predictions beside truth, and the curves of its log."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.evaluation.functional import normalized_error
from fashion_mmpose.formats.coco import image_path

from .drawing import draw_keypoints, draw_truth, picture_grid


def prediction_grid(
    ann_file: str | os.PathLike,
    predictions_file: str | os.PathLike,
    img_root: str | os.PathLike,
    num: int = 12,
    columns: int = 4,
    cell: int = 320,
) -> np.ndarray:
    """FashionAI predictions over their pictures, with rings where they should be.

    The pictures are spread evenly over the list, best to worst by normalized error,
    which is written into each.

    Args:
        ann_file: COCO file of one category, with ground truth.
        predictions_file: COCO result list for it, one prediction an image.
        img_root: Folder that the file names start from.
        num: Number of pictures, at most.
        columns: Pictures a row.
        cell: Side of a cell, in pixels.

    Returns:
        np.ndarray: BGR, uint8.

    Raises:
        ValueError: If no image has both a prediction and ground truth.
        FileNotFoundError: If a picture cannot be read.
    """
    content = json.loads(Path(ann_file).read_text(encoding='utf-8'))
    images = {image['id']: image for image in content['images']}
    found = {
        entry['image_id']: entry
        for entry in json.loads(Path(predictions_file).read_text(encoding='utf-8'))
    }
    scored = []
    for annotation in content['annotations']:
        if annotation['image_id'] in found:
            shown = _Shown(images[annotation['image_id']], annotation, found)
            scored.append(shown)
    if not scored:
        raise ValueError(
            f'{predictions_file} predicts no annotated image of {ann_file}'
        )
    scored.sort(key=lambda shown: shown.error)
    chosen = np.unique(np.linspace(0, len(scored) - 1, num).round().astype(int))
    pictures = [scored[i].draw(img_root) for i in chosen]
    captions = [f'NE {100 * scored[i].error:.1f} %' for i in chosen]
    return picture_grid(pictures, columns, cell, captions)


class _Shown:
    """One image, its annotation and its prediction."""

    def __init__(self, image: Mapping, annotation: Mapping, found: Mapping) -> None:
        self.image = image
        self.garment = garments.category_of_id('fashionai', annotation['category_id'])
        self.truth = np.reshape(annotation['keypoints'], (-1, 3)).astype(float)
        predicted = np.reshape(found[image['id']]['keypoints'], (-1, 3))
        self.predicted = predicted[:, :2]
        self.error = self._error()

    def _error(self) -> float:
        cells = np.full((1, len(garments.keypoints('fashionai')), 3), -1.0)
        points = np.zeros((1, cells.shape[1], 2))
        channels = list(self.garment.channels)
        labelled = self.truth[:, 2] > 0
        cells[0, channels] = np.where(
            labelled[:, None], self.truth - [0, 0, 1], [-1, -1, -1]
        )
        points[0, channels] = self.predicted
        ids = np.array([self.garment.category_id])
        error = normalized_error(points, cells, ids).ne
        # Images that the rule skips come last.
        return error if np.isfinite(error) else float('inf')

    def draw(self, img_root: str | os.PathLike) -> np.ndarray:
        path = os.path.join(img_root, image_path(self.image))
        picture = cv2.imread(path)
        if picture is None:
            raise FileNotFoundError(f'cannot read {path}')
        picture = draw_truth(picture, self.truth[:, :2], self.truth[:, 2] > 0)
        return draw_keypoints(picture, self.predicted, self.garment)


def training_curves(
    scalars_file: str | os.PathLike, out_file: str | os.PathLike
) -> None:
    """Draw the losses, the learning rate and the normalized error of a run.

    Args:
        scalars_file: ``vis_data/scalars.json`` of MMEngine's local backend.
        out_file: Picture to write, e.g. a PNG.

    Raises:
        ValueError: If the file holds no training step.
    """
    from matplotlib.figure import Figure

    lines = Path(scalars_file).read_text(encoding='utf-8').splitlines()
    entries = [json.loads(line) for line in lines if line.strip()]
    steps = [entry for entry in entries if 'loss' in entry]
    scores = [entry for entry in entries if 'fashionai/NE' in entry]
    if not steps:
        raise ValueError(f'{scalars_file} holds no training step')
    figure = Figure(figsize=(10, 3.2), layout='constrained')
    panels = figure.subplots(1, 3)
    epochs = [entry['epoch'] for entry in steps]
    iterations = [
        entry['iter'] if 'iter' in entry else entry['step'] for entry in steps
    ]
    for name in sorted({key for entry in steps for key in entry if 'loss' in key}):
        panels[0].plot(iterations, [entry.get(name) for entry in steps], label=name)
    panels[0].set(title='loss', xlabel='iteration', yscale='log')
    panels[0].legend()
    panels[1].plot(iterations, [entry['lr'] for entry in steps])
    panels[1].set(title='learning rate', xlabel='iteration')
    panels[2].plot(
        [entry['step'] for entry in scores],
        [100 * entry['fashionai/NE'] for entry in scores],
        'o-',
    )
    panels[2].set(title='normalized error, %', xlabel='epoch', xlim=(0, max(epochs)))
    for panel in panels:
        panel.grid(alpha=0.3)
    figure.savefig(out_file, dpi=110)
