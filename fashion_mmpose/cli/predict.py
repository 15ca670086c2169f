"""Find garments and their landmarks in pictures and videos.

Usage:
    fashion-mmpose predict INPUT... --out-dir DIR
        [--pose CONFIG [CHECKPOINT] | FILE.onnx]
        [--det CONFIG CHECKPOINT | FILE.onnx]
        [--benchmark {deepfashion2,fashionai}] [--category NAME]
        [--save-json] [--save-csv] [--save-vis [--names] [--kpt-thr T] [--fps N]]
        [--bbox-thr T] [--max-overlap T] [--batch-size B] [--device D] [--skip-bad]

An INPUT is a picture, a video, a folder, a quoted pattern such as 'shop/*.jpg', the
number of a camera, or the address of a stream (rtsp://...). Without networks, the
starter finds them, which the package carries; onnxruntime runs it, or PyTorch without
that. A CONFIG is a path, or the name of a config that the package carries; --pose may
come several times, for networks of one category each, and an ensemble needs no
CHECKPOINT. A FILE.onnx, which `fashion-mmpose export` writes, runs without PyTorch and
MMPose. With a detector, --category leaves other garments out; without one, a garment
fills its picture.

DIR gets predictions.json, a COCO result list that names the pictures; predictions.csv,
the Tianchi form of FashionAI with the best garment of each picture; and drawn/, the
pictures and videos with their garments. The JSON is written unless --save-csv alone
is asked for. As MMPose's demos have it, --vis-out-dir DIR stands for --out-dir DIR
--save-vis, and --pred-out-dir DIR for --out-dir DIR --save-json.
Pictures that cannot be read, and videos that break off, are listed at the end, and the
exit code is 1 unless --skip-bad is given. Ctrl-C stops, and what is finished is saved.
"""

import argparse
import os
import sys
import warnings
from contextlib import closing
from itertools import pairwise

from tqdm import tqdm

import fashion_mmpose
from fashion_mmpose import starter
from fashion_mmpose.cli.shell import (
    FAILED,
    INTERRUPTED,
    argument_parser,
    parse,
    run,
    warn,
)
from fashion_mmpose.files.locks import locked_folder
from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.inference.building import (
    DETECTOR_MAX_OVERLAP,
    DETECTOR_SCORE_THR,
    exported_by_category,
)
from fashion_mmpose.inference.framing import FramingWarning
from fashion_mmpose.inference.onnx.session import is_onnx
from fashion_mmpose.inference.output_names import name_sources
from fashion_mmpose.inference.saving import MAX_FPS, PredictionFiles, check_csv
from fashion_mmpose.media.sources import Source, find_sources
from fashion_mmpose.visualization.pictures import KEYPOINT_THR


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument(
        'inputs',
        nargs='+',
        metavar='INPUT',
        help='picture, video, folder, quoted pattern or number of a camera',
    )
    parser.add_argument(
        '--pose',
        nargs='+',
        action='append',
        metavar='CONFIG [CHECKPOINT]',
        help='pose network, or FILE.onnx; give it several times for networks of one '
        'category each (the starter, and its detector)',
    )
    parser.add_argument(
        '--benchmark',
        choices=starter.BENCHMARKS,
        help='whose key points the starter finds (deepfashion2); for fashionai, in '
        'whole pictures of the garment that --category names',
    )
    parser.add_argument(
        '--det',
        nargs=2,
        metavar=('CONFIG', 'CHECKPOINT'),
        help='garment detector, or FILE.onnx alone',
    )
    parser.add_argument(
        '--category',
        metavar='NAME',
        help='category of the garments; with a detector, others are left out',
    )
    parser.add_argument('--out-dir', metavar='DIR', help='folder of what is written')
    for option, what in (('--pred-out-dir', 'json'), ('--vis-out-dir', 'vis')):
        parser.add_argument(
            option, metavar='DIR', help=f'stands for --out-dir DIR --save-{what}'
        )
    for name, what in dict(
        json='write predictions.json',
        csv='write predictions.csv (FashionAI)',
        vis='draw the pictures and videos',
    ).items():
        parser.add_argument(f'--save-{name}', action='store_true', help=what)
    parser.add_argument(
        '--names', action='store_true', help='write names beside drawn key points'
    )
    parser.add_argument(
        '--kpt-thr',
        type=float,
        default=KEYPOINT_THR,
        metavar='T',
        help='lowest score of drawn key points (%(default)s)',
    )
    parser.add_argument(
        '--fps',
        type=float,
        metavar='N',
        help="frames a second of drawn videos (by default the input's)",
    )
    parser.add_argument(
        '--score-thr',
        '--bbox-thr',
        type=float,
        default=DETECTOR_SCORE_THR,
        metavar='T',
        help='lowest score of the boxes that count (%(default)s)',
    )
    parser.add_argument(
        '--max-overlap',
        type=float,
        default=DETECTOR_MAX_OVERLAP,
        metavar='T',
        help='of boxes whose intersection over union is larger, whatever their '
        'categories, keep only the best; 1 keeps all (%(default)s)',
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
    parser.add_argument(
        '--skip-bad', action='store_true', help='leave out unreadable pictures'
    )
    args = parse(parser, _with_pairs(sys.argv[1:] if argv is None else argv))
    _choose_out_dir(args, parser)
    if args.pose and args.benchmark:
        parser.error('--benchmark chooses a network of the starter; leave out --pose')
    args.pose = args.pose or []
    if any(len(pose) > 2 for pose in args.pose):
        parser.error('--pose takes a config and a checkpoint; put INPUTs before it')
    if not 0 <= args.score_thr <= 1:
        parser.error(f'--score-thr {args.score_thr}: must be between 0 and 1')
    if not 0 <= args.max_overlap <= 1:
        parser.error(f'--max-overlap {args.max_overlap}: must be between 0 and 1')
    if args.batch_size < 1:
        parser.error(f'--batch-size {args.batch_size}: must be at least 1')
    if args.fps is not None and not 0 < args.fps <= MAX_FPS:
        parser.error(f'--fps {args.fps}: must be above 0 and at most {MAX_FPS:g}')
    for option in ('names', 'fps'):
        if getattr(args, option) and not args.save_vis:
            parser.error(f'--{option} is for what is drawn; give --save-vis, too')
    if not args.save_csv:
        args.save_json = True
    return args


def _with_pairs(argv: list[str]) -> list[str]:
    """Let an exported detector be a pair, too: argparse counts values, not kinds."""
    complete = []
    for option, value in pairwise(['', *argv]):
        complete.append(value)
        if option == '--det' and is_onnx(value):
            complete.append('')
    return complete


def _choose_out_dir(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Let MMPose's names of the folders stand for ours."""
    args.save_json |= args.pred_out_dir is not None
    args.save_vis |= args.vis_out_dir is not None
    named = {args.out_dir, args.pred_out_dir, args.vis_out_dir} - {None}
    if not named:
        parser.error('--out-dir DIR is missing: the folder of what is written')
    if len(named) > 1:
        parser.error(
            f'{" and ".join(sorted(named))}: all goes into one folder, pictures into '
            'its sub-folder drawn/; give one --out-dir'
        )
    (args.out_dir,) = named


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
    entries = [(pose[0], pose[1] if len(pose) == 2 else None) for pose in args.pose]
    pose, weights = entries[0] if entries else (None, None)
    if len(entries) > 1:
        pose, weights = _by_category(entries), None
    det, det_weights = args.det or (None, None)
    options = dict(score_thr=args.score_thr, max_overlap=args.max_overlap)
    has_detector = args.det or not args.pose and args.benchmark != 'fashionai'
    options = options if has_detector else None
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


def check_category(category: str | None, known: list[str], has_detector: bool) -> None:
    """Check what ``--category`` says against the categories of the networks.

    Raises:
        ValueError: If there is no network for it, or it is needed and missing.
    """
    if category is not None and category not in known:
        raise ValueError(
            f'--category {category}: there is no network for it; choose from '
            f'{", ".join(known)}'
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


def predict(
    inferencer: GarmentInferencer,
    sources: dict[str, Source],
    files: PredictionFiles,
    category: str | None,
    skipped: list[str],
) -> bool:
    """Write what is predicted, note what is skipped; False if it was interrupted."""
    counts = [source.num_pictures() for source in sources.values()]
    known = [count for count in counts if count is not None]
    predicted = inferencer(list(sources.values()), category, on_error='skip')
    bar = tqdm(
        total=sum(known) if len(known) == len(counts) else None,
        desc='predict',
        unit='picture',
        disable=None,
        dynamic_ncols=True,
    )
    with files:
        try:
            with bar, closing(predicted):
                for each in predicted:
                    if each.error:
                        skipped.append(each.error)
                    else:
                        files.add(each)
                    bar.update(each.picture.image_id + 1 - bar.n)
        except KeyboardInterrupt:
            return False
    return True


def report(skipped: list[str], left_aside: list[str], files: PredictionFiles) -> None:
    """Print what was done, and what was not."""
    warn([f'not used: {reason}' for reason in left_aside])
    warn([f'left out: {error}' for error in skipped])
    found = ', '.join(f'{n} {name}' for name, n in files.num_garments.most_common())
    print(
        f'{files.num_garments.total()} garments in {files.num_pictures} pictures'
        + (f': {found}' if found else '')
    )
    if files.num_empty:
        print(f'{files.num_empty} pictures have none')
    warn(files.of_other_runs())
    print(f'written to {files.out_dir}')


def execute(args: argparse.Namespace) -> int:
    """Predict, save and report; the exit code."""
    left_aside = []
    inputs = [path_or_camera(item) for item in args.inputs]
    sources = name_sources(find_sources(inputs, left_aside))
    inferencer = build(args)
    has_detector = inferencer.detector is not None
    check_category(args.category, list(inferencer.networks), has_detector)
    warn_of_whole_pictures(inferencer, args.category)
    if args.save_csv:
        check_csv(sources, {n.benchmark for n in inferencer.networks.values()})
    files = PredictionFiles(
        args.out_dir,
        sources,
        args.save_json,
        args.save_csv,
        args.save_vis,
        args.fps,
        args.kpt_thr,
        args.names,
    )
    skipped = []
    with locked_folder(args.out_dir):
        is_done = predict(inferencer, sources, files, args.category, skipped)
    report(skipped, left_aside, files)
    if not is_done:
        print('stopped; what was finished is saved', file=sys.stderr)
        return INTERRUPTED
    return FAILED if skipped and not args.skip_bad else 0


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
