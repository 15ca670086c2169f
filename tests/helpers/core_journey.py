"""Use what needs no PyTorch, in the folder of drawn and converted sets.

Writes ``results.json``, DeepFashion2's truth as results, and prints what was found, as
JSON.
"""

import importlib
import json
from pathlib import Path

import cv2
import numpy as np
from floors import core_modules

from fashion_mmpose import garments
from fashion_mmpose.evaluation.functional.normalized_error import normalized_error
from fashion_mmpose.evaluation.functional.oks import evaluate_oks
from fashion_mmpose.files.pictures.pixels import write_picture
from fashion_mmpose.formats.coco.columns import read_columns
from fashion_mmpose.formats.deepfashion2.results import result_columns, write_results
from fashion_mmpose.formats.fashionai.tianchi import read_tianchi
from fashion_mmpose.formats.fashionai.tianchi_table import coco_keypoints
from fashion_mmpose.visualization import draw_predictions


def import_everything() -> int:
    """Import every core module; how many there are."""
    names = list(core_modules())
    for name in names:
        importlib.import_module(name)
    return len(names)


def score_fashionai(csv: Path, shift: float) -> tuple[float, int]:
    """The error of the truth moved to the right, and how many points count."""
    truth = read_tianchi(csv)
    table = garments.benchmark('fashionai').garments
    ids = np.array([table[name].category_id for name in truth.categories])
    moved = truth.keypoints[..., :2] + (shift, 0)
    result = normalized_error(moved, coco_keypoints(truth.keypoints), ids)
    return result.ne, result.num_points


def score_deepfashion2(truth_file: Path, results_file: Path) -> dict[str, float]:
    """The numbers of the truth, which is also written as results."""
    truth = read_columns(truth_file, 'deepfashion2', points_dtype=np.float64)
    entries = [
        dict(image_id=int(image), category_id=int(category), score=1.0, keypoints=own)
        for image, category, own in zip(
            truth.image_ids,
            truth.category_ids,
            np.split(truth.points, truth.starts[1:-1]),
        )
    ]
    with results_file.open('w') as file:
        write_results(file, entries)
    return evaluate_oks(truth, result_columns(entries)).numbers


def draw(coco_file: Path, image_root: Path, out: Path) -> int:
    """Draw the first garment of a COCO file; how many pixels change."""
    coco = json.loads(coco_file.read_text())
    annotation = coco['annotations'][0]
    (file_name,) = (
        image['file_name']
        for image in coco['images']
        if image['id'] == annotation['image_id']
    )
    picture = cv2.imread(str(image_root / file_name))
    x, y, width, height = annotation['bbox']
    points = np.reshape(annotation['keypoints'], (-1, 3))[:, :2]
    shown = garments.GarmentPrediction(
        image_id=annotation['image_id'],
        image=file_name,
        frame=None,
        benchmark='fashionai',
        category='skirt',
        bbox=np.array([x, y, x + width, y + height]),
        bbox_score=1.0,
        keypoints=points,
        scores=np.ones(len(points)),
    )
    write_picture(out, draw_predictions(picture, [shown]))
    return int((cv2.imread(str(out)) != picture).any(axis=2).sum())


if __name__ == '__main__':
    csv = Path('fashionai/Annotations/annotations.csv')
    found = dict(
        num_modules=import_everything(),
        truth=score_fashionai(csv, 0),
        moved=score_fashionai(csv, 5),
        deepfashion2=score_deepfashion2(Path('df2.json'), Path('results.json')),
        num_drawn=draw(
            Path('coco/train_skirt.json'), Path('fashionai'), Path('drawn/skirt.png')
        ),
    )
    print(json.dumps(found))
