"""COCO files of benchmarks that users describe, read into arrays."""

import json
from pathlib import Path

import pytest

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.coco.annotations import coco_categories
from fashion_mmpose.formats.coco.columns import read_columns

CATEGORIES = dict(cap=['top', 'brim_left', 'brim_right'], beanie=['top'])
HATS = garments.benchmark_from(dict(name='hats', categories=CATEGORIES))
CAP = [1, 2, 2, 3, 4, 1, 5, 6, 2]
BEANIE = [7, 8, 2]


def write(path: Path, beanie: list[int], categories: list[dict]) -> Path:
    image = dict(id=7, file_name='a.png', width=60, height=60)
    box = dict(image_id=7, bbox=[1, 2, 30, 40])
    items = [
        dict(box, id=1, category_id=2, keypoints=beanie),
        dict(box, id=2, category_id=1, keypoints=CAP),
    ]
    content = dict(images=[image], annotations=items, categories=categories)
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize('is_full', [False, True], ids=['own', 'full'])
def test_layouts(tmp_path: Path, is_full: bool):
    if is_full:
        # The beanie's own key point is the first of three.
        categories, beanie = coco_categories(HATS), BEANIE + [0] * 6
    else:
        categories = [entry for n in CATEGORIES for entry in coco_categories(HATS, n)]
        beanie = BEANIE
    path = write(tmp_path / 'hats.json', beanie, categories)
    columns = read_columns(path, HATS)
    assert columns.points.ravel().tolist() == [*BEANIE, *CAP]
    assert read_columns(path, HATS, 'cap').points.ravel().tolist() == CAP
    with pytest.raises(FormatError, match="category 1 is called 'cap', expected"):
        read_columns(path, 'fashionai')
