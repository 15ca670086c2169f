"""Write annotations or predictions in the forms of other tools.

Usage:
    fashion-mmpose convert export GT.json --to coco --out own.json [--layout own|full]
    fashion-mmpose convert export GT.json --to yolo-pose --out yolo/
    fashion-mmpose convert export GT.json --to fiftyone --out dataset/ [--images DIR]
    fashion-mmpose convert export PRED.json --ann-file GT.json --to ... --out ...

GT.json is a COCO file of a benchmark, PRED.json a result list for its pictures.

    coco       the same file, each category with its own key points (--layout own), as
               other tools read it, or with those of all categories (--layout full);
               nothing is lost
    yolo-pose  data.yaml and labels/ of text files; the pictures belong into images/
               beside them. Where a picture's path has a folder `images` of its own,
               labels/ stands beside that. Predictions are written as Ultralytics saves
               them with confidences. All but boxes, categories and landmarks (ids,
               crowds, masks, styles, ...) is lost, and what of these is outside of the
               pictures
    fiftyone   metadata.json and samples.json of a LegacyFiftyOneDataset, the pictures
               in data/ beside them or in DIR; with predictions, both. Nothing is lost
               but places of points that are not labelled

`convert labels` reads the first two back, `convert yolo-predictions` predictions of the
second, and `convert fiftyone` the third.
"""

import argparse
import json
import os
from collections.abc import Mapping, Sequence

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.cli.shell import argument_parser, parse, run, warn
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.json_file import read_json
from fashion_mmpose.files.writing.faults import check_no_input
from fashion_mmpose.files.writing.locks import locked_file, locked_folder
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.formats.coco.columns import read_columns
from fashion_mmpose.formats.coco.images import ImageList, read_images
from fashion_mmpose.formats.coco.results import (
    check_pictures,
    named_pictures,
    read_predictions,
    write_predictions,
)
from fashion_mmpose.formats.exchange.coco_layout import (
    LAYOUTS,
    check_content,
    check_names,
    results_with_layout,
    with_layout,
)
from fashion_mmpose.formats.exchange.fiftyone import write_fiftyone
from fashion_mmpose.formats.exchange.yolo_pose import (
    YoloNames,
    annotation_lines,
    prediction_lines,
    texts_of_others,
    write_yolo,
)

FORMS = ('coco', 'yolo-pose', 'fiftyone')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument('file', metavar='FILE', help='COCO file, or result list')
    parser.add_argument('--to', required=True, choices=FORMS, help='the form')
    parser.add_argument(
        '--out', required=True, metavar='PLACE', help='JSON, or folder of the others'
    )
    parser.add_argument(
        '--ann-file', metavar='GT.json', help='the COCO file that a result list is for'
    )
    parser.add_argument(
        '--layout',
        choices=LAYOUTS,
        default='own',
        help='coco: whose key points a category has (%(default)s)',
    )
    parser.add_argument(
        '--images', metavar='DIR', help='fiftyone: folder of the pictures (OUT/data)'
    )
    add_benchmark(parser)
    return parse(parser, argv)


def add_benchmark(parser: argparse.ArgumentParser) -> None:
    """Let a command take files of a benchmark that is not built in."""
    parser.add_argument(
        '--benchmark',
        metavar='FILE',
        help='description of the benchmark, for one that is not built in',
    )


def image_list(path: str, benchmark: str | None) -> tuple[ImageList, YoloNames]:
    """The pictures of a COCO file, and its categories as classes of YOLO.

    Raises:
        FormatError: If it is no COCO file of the benchmark, or names its key points
            otherwise.
    """
    described = None if benchmark is None else garments.benchmark(benchmark)
    images = read_images(path, described, os.sep)
    whole = garments.benchmark(images.benchmark)
    categories = read_json(path)['categories']
    # Those without names tell what results are of, and no order that could be wrong.
    named = [entry for entry in categories if entry.get('keypoints')]
    check_names(named, images.benchmark, path)
    listed = {entry['id'] for entry in categories}
    held = [g.name for g in whole.garments.values() if g.category_id in listed]
    return images, YoloNames.of(whole, held)


def sized(images: ImageList, path: str) -> Mapping[int, tuple[str, tuple[int, int]]]:
    """File name and size of each picture by its id.

    Raises:
        FormatError: If one has no size.
    """
    bare = [name for name, size in zip(images.paths, images.sizes) if not all(size)]
    if bare:
        raise FormatError(
            f'{path}: {len(bare)} pictures have no width and height, such as '
            f'{bare[0]}; to fix it: make the file with the scripts in data_converters/'
        )
    return dict(zip(images.ids, zip(images.paths, images.sizes)))


def execute(args: argparse.Namespace) -> None:
    """Convert, and say what was written."""
    check_no_input(args.out, [args.file, args.ann_file, args.benchmark])
    content = read_json(args.file)
    if isinstance(content, list):
        _export_predictions(args)
    elif args.to == 'coco':
        images, _ = image_list(args.file, args.benchmark)
        check_content(content, args.file, images.benchmark)
        moved = with_layout(content, images.benchmark, args.layout, args.file)
        with locked_file(args.out), OutputFiles() as outputs:
            json.dump(moved, outputs.open(args.out))
        print(f'{len(moved["annotations"])} annotations written to {args.out}')
    elif args.to == 'fiftyone':
        _export_fiftyone(args, args.file)
    else:
        images, names = image_list(args.file, args.benchmark)
        truth = read_columns(
            args.file, names.benchmark, points_dtype=np.float64, image_root=os.sep
        )
        texts, outside = annotation_lines(truth, names)
        with locked_folder(args.out):
            files = write_yolo(args.out, texts, names.data(train='images'))
            others = texts_of_others(args.out, files)
        if others:
            warn(
                [
                    f'{len(others)} text files of other pictures, such as {others[0]}, '
                    'stay; to train without them: remove them and their pictures'
                ]
            )
        print(
            f'{len(truth.ids)} garments written to {len(files)} files in {args.out}; '
            f'landmarks outside of their pictures, left out: {outside}'
        )


def _export_predictions(args: argparse.Namespace) -> None:
    if args.ann_file is None:
        raise ValueError(
            f'{args.file} is a result list; to fix it: name the COCO file of its '
            'pictures with --ann-file'
        )
    images, names = image_list(args.ann_file, args.benchmark)
    entries = read_predictions(args.file, names.benchmark)
    if args.to == 'fiftyone':
        _export_fiftyone(args, args.ann_file, entries)
        return
    if args.to == 'coco':
        with locked_file(args.out):
            moved = results_with_layout(
                entries, names.benchmark, args.layout, args.file
            )
            write_predictions(args.out, moved)
    else:
        known = sized(images, args.ann_file)
        _check_images(args, entries, known)
        with locked_folder(args.out):
            write_yolo(args.out, prediction_lines(entries, known, names), None)
    print(f'{len(entries)} predictions written to {args.out}')


def _check_images(
    args: argparse.Namespace, entries: Sequence[Mapping], known: Mapping
) -> None:
    strangers = {entry['image_id'] for entry in entries} - known.keys()
    if strangers:
        raise FormatError(
            f'{args.file}: image {min(strangers)} is not in {args.ann_file}; to '
            'fix it: give the annotations that these predictions are for'
        )
    listed = ((number, name) for number, (name, _) in known.items())
    check_pictures(args.file, named_pictures(entries), args.ann_file, listed)


def _export_fiftyone(
    args: argparse.Namespace, ann_file: str, found: Sequence[Mapping] = ()
) -> None:
    images, names = image_list(ann_file, args.benchmark)
    _check_images(args, found, sized(images, ann_file))
    content = check_content(read_json(ann_file), ann_file, images.benchmark)
    with locked_folder(args.out):
        write_fiftyone(args.out, content, names, found, args.images)
    print(
        f'{len(content["annotations"])} annotations and {len(found)} predictions of '
        f'{len(content["images"])} pictures written to {args.out}'
    )


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
