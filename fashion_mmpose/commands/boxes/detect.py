"""Find the garments in all pictures of a COCO file.

Usage:
    fashion-mmpose detect DET_CONFIG [DET_CHECKPOINT] --out boxes.json \\
        [--data-root DIR] [--ann-file COCO.json] [--img-root DIR] [--bbox-thr T] \\
        [--max-per-image N] [--batch-size B] [--skip-bad]
    torchrun --nproc_per_node=N -m fashion_mmpose detect ... --launcher pytorch

DET_CONFIG is a path, or the name of a config that the package carries, such as
detection/rtmdet_tiny_fashionai. Its test pictures are searched, in --data-root where
that is given; --ann-file and --img-root name others. The output is a COCO result list
(image_id, category_id, bbox in x, y, width, height, score) for --bbox-file of `test`.
What is finished is kept in OUT.partial: the same command goes on after an
interruption. OUT appears when all pictures are finished. Pictures that cannot be read
are listed at the end, and the exit code is 1; with --skip-bad OUT is written without
them. `fashion-mmpose detect pictures` is for pictures of any kind.
"""

import argparse
import os
import sys

from mmengine.dist import is_main_process

from fashion_mmpose import garments
from fashion_mmpose.apis import GarmentDetector
from fashion_mmpose.cli.shell import parse, run, warn
from fashion_mmpose.commands.runs.data_root import (
    add_data_root,
    image_source,
    set_data_root,
)
from fashion_mmpose.commands.runs.running import (
    argument_parser,
    init_launcher,
    locked_places,
    take_folder,
)
from fashion_mmpose.config.loading import existing_file, load_config
from fashion_mmpose.config.parts import is_detector
from fashion_mmpose.files.writing.faults import check_no_input
from fashion_mmpose.formats.coco.images import read_images

from .detecting import Outcome, detect_images, run_settings

MANY_BOXES_BELOW = 0.2


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__, work_dir=False)
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help='weights of the detector; a folder of networks in the place of CONFIG has '
        'its own',
    )
    add_data_root(parser)
    parser.add_argument(
        '--ann-file',
        metavar='JSON',
        help="COCO file with the images (that of the config's test data)",
    )
    parser.add_argument(
        '--img-root',
        metavar='DIR',
        help="folder that its paths lead from (that of the config's test data)",
    )
    parser.add_argument(
        '--out', required=True, metavar='JSON', help='file to write the boxes to'
    )
    parser.add_argument(
        '--score-thr',
        '--bbox-thr',
        type=float,
        default=0.05,
        metavar='T',
        help='lowest score of a box (%(default)s, as scores of detectors are measured; '
        'that is dozens of boxes a picture, and each of them is tested)',
    )
    parser.add_argument(
        '--max-per-image',
        metavar='N',
        type=int,
        default=100,
        help='most boxes of a picture, the best (%(default)s)',
    )
    parser.add_argument(
        '--batch-size',
        metavar='B',
        type=int,
        default=8,
        help='pictures that go through the network at once (%(default)s)',
    )
    parser.add_argument(
        '--workers',
        metavar='N',
        type=int,
        default=2,
        help='processes that load pictures (%(default)s)',
    )
    parser.add_argument(
        '--device',
        metavar='D',
        default='auto',
        help='cpu, cuda:1, ...; by default a GPU if there is one',
    )
    parser.add_argument(
        '--skip-bad', action='store_true', help='leave out unreadable pictures'
    )
    args = parse(parser, argv)
    if not 0 <= args.score_thr <= 1:
        parser.error(f'--score-thr {args.score_thr}: must be between 0 and 1')
    for name, low in (('max_per_image', 1), ('batch_size', 1), ('workers', 0)):
        if getattr(args, name) < low:
            option = name.replace('_', '-')
            parser.error(f'--{option} {getattr(args, name)}: must be at least {low}')
    if args.img_root is not None and not os.path.isdir(args.img_root):
        parser.error(f'--img-root {args.img_root}: no such folder')
    return args


def detect(args: argparse.Namespace) -> Outcome:
    """Write the boxes, or go on where a run was interrupted."""
    take_folder(args, is_detector=True)
    if args.checkpoint is None:
        raise ValueError(
            f'CHECKPOINT is missing: {args.config} is no folder of networks, which has '
            'weights of its own'
        )
    cfg = load_config(args.config, None, args.cfg_options, args.launcher)
    if not is_detector(cfg):
        raise ValueError(
            f"{args.config} is not the config of a detector (default_scope='mmdet')"
        )
    set_data_root(cfg, args.data_root)
    ann_file, img_root = image_source(cfg, args.ann_file, args.img_root)
    check_no_input(args.out, [ann_file])
    existing_file(args.checkpoint)
    device = init_launcher(args.launcher, args.device)
    detector = GarmentDetector(
        cfg, args.checkpoint, device, args.score_thr, args.max_per_image
    )
    images = read_images(ann_file, _described(detector), img_root)
    settings = run_settings(
        cfg,
        args.checkpoint,
        ann_file,
        (os.path.join(img_root, path) for path in images.paths),
        args.score_thr,
        args.max_per_image,
    )
    return detect_images(
        detector,
        images,
        img_root,
        args.out,
        settings,
        args.batch_size,
        args.workers,
        args.skip_bad,
    )


def _described(detector: GarmentDetector) -> garments.Benchmark | None:
    """The detector's benchmark, if it is none of those that a file tells."""
    definition = detector.definition
    if definition is None or definition.name in garments.BENCHMARKS:
        return None
    return definition


def report(outcome: Outcome, out: str, skip_bad: bool) -> int:
    """Print what was done; the exit code."""
    if outcome.num_resumed:
        print(f'{outcome.num_resumed} images were finished before')
    warn([f'{path}: {reason}' for path, reason in outcome.unreadable])
    num_bad = len(outcome.unreadable)
    if num_bad and not skip_bad:
        print(
            f'error: {num_bad} images cannot be read, {out} was not written; to fix '
            'it: replace them and run again (what is finished is kept), or pass '
            '--skip-bad',
            file=sys.stderr,
        )
        return 1
    left_out = f', {num_bad} left out' if num_bad else ''
    each = outcome.num_boxes / max(outcome.num_images, 1)
    print(
        f'{outcome.num_boxes} boxes in {outcome.num_images} images{left_out}, '
        f'{each:.1f} an image: {out}'
    )
    return 0


def execute(args: argparse.Namespace) -> int:
    """Detect and report; the exit code."""
    if args.score_thr < MANY_BOXES_BELOW:
        print(
            f'boxes scored {args.score_thr} and above are kept, at most '
            f'{args.max_per_image} a picture: often dozens, and `test --bbox-file` '
            'tests every one; --bbox-thr 0.3 keeps those that are probably garments'
        )
    with locked_places(args.launcher, files=[args.out]):
        outcome = detect(args)
    if not is_main_process():
        return 0
    return report(outcome, args.out, args.skip_bad)


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv), 'stopped; the same command goes on from here')
