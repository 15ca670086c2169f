"""Measure this package against MMPose's stock parts, in the same run.

Usage:
    python tools/benchmark.py NAME [--rounds N] [--threads N] [--cpu-time]
        [--json FILE]
    python tools/benchmark.py costs [--configs CONFIG ...] ...

On FashionAI, milliseconds an image:
    pipeline    one training sample from a 512x512 JPEG: our dataset and the CPN
                recipe against MMPose's COCO dataset and top-down pipeline with dense
                targets
    decode      maps of 13x128x128: the CPN system's decoding (blur, two maxima) of a
                batch against MMPose's, sample by sample
    train-step  a ResNet-18 heatmap network, forward, loss, backward and update: point
                targets drawn by the head against dense targets from the loader

On DeepFashion2, 294 channels of 96x72, batches of 32:
    sample      bytes of a training sample that leaves the loader
    targets     time and memory from key points to gradients: targets, the head's last
                layer, loss, backward
    predict     time from features, or from heatmaps, to points
    training    on a GPU, the whole HRNet-W48: pictures a second and memory of training
                steps, in float32 and with --amp, with our head and with MMPose's
    load        an annotation file of a part of the training set's size: time and
                memory of the datasets
    oks         the official score at the validation set's size: time and memory

From picture to landmarks:
    infer       GarmentInferencer from JPEG files of eight garments each, against what
                decoding and both networks' layers take alone; and crops in batches
                against one by one
    starter     the starter from JPEG files of outfits: onnxruntime against PyTorch, and
                what it takes to start

Of configs:
    costs       parameters, multiply-adds, time and memory of training steps, pictures a
                second of a test, each network in a fresh process

    gpu-costs   the same on a GPU: pictures a second and memory of training steps, in
                float32 and with --amp, and of tests, in batches of 32
    compiled    a training step handed to torch.compile, and as it is, with --amp, on a
                GPU if there is one; compiling takes minutes

Of drawn pictures:
    drawing     outfits and garments to train with, beside writing them as JPEG

Of very many pictures:
    catalogue   what a run in parts takes besides the networks: naming, reading, writing
                and merging; the processor's time and bytes an item, how memory grows

Of videos:
    tracking    garments of drawn videos, frame by frame and followed: changes of
                identity, jitter, lag; a round is a video

The sides run by turns, or in fresh processes where memory is measured, several rounds
each; the medians and their ratios are printed. On a machine that does other work, too,
--cpu-time counts the processor's time instead of the clock's.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

BENCHMARKS = {
    'pipeline': ('fashionai.pipeline', 'pipeline'),
    'decode': ('fashionai.decode', 'decode'),
    'train-step': ('fashionai.train_step', 'train_step'),
    'sample': ('deepfashion2.sample', 'sample'),
    'targets': ('deepfashion2.targets', 'targets'),
    'predict': ('deepfashion2.predict', 'predict'),
    'load': ('deepfashion2.loading', 'loading'),
    'oks': ('deepfashion2.oks_score', 'oks_score'),
    'infer': ('infer', 'infer'),
    'starter': ('starter', 'starter_on_both'),
    'costs': ('costs', 'costs'),
    'gpu-costs': ('gpu_costs', 'gpu_costs'),
    'training': ('deepfashion2.training', 'training'),
    'compiled': ('compiled', 'compiled'),
    'drawing': ('drawing', 'drawing'),
    'catalogue': ('catalogue', 'catalogue'),
    'tracking': ('tracking', 'tracking'),
}  # name to module and function of benchmarks
ROUNDS = 15
# Those of which every side runs in this process, and none waits for others.
BY_TURNS = (
    'pipeline',
    'decode',
    'train-step',
    'targets',
    'predict',
    'infer',
    'drawing',
)
ON_GPUS = ('gpu-costs', 'training')
OF_CONFIGS = ('costs', 'gpu-costs')
FRESH_ROUNDS = {'load': 1, 'oks': 1, 'catalogue': 1}  # of minutes each


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('name', choices=list(BENCHMARKS))
    parser.add_argument(
        '--rounds',
        type=int,
        help=f'rounds of each side ({ROUNDS}; {", ".join(FRESH_ROUNDS)}: 1)',
    )
    parser.add_argument('--threads', type=int, default=1, help="PyTorch's threads (1)")
    parser.add_argument(
        '--cpu-time',
        action='store_true',
        help=f"count the processor's time ({', '.join(BY_TURNS)})",
    )
    parser.add_argument(
        '--configs',
        nargs='+',
        metavar='CONFIG',
        help='names of configs, for `costs` and `gpu-costs` (those of the table in '
        'docs/overview.md)',
    )
    parser.add_argument('--json', metavar='FILE', help='file to write the figures to')
    args = parser.parse_args(argv)
    if args.rounds is None:
        args.rounds = FRESH_ROUNDS.get(args.name, ROUNDS)
    if min(args.rounds, args.threads) < 1:
        parser.error('--rounds and --threads must be at least 1')
    if args.cpu_time and args.name not in BY_TURNS:
        parser.error(f'--cpu-time is for {", ".join(BY_TURNS)}, not for {args.name}')
    if args.configs and args.name not in OF_CONFIGS:
        parser.error(f'--configs is for {", ".join(OF_CONFIGS)}, not for {args.name}')
    return args


def main(argv: list[str] | None = None) -> int:
    args = parse_args(argv)

    # The benchmarks are of the repository, not of the package that is installed.
    sys.path.insert(0, str(ROOT))
    # Only now: they take seconds, which --help and a wrong name need not wait for.
    import cv2
    import torch
    from mmengine.registry import init_default_scope

    if args.name in ON_GPUS and not torch.cuda.is_available():
        raise SystemExit(
            f'error: {args.name} needs a GPU, and PyTorch sees none; to fix it: run it '
            'on a machine with one, whose driver is new enough for this PyTorch'
        )
    # MMPose's registries are filled before a benchmark builds from them.
    import fashion_mmpose.plugin  # noqa: F401
    from benchmarks.report import ratios, table
    from benchmarks.timing import counting_cpu_time
    from fashion_mmpose.files.writing.outputs import OutputFiles

    cv2.setNumThreads(0)
    torch.set_num_threads(args.threads)
    init_default_scope('mmpose')
    module, function = BENCHMARKS[args.name]
    measured = importlib.import_module(f'benchmarks.{module}')
    options = dict(configs=args.configs) if args.configs else {}
    with counting_cpu_time(args.cpu_time):
        figures = getattr(measured, function)(args.rounds, **options)
    print(table(args.name, figures))
    if args.json:
        content = dict(
            benchmark=args.name,
            threads=args.threads,
            cpu_time=args.cpu_time,
            rounds=args.rounds,
            figures=figures,
            ratios_to_ours=ratios(figures),
        )
        with OutputFiles() as outputs:
            json.dump(content, outputs.open(args.json), indent=2)
    return 0


if __name__ == '__main__':
    sys.exit(main())
