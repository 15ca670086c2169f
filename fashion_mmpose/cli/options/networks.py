"""The networks of a command that looks at pictures, and the options that name them."""

import argparse
import os
import warnings
from collections.abc import Collection
from itertools import pairwise

import fashion_mmpose
from fashion_mmpose import starter
from fashion_mmpose.catalogue.plan import PART_SIZE
from fashion_mmpose.cli.shell import warn
from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.inference.boxes.framing import FramingWarning
from fashion_mmpose.inference.building import (
    DETECTOR_MAX_OVERLAP,
    DETECTOR_SCORE_THR,
    STARTER_GARMENT_THR,
    exported_by_category,
)
from fashion_mmpose.inference.onnx.session import is_onnx
from fashion_mmpose.media.listings import SUFFIXES, is_listing
from fashion_mmpose.media.sources import has_wildcard
from fashion_mmpose.pretrained import name_and_revision, names_folder


def add_network_options(
    parser: argparse.ArgumentParser, boxes_only: bool = False
) -> None:
    """Add the inputs, the networks that look at them, and how they do.

    Args:
        parser: The parser.
        boxes_only: Whether there is a detector alone. Defaults to False.
    """
    parser.add_argument(
        'inputs',
        nargs='+',
        metavar='INPUT',
        help='picture, video, folder, quoted pattern, list or table of paths (.txt, '
        '.csv, .parquet), tar archive or number of a camera',
    )
    parser.add_argument(
        '--path-column',
        metavar='NAME',
        help='column of a table that holds the paths (its only one, or path, '
        'file_name, image, ...)',
    )
    parser.add_argument(
        '--img-root',
        metavar='DIR',
        help="folder that the paths of lists and tables lead from (the list's own)",
    )
    add_sharing(parser)
    if boxes_only:
        of_poses = dict.fromkeys(('pose', 'benchmark', 'pretrained', 'garment_thr'))
        parser.set_defaults(boxes_only=True, **of_poses)
        _add_detector(parser)
    else:
        add_networks(parser)
    parser.add_argument(
        '--category',
        metavar='NAME',
        help='category of the garments; with a detector, others are left out',
    )
    parser.add_argument(
        '--skip-bad',
        action='store_true',
        help='leave out unreadable pictures, and list them in unreadable.csv',
    )


def check_inputs(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Refuse options of lists where no input can be one."""
    if any(is_listing(each) or has_wildcard(each) for each in args.inputs):
        return
    for option, value in (
        ('--path-column', args.path_column),
        ('--img-root', args.img_root),
    ):
        if value is not None:
            parser.error(
                f'{option} is for lists and tables of paths ({", ".join(SUFFIXES)}), '
                'and no INPUT is one'
            )


_, DETECTOR = starter.config_and_weights(starter.DETECTOR)  # its address
# What options of parts are where they are not given, which `check_parts` fills in: it
# refuses those that are given without parts.
OF_PARTS = dict(part_size=PART_SIZE, ray_workers=2, ray_cpus=1, ray_gpus=0)


def add_sharing(parser: argparse.ArgumentParser) -> None:
    """Add how the work is shared out over processes and machines."""
    parser.add_argument(
        '--shard',
        metavar='I/N',
        help='only this share of the pictures, from 0/N on; auto for what torchrun or '
        'Slurm says (all)',
    )
    parser.add_argument(
        '--part-size',
        type=int,
        metavar='N',
        help=f'with --format parquet, pictures in a part ({PART_SIZE})',
    )
    parser.add_argument(
        '--engine',
        choices=('plain', 'ray'),
        default='plain',
        help='with --format parquet, what predicts the parts: this process, or workers '
        'of Ray (%(default)s)',
    )
    parser.add_argument(
        '--ray-address',
        metavar='ADDRESS',
        help='of a Ray cluster, or auto for one of this machine (that in RAY_ADDRESS; '
        'without one Ray is started here)',
    )
    for name, kind, what in (
        ('workers', int, 'workers, each with its own networks'),
        ('cpus', int, 'cores of a worker'),
        ('gpus', float, 'GPUs of a worker, or a share of one'),
    ):
        default = OF_PARTS[f'ray_{name}']
        parser.add_argument(
            f'--ray-{name}', type=kind, metavar='N', help=f'{what} ({default})'
        )


def add_networks(parser: argparse.ArgumentParser) -> None:
    """Add the networks, and how they look at pictures."""
    parser.add_argument(
        '--pose',
        nargs='+',
        action='append',
        metavar='CONFIG [CHECKPOINT]',
        help='pose network, FILE.onnx, a folder of networks, whose detector is not '
        'taken, or one of the starter by its address, such as starter://fashionai; '
        'give it several times for networks of one category each (the starter, and its '
        'detector)',
    )
    parser.add_argument(
        '--benchmark',
        choices=starter.BENCHMARKS,
        help='whose key points the starter finds (deepfashion2); for fashionai, in '
        'whole pictures of the garment that --category names',
    )
    parser.add_argument(
        '--pretrained',
        metavar='FOLDER',
        help='folder of networks that save_pretrained wrote, or an id of a model hub: '
        'owner/name, or owner/name@revision; in the place of --pose and --det',
    )
    parser.add_argument(
        '--garment-thr',
        type=float,
        metavar='T',
        help='lowest score of the garments in such boxes, of box and points together '
        '(from a folder of networks as it says, for the starter '
        f'{STARTER_GARMENT_THR:g}, else 0)',
    )
    parser.set_defaults(boxes_only=False)
    _add_detector(parser)


def _add_detector(parser: argparse.ArgumentParser) -> None:
    """Add the detector, and how networks look at pictures."""
    parser.add_argument(
        '--det',
        nargs=2,
        metavar=('CONFIG', 'CHECKPOINT'),
        help='garment detector, or FILE.onnx, a folder of networks or '
        f'{DETECTOR} alone',
    )
    parser.add_argument(
        '--score-thr',
        '--bbox-thr',
        type=float,
        metavar='T',
        help='lowest score of the boxes that count (from a folder of networks as it '
        f'says, else {DETECTOR_SCORE_THR:g})',
    )
    parser.add_argument(
        '--max-overlap',
        type=float,
        metavar='T',
        help='of boxes whose intersection over union is larger, whatever their '
        'categories, keep only the best; 1 keeps all (from a folder of networks as it '
        f'says, else {DETECTOR_MAX_OVERLAP:g})',
    )
    parser.add_argument(
        '--batch-size',
        type=int,
        default=8,
        metavar='B',
        help='pictures, or crops, that go through a network at once (%(default)s)',
    )
    parser.add_argument(
        '--device',
        default='auto',
        metavar='D',
        help='cpu, cuda:1, ..., or, for FILE.onnx and the starter, an execution '
        'provider of onnxruntime; by default a GPU if there is one',
    )


def check_network_options(
    args: argparse.Namespace, parser: argparse.ArgumentParser
) -> None:
    """Refuse options of :func:`add_networks` that do not go together."""
    if args.pose and args.benchmark:
        parser.error('--benchmark chooses a network of the starter; leave out --pose')
    if args.pretrained and (args.pose or args.det or args.benchmark):
        parser.error(
            '--pretrained names all networks; leave out --pose, --det and --benchmark'
        )
    args.pose = args.pose or []
    if any(len(pose) > 2 for pose in args.pose):
        parser.error('--pose takes a config and a checkpoint; put INPUTs before it')
    for name, value in _limits_of_boxes(args).items():
        if not 0 <= value <= 1:
            option = name.replace('_', '-')
            parser.error(f'--{option} {value}: must be between 0 and 1')
    if args.batch_size < 1:
        parser.error(f'--batch-size {args.batch_size}: must be at least 1')


def with_pairs(argv: list[str]) -> list[str]:
    """Let an exported detector be a pair, too: argparse counts values, not kinds."""
    complete = []
    for option, value in pairwise(['', *argv]):
        complete.append(value)
        is_alone = is_onnx(value) or names_folder(value)
        if option == '--det' and (is_alone or value.startswith(starter.PREFIX)):
            complete.append('')
    return complete


def path_or_camera(item: str) -> str | int:
    """A whole number is a camera, unless there is a file of that name."""
    return int(item) if item.isdecimal() and not os.path.exists(item) else item


def build(args: argparse.Namespace) -> GarmentInferencer:
    """The networks.

    Raises:
        ValueError: If a config is no Python, or names what is not registered.
    """
    try:
        return _build(args)
    except (KeyError, SyntaxError) as error:
        configs = ' or '.join(each[0] for each in (*args.pose, args.det) if each)
        raise ValueError(f'{configs} cannot be used: {error}') from error


def _build(args: argparse.Namespace) -> GarmentInferencer:
    det, det_weights = args.det or (None, None)
    if args.boxes_only:
        return GarmentInferencer(
            det_model=det,
            det_weights=det_weights or None,
            device=args.device,
            batch_size=args.batch_size,
            det_options=_limits_of_boxes(args),
            boxes_only=True,
        )
    if args.pretrained:
        return _from_pretrained(args)
    entries = [(pose[0], pose[1] if len(pose) == 2 else None) for pose in args.pose]
    pose, weights = entries[0] if entries else (None, None)
    if len(entries) > 1:
        pose, weights = _by_category(entries), None
    has_detector = args.det or not args.pose and args.benchmark != 'fashionai'
    options = _limits_of_boxes(args)
    if not has_detector:
        if options:
            given = ' and '.join(f'--{name.replace("_", "-")}' for name in options)
            raise ValueError(
                f"{given}: for a detector's boxes, and there is no detector; to fix "
                'it: name one with --det, or leave it out'
            )
        options = None
    return GarmentInferencer(
        pose,
        weights,
        det,
        det_weights or None,
        args.device,
        args.batch_size,
        options,
        args.benchmark,
    )


def _from_pretrained(args: argparse.Namespace) -> GarmentInferencer:
    """The networks of a folder, whose own limits hold unless others are given."""
    folder, revision = name_and_revision(args.pretrained)
    return GarmentInferencer.from_pretrained(
        folder, revision, args.device, args.batch_size, _limits_of_boxes(args)
    )


def _limits_of_boxes(args: argparse.Namespace) -> dict[str, float]:
    """The limits that are given; one that equals the default is given, too."""
    names = ('score_thr', 'max_overlap', 'garment_thr')
    limits = {name: getattr(args, name) for name in names}
    return {name: value for name, value in limits.items() if value is not None}


def _by_category(entries: list[tuple[str, str | None]]) -> dict:
    """Several pose networks, exported or not, as a dict of categories.

    Raises:
        ValueError: If two are for the same category.
    """
    exported = [path for path, _ in entries if is_onnx(path)]
    configs = [entry for entry in entries if not is_onnx(entry[0])]
    pose = exported_by_category(exported)
    others = fashion_mmpose.pose_by_category(configs) if configs else {}
    for category in pose.keys() & others.keys():
        raise ValueError(
            f'{pose[category]} and a config are both for {category!r}; give one pose '
            'network for each category'
        )
    return pose | others


def check_category(
    category: str | None,
    known: list[str],
    has_detector: bool,
    found: Collection[str] | None = None,
) -> None:
    """Check what ``--category`` says against the categories of the networks.

    Args:
        category: What it says; None for nothing.
        known: Those that there are pose networks for.
        has_detector: Whether there is a detector.
        found: Those that it tells apart; None where it does not say. Defaults to None.

    Raises:
        ValueError: If there is no network for it, the detector never finds it, or it is
            needed and missing.
    """
    if category is not None and category not in known:
        raise ValueError(
            f'--category {category}: there is no network for it; choose from '
            f'{", ".join(known)}'
        )
    if category is not None and found is not None and category not in found:
        both = ', '.join(each for each in known if each in found)
        raise ValueError(
            f'--category {category}: the detector does not find it; choose from '
            f'{both}, or give another detector'
        )
    if category is None and len(known) > 1 and not has_detector:
        raise ValueError(
            'nothing says what the garments are; to fix it: give --category NAME, one '
            f'of {", ".join(known)}, or a detector with --det CONFIG CHECKPOINT'
        )


def warn_of_whole_pictures(inferencer: GarmentInferencer, category: str | None) -> None:
    """Say it where whole pictures go to a network that has learnt crops."""
    doubt = inferencer.whole_picture_doubt(
        [category] if category else inferencer.networks
    )
    if doubt:
        warn(
            [
                f'{doubt}; to fix it: find the garments with --det CONFIG CHECKPOINT, '
                'or train the network on whole pictures with --cfg-options '
                '{train,val,test}_dataloader.dataset.bbox_source=image'
            ]
        )
    # Said for those who call from Python; it names no options.
    warnings.simplefilter('ignore', FramingWarning)
