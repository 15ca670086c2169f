"""Pictures of a run: predictions beside truth, and the curves of its log."""

import json
import os
from operator import itemgetter
from pathlib import Path

import numpy as np

from fashion_mmpose.errors import extra_needed
from fashion_mmpose.files.inner_paths import inner_path
from fashion_mmpose.files.json_file import read_json
from fashion_mmpose.formats.coco.annotations import image_path
from fashion_mmpose.formats.coco.images import read_images
from fashion_mmpose.formats.coco.results import read_predictions
from fashion_mmpose.garments import Benchmark, GarmentPrediction

from .compared_garment import ComparedGarment
from .drawing import picture_grid


def prediction_grid(
    ann_file: str | os.PathLike,
    predictions_file: str | os.PathLike,
    img_root: str | os.PathLike,
    num: int = 12,
    columns: int = 4,
    cell: int = 320,
    benchmark: Benchmark | None = None,
) -> np.ndarray:
    """Predictions over their pictures, with rings where they should be.

    The pictures are spread evenly over the list, best to worst by normalized error, or
    where there is no normaliser by similarity, which is written into each.

    Args:
        ann_file: COCO file of one category or of all, with ground truth.
        predictions_file: COCO result list for it; of several predictions of a category
            in an image the one with the highest score is shown.
        img_root: Folder that the file names start from.
        num: Number of pictures, at most.
        columns: Pictures a row.
        cell: Side of a cell, in pixels.
        benchmark: The benchmark of both files; None to find it among those that are
            built in. Defaults to None.

    Returns:
        np.ndarray: BGR, uint8.

    Raises:
        ValueError: If a file is not what it should be, or no image has both a
            prediction of its category and ground truth.
        PictureError: If a picture cannot be read.
    """
    known = read_images(ann_file, benchmark).benchmark
    content = read_json(ann_file)
    images = {image['id']: image for image in content['images']}
    found = {}
    for entry in sorted(
        read_predictions(predictions_file, known), key=itemgetter('score')
    ):
        found[entry['image_id'], entry['category_id']] = entry
    scored = []
    for annotation in content['annotations']:
        key = annotation['image_id'], annotation['category_id']
        if key in found:
            inner = inner_path(image_path(images[key[0]]), img_root, f'{ann_file}')
            path = os.path.join(img_root, inner)
            item = GarmentPrediction.from_coco(found[key], known, path)
            scored.append(ComparedGarment.with_annotation(item, annotation))
    if not scored:
        raise ValueError(
            f'{predictions_file} predicts no annotated image of {ann_file}'
        )
    # Images that the rule skips come last.
    scored.sort(key=lambda shown: (np.isnan(shown.error), shown.error))
    chosen = np.unique(np.linspace(0, len(scored) - 1, num).round().astype(int))
    pictures = [scored[i].draw() for i in chosen]
    captions = [scored[i].measured for i in chosen]
    return picture_grid(pictures, columns, cell, captions)


def training_curves(
    scalars_file: str | os.PathLike, out_file: str | os.PathLike
) -> None:
    """Draw the losses, the learning rate and the score of a run.

    The score is the normalized error or the average precision, of any benchmark.

    Args:
        scalars_file: ``vis_data/scalars.json`` of MMEngine's local backend.
        out_file: Picture to write, e.g. a PNG.

    Raises:
        ValueError: If the file holds no training step.
        ImportError: If matplotlib is missing, which the extra ``plots`` brings.
    """
    with extra_needed('curves are drawn by matplotlib, which does not load', 'plots'):
        from matplotlib.figure import Figure

    lines = Path(scalars_file).read_text(encoding='utf-8').splitlines()
    entries = [json.loads(line) for line in lines if line.strip()]
    steps = [entry for entry in entries if 'loss' in entry]
    names = (name for entry in entries for name in entry)
    score = next((name for name in names if name.endswith(('/NE', '/AP'))), '/NE')
    scores = [entry for entry in entries if score in entry]
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
        [100 * entry[score] for entry in scores],
        'o-',
    )
    title = 'normalized error, %' if score.endswith('/NE') else 'AP, %'
    panels[2].set(title=title, xlabel='epoch', xlim=(0, max(epochs)))
    for panel in panels:
        panel.grid(alpha=0.3)
    figure.savefig(out_file, dpi=110)
