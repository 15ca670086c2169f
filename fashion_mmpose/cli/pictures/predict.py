"""Find garments and their landmarks in pictures and videos.

Usage:
    fashion-mmpose predict INPUT... --out-dir DIR
        [--pose CONFIG [CHECKPOINT] | FILE.onnx]
        [--det CONFIG CHECKPOINT | FILE.onnx] [--pretrained FOLDER]
        [--benchmark {deepfashion2,fashionai}] [--category NAME]
        [--save-json] [--save-csv] [--save-vis [--names] [--kpt-thr T] [--fps N]]
        [--bbox-thr T] [--max-overlap T] [--garment-thr T] [--batch-size B] [--device D]
        [--skip-bad]
        [--track [--detect-every N] [--no-smooth]] [--shard I/N]
        [--format parquet [--part-size N] [--engine ray, and the options --ray-...]]
        [--measure, and the options of `fashion-mmpose measure`]

An INPUT is a picture, a video, a folder, a quoted pattern such as 'shop/*.jpg', the
number of a camera, or the address of a stream (rtsp://...). A text (.txt) with a path
in every line, a table (.csv, .tsv or .parquet) with a column of paths, and a tar
archive (the shards of webdataset) stand for their pictures. Without networks, the
starter finds them, which the package carries; onnxruntime runs it, or PyTorch without
that. A CONFIG is a path, or the name of a config that the package carries; --pose may
come several times, for networks of one category each, and an ensemble needs no
CHECKPOINT. A FILE.onnx, which `fashion-mmpose export` writes, runs without PyTorch and
MMPose. With a detector, --category leaves other garments out; without one, a garment
fills its picture.

DIR gets predictions.json, a COCO result list that names the pictures; predictions.csv,
the Tianchi form of FashionAI with the best garment of each picture; and drawn/, the
pictures and videos with their garments. The JSON is written unless --save-csv alone
is asked for. With --track, every garment of a video has a number, the same in all
frames, and one category. As MMPose's demos have it, --vis-out-dir DIR stands for
--out-dir DIR --save-vis, and --pred-out-dir DIR for --out-dir DIR --save-json.
Pictures that cannot be read, and videos that break off, are listed at the end, and the
exit code is 1 unless --skip-bad is given. Ctrl-C stops, and what is finished is saved.

For very many pictures, --format parquet writes DIR/part-00000-of-00012.parquet and so
on in their place, each complete or absent. The same command goes on after an
interruption, and refuses other inputs and options. --shard 0/4 to 3/4 share the parts
out over four processes, on one machine or on several; so does --shard auto under
torchrun or srun. With --engine ray, workers of Ray predict the parts, here or on a
cluster. `fashion-mmpose merge DIR` makes one file of them.
"""

import argparse
import sys
from collections.abc import Generator

from fashion_mmpose.catalogue.shards import read_shard
from fashion_mmpose.cli.options.networks import (
    add_network_options,
    check_inputs,
    check_network_options,
    with_pairs,
)
from fashion_mmpose.cli.options.scale import (
    add_scale_options,
    complete_scale_options,
    measuring_files,
    report_lengths,
)
from fashion_mmpose.cli.shell import (
    argument_parser,
    fill_in,
    parse,
    run,
    warn,
)
from fashion_mmpose.files.writing.locks import locked_folder
from fashion_mmpose.inference import GarmentInferencer, PicturePrediction
from fashion_mmpose.inference.outputs.saving import PredictionFiles, check_csv
from fashion_mmpose.media.sources import Source
from fashion_mmpose.visualization.pictures import KEYPOINT_THR

from .in_parts import check_parts, execute_in_parts, in_parts
from .running import (
    LeftOut,
    exit_code,
    go_through,
    open_inputs,
    report_left_out,
    summary_of,
    total_of,
)

MAX_FPS = 1000.0  # of drawn videos
# What `--format parquet` has no place for.
_ALONE = ('save_json', 'save_csv', 'save_vis', 'track', 'combine', 'spec')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    add_network_options(parser)
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
        metavar='T',
        help=f'lowest score of drawn key points ({KEYPOINT_THR})',
    )
    parser.add_argument(
        '--fps',
        type=float,
        metavar='N',
        help="frames a second of drawn videos (by default the input's)",
    )
    parser.add_argument(
        '--measure',
        action='store_true',
        help='write the lengths of the garments, too, and draw them with --save-vis',
    )
    parser.add_argument(
        '--track',
        action='store_true',
        help='follow the garments of videos, and smooth their landmarks',
    )
    parser.add_argument(
        '--detect-every',
        type=int,
        default=1,
        metavar='N',
        help='with --track, look for garments in every N-th frame (%(default)s)',
    )
    parser.add_argument(
        '--no-smooth',
        action='store_true',
        help='with --track, leave the landmarks as the network finds them',
    )
    add_scale_options(parser)
    args = parse(parser, with_pairs(sys.argv[1:] if argv is None else argv))
    _choose_out_dir(args, parser)
    check_inputs(args, parser)
    check_network_options(args, parser)
    of_lengths = complete_scale_options(args)
    check_parts(args, parser, _ALONE)
    if of_lengths and not args.measure:
        parser.error(f'{", ".join(of_lengths)}: for lengths; give --measure, too')
    if args.fps is not None and not 0 < args.fps <= MAX_FPS:
        parser.error(f'--fps {args.fps}: must be above 0 and at most {MAX_FPS:g}')
    for name in ('names', 'fps', 'kpt_thr'):
        value = getattr(args, name)
        if value is not None and value is not False and not args.save_vis:  # 0 counts
            option = name.replace('_', '-')
            parser.error(f'--{option} is for what is drawn; give --save-vis, too')
    fill_in(args, dict(kpt_thr=KEYPOINT_THR))
    if not 0 <= args.kpt_thr <= 1:
        parser.error(f'--kpt-thr {args.kpt_thr}: must be between 0 and 1')
    if args.detect_every < 1:
        parser.error(f'--detect-every {args.detect_every}: must be at least 1')
    if not args.track and (args.detect_every > 1 or args.no_smooth):
        parser.error('--detect-every and --no-smooth are for --track')
    if not args.save_csv:
        args.save_json = True
    return args


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


def report(skipped: LeftOut, left_aside: list[str], files: PredictionFiles) -> None:
    """Print what was done, and what was not."""
    report_left_out(left_aside, skipped)
    print(summary_of(dict(files.num_garments.most_common()), files.num_pictures))
    if files.num_empty:
        print(f'{files.num_empty} pictures have none')
    warn(files.without_sound + files.of_other_runs())
    print(f'written to {files.out_dir}')


def predict(
    inferencer: GarmentInferencer, sources: list[Source], args: argparse.Namespace
) -> Generator[PicturePrediction]:
    """The garments of all pictures, followed from frame to frame if that is asked."""
    if not args.track:
        return inferencer(sources, args.category, on_error='skip')
    smooth = not args.no_smooth
    return inferencer.track(sources, args.category, args.detect_every, smooth, 'skip')


def execute(args: argparse.Namespace) -> int:
    """Predict, save and report; the exit code."""
    if in_parts(args):
        return execute_in_parts(args, 'predict', args.measure)
    left_aside: list[str] = []
    skipped = LeftOut()
    inferencer, sources = open_inputs(args, left_aside)
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
    lengths = None
    if args.measure:
        lengths = measuring_files(args, inferencer, sources, args.track)
    outputs = [files] if lengths is None else [files, lengths]
    with locked_folder(args.out_dir):
        predicted = predict(inferencer, list(sources.values()), args)
        total = total_of(sources)
        is_done = go_through(predicted, total, 'predict', outputs, skipped.add)
        skipped.write(args.out_dir, args.skip_bad)
    report(skipped, left_aside, files)
    if lengths is not None:
        report_lengths(lengths, read_shard(args.shard).count > 1)
    return exit_code(is_done, not skipped.pictures or args.skip_bad)


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
