"""Labelled garments as tools export them, converted by the script."""

import json

import tool_exports
from tool_exports import Garment, Picture, write_pictures
from toolbox import ROOT, load_tool

from fashion_mmpose import garments

main = load_tool(ROOT / 'data_converters' / 'labels_to_coco.py').main


def labelled(garment, x, y, spelling=str):
    """All points of a garment in a row from x, y; some occluded, one not labelled."""
    points = {
        spelling(name): (x + 8.5 * i, y + 3.25 * (i % 4), (2, 1, 2)[i % 3])
        for i, name in enumerate(garment.keypoints)
    }
    points[spelling(garment.keypoints[-1])] = 0, 0, 0
    box = (x - 2, y - 5, x + 8.5 * len(points), y + 40)
    return Garment(spelling(garment.name), points, box)


def pictures_of(benchmark, spelling=str):
    """Two garments in the first picture, one in the second, none in the third."""
    table = list(garments.benchmark(benchmark).garments.values())
    first, second = table[0], table[-1]
    return [
        Picture(
            'a.png',
            (600, 400),
            [labelled(first, 20, 30, spelling), labelled(second, 100, 200, spelling)],
        ),
        Picture('more/b.png', (500, 700), [labelled(second, 60, 90, spelling)]),
        Picture('more/c.png', (300, 200)),
    ]


def convert(folder, export, *options, images=True):
    out = folder / 'out' / 'train_all.json'
    if images:
        options = ('--images', folder / 'images', *options)
    code = main([str(word) for word in (export, '--out', out, *options)])
    return json.loads(out.read_text()) if code == 0 else None


def exported(tool, folder, pictures):
    """The export of a tool, with the pictures in ``images``."""
    below = 'images/train' if tool == 'yolo' else 'images'
    write_pictures(folder / below, pictures)
    place = folder / 'images' if tool == 'labelme' else folder
    return getattr(tool_exports, tool)(place, pictures)
