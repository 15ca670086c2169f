"""Readers of files with a valid one each, and what they promise of what they return."""

import io
import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from fuzz_mutations import mutate
from tensorflow_bundle import write_bundle

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.inner_paths import path_fault
from fashion_mmpose.formats.coco.annotations import coco_categories
from fashion_mmpose.formats.coco.columns import read_columns
from fashion_mmpose.formats.coco.images import read_images
from fashion_mmpose.formats.coco.results import read_predictions
from fashion_mmpose.formats.deepfashion2.raw import read_raw
from fashion_mmpose.formats.deepfashion2.results import read_results
from fashion_mmpose.formats.detectors import detections
from fashion_mmpose.formats.detectors.box_columns import read_boxes
from fashion_mmpose.formats.detectors.result_list import to_coco
from fashion_mmpose.formats.fashionai import submission
from fashion_mmpose.formats.fashionai.tianchi import read_tianchi
from fashion_mmpose.formats.fashionai.tianchi_lines import COLUMNS

MAX_PX = 1e6
SKIRT = garments.garment('fashionai', 'skirt')
SKIRT2 = garments.garment('deepfashion2', 'skirt')
IMAGES = [
    dict(id=i, file_name=f'{i}.jpg', width=100, height=90, category_id=4)
    for i in (1, 2)
]


@dataclass(frozen=True)
class FuzzedReader:
    """A reader under test.

    Attributes:
        name: The file that it reads, as it is called in the folder.
        seed: A valid file.
        read: Reads and checks a file.
        is_json: Whether the file is JSON.
        more: What else lies in the folder, by name.
    """

    name: str
    seed: bytes
    read: Callable[[Path], None]
    is_json: bool = True
    more: tuple[tuple[str, bytes], ...] = ()

    def try_once(self, folder: Path, rng: Random) -> bool:
        """Read a changed file: whether it is accepted.

        Raises:
            Exception: Any but the package's own error with the file.
        """
        path = folder / self.name
        path.write_bytes(mutate(self.seed, rng, self.is_json))
        for name, data in self.more:
            (folder / name).write_bytes(data)
        try:
            self.read(path)
        except FormatError as error:
            assert str(folder) in str(error), f'no file is named: {error}'
            str(error).encode()
            return False
        return True


def _json(content) -> bytes:
    return json.dumps(content).encode()


def _annotation(benchmark: str, garment, number: int) -> dict:
    points = [[10 + i, 20 + i, 2] for i in range(len(garment.channels))]
    return dict(
        id=number,
        image_id=number,
        category_id=garment.category_id,
        bbox=[5, 6, 50.5, 60],
        area=3030,
        iscrowd=0,
        keypoints=np.ravel(points).tolist(),
    )


def _coco(benchmark: str, garment) -> bytes:
    images = [image | dict(category_id=garment.category_id) for image in IMAGES]
    return _json(
        dict(
            images=images,
            categories=coco_categories(benchmark, garment.name),
            annotations=[_annotation(benchmark, garment, i) for i in (1, 2)],
        )
    )


def _check_columns(path: Path) -> None:
    found = read_columns(path, 'deepfashion2', 'skirt')
    assert np.isfinite(found.points).all() and (np.abs(found.boxes) <= MAX_PX).all()
    labelled = found.points[found.points[:, 2] > 0]
    assert (np.abs(labelled[:, :2]) <= MAX_PX).all()
    assert found.boxes.astype(np.float32).shape == (len(found.ids), 4)
    assert not any(map(path_fault, found.images.file_names))
    assert (found.images.rows(found.image_ids) >= 0).all()


def _check_images(path: Path) -> None:
    found = read_images(path)
    assert len(set(found.ids)) == len(found.ids) == len(found.paths)
    assert not any(map(path_fault, found.paths))


def _check_predictions(path: Path) -> None:
    for entry in read_predictions(path):
        assert np.isfinite(entry['keypoints']).all()


def _check_raw(path: Path) -> None:
    for item in read_raw(path).items:
        assert np.abs([*item.bounding_box, *item.landmarks]).max() <= MAX_PX


def _check_results(path: Path) -> None:
    found = read_results(path)
    assert (np.abs(found.points) <= MAX_PX).all() and np.isfinite(found.areas).all()


def _check_boxes(path: Path) -> None:
    found = read_boxes(path, 'fashionai')
    assert (np.abs(found.boxes) <= MAX_PX).all() and (found.boxes[:, 2:] > 0).all()
    assert ((found.scores >= 0) & (found.scores <= 1)).all()


def _check_converted(read: Callable) -> Callable[[Path], None]:
    def check(path: Path) -> None:
        images = read_images(path.with_name('gt.json'))
        found = to_coco(path, read(path, images), images).results
        for entry in found:
            assert 0 <= entry['score'] <= 1 and np.abs(entry['bbox']).max() <= MAX_PX

    return check


def _check_tianchi(predictions: bool) -> Callable[[Path], None]:
    def check(path: Path) -> None:
        found = read_tianchi(path, predictions=predictions)
        assert not any(map(path_fault, found.image_ids))
        if found.keypoints is not None:
            assert np.isfinite(found.keypoints).all()
            assert (np.abs(found.keypoints) <= MAX_PX).all()

    return check


def _check_submission(path: Path) -> None:
    images = submission.read_images([path])
    assert not any(path_fault(image['file_name']) for image in images)


def _check_bundle(path: Path) -> None:
    from fashion_mmpose.weights.tensorflow.checkpoint import read_variables

    total = sum(value.nbytes for value in read_variables(path).values())
    assert total <= 2 * sum(file.stat().st_size for file in path.parent.iterdir())


def _check_weights(path: Path) -> None:
    from fashion_mmpose.weights.read import read_checkpoint

    tensors = read_checkpoint(path).tensors.values()
    assert sum(t.numel() * t.element_size() for t in tensors) < 10**6
    assert all(t.contiguous().sum() is not None for t in tensors)


def _weights(zipped: bool) -> bytes:
    import torch

    file = io.BytesIO()
    content = {'state_dict': {'a': torch.ones(2, 3), 'b': torch.arange(4)}}
    torch.save(content, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


def _bundle(folder: Path) -> tuple[bytes, bytes]:
    write_bundle(folder / 'm', {'a/kernel': np.ones((2, 2), 'f4'), 'b': np.arange(3)})
    names = ('m.index', 'm.data-00000-of-00001')
    return tuple((folder / name).read_bytes() for name in names)


CELLS = ','.join(['5_6_1'] * 4 + ['-1_-1_-1'] * 20)
ROWS = [
    ','.join(
        [f'Images/skirt/{i}.jpg', 'skirt']
        + ['5_6_1' if c in SKIRT.channels else '-1_-1_-1' for c in range(24)]
    )
    for i in (1, 2)
]
TABLE = '\n'.join([','.join(COLUMNS), *ROWS, '']).encode()
BOX = dict(image_id=1, category_id=4, bbox=[1, 2, 30.5, 40], score=0.5)
POINTS = np.ravel([[10.5, 20, 1]] * len(SKIRT.channels)).tolist()
RESULT = dict(image_id=1, category_id=SKIRT2.category_id, score=0.5)
RESULT |= dict(keypoints=[10.5, 20, 1] * len(SKIRT2.channels))
RAW = dict(
    source='shop',
    pair_id=1,
    item1=dict(
        category_id=SKIRT2.category_id,
        bounding_box=[1, 2, 50, 60],
        landmarks=[10, 20, 2] * len(SKIRT2.channels),
        style=0,
        segmentation=[[1, 2, 3, 4, 5, 6]],
    ),
)
GT = ('gt.json', _coco('fashionai', SKIRT))


def core_readers() -> dict[str, FuzzedReader]:
    """Those that need no PyTorch, by name."""
    coco2 = _coco('deepfashion2', SKIRT2)
    data = [[[np.zeros((0, 5))] * 3 + [np.array([[1, 2, 30, 40, 0.5]])]]] * 2
    data = [[[*entry[0], np.zeros((0, 5))]] for entry in data]

    def pickled(path, images):
        return detections.read_pickle(path, images, by_position=True)

    readers = {
        'coco_columns': FuzzedReader('a.json', coco2, _check_columns),
        'coco_images': FuzzedReader('a.json', coco2, _check_images),
        'coco_results': FuzzedReader(
            'a.json',
            _json([dict(image_id=1, category_id=4, score=0.5, keypoints=POINTS)] * 2),
            _check_predictions,
        ),
        'deepfashion2_raw': FuzzedReader('000001.json', _json(RAW), _check_raw),
        'deepfashion2_results': FuzzedReader(
            'a.json', _json([RESULT] * 2), _check_results
        ),
        'boxes': FuzzedReader('a.json', _json([BOX] * 2), _check_boxes),
        'detectors_coco': FuzzedReader(
            'a.json',
            _json([BOX] * 2),
            _check_converted(detections.read_coco),
            more=(GT,),
        ),
        'submission_images': FuzzedReader('a.json', GT[1], _check_submission),
        'tianchi': FuzzedReader('a.csv', TABLE, _check_tianchi(False), False),
        'tianchi_predictions': FuzzedReader(
            'a.csv', TABLE, _check_tianchi(True), False
        ),
    }
    for protocol in (0, 2, 4, 5):
        readers[f'pickle_{protocol}'] = FuzzedReader(
            'a.pkl',
            pickle.dumps(data, protocol),
            _check_converted(pickled),
            False,
            (GT,),
        )
    return readers


def weight_readers(folder: Path) -> dict[str, FuzzedReader]:
    """Those of weights, by name; ``folder`` is for making their files."""
    index, data = _bundle(folder)
    return {
        'tensorflow_index': FuzzedReader(
            'm.index', index, _check_bundle, False, (('m.data-00000-of-00001', data),)
        ),
        'tensorflow_data': FuzzedReader(
            'm.data-00000-of-00001', data, _check_bundle, False, (('m.index', index),)
        ),
        'pth_zip': FuzzedReader('a.pth', _weights(True), _check_weights, False),
        'pth_legacy': FuzzedReader('a.pth', _weights(False), _check_weights, False),
    }
