"""The whole journey on drawn pictures: draw, convert, finetune, test, score, look.

Usage:
    python tools/demo.py [--part garments outfits] [--pictures DIR]
        [--work-dir work_dirs/demo] [--num-train N] [--num-test N] [--epochs N]

Each step is a command of this repository, printed as it is run.

garments: FashionAI's five categories, one garment in a picture. The starter's network
    is finetuned. Leaves the checkpoint, the log and its curves, predictions.json,
    predictions.csv and grid.png.
outfits: DeepFashion2, several garments in a picture. The starter's landmark network is
    finetuned, and its detector finds the garments. Leaves landmarks/ with the
    checkpoint, boxes.json, scores.json, predicted/ with predictions.json and the drawn
    pictures, and outfits.png.

--pictures runs the starter on pictures of your own, and leaves mine/.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GARMENTS, OUTFITS = 'starter/fashionai', 'starter/deepfashion2'
DETECTOR = 'starter/detector', 'starter://detector'
# Finetuning goes on from what the starter knows; the recipe's rate is for more.
RATE = 5e-4
SHOWN = 8  # pictures of outfits.png


def parse_args(argv=None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--part',
        nargs='*',
        choices=list(PARTS),
        default=list(PARTS),
        metavar='PART',
        help='garments, outfits (both)',
    )
    parser.add_argument(
        '--pictures',
        type=Path,
        metavar='DIR',
        help='folder of your own pictures, in which the starter finds garments',
    )
    parser.add_argument(
        '--work-dir',
        type=Path,
        default=Path('work_dirs/demo'),
        help='folder of everything that is made (%(default)s)',
    )
    parser.add_argument(
        '--num-train',
        type=int,
        help='pictures to train with (60 of each garment, 240 outfits)',
    )
    parser.add_argument(
        '--num-test',
        type=int,
        help='held-out pictures (12 of each garment, 60 outfits)',
    )
    parser.add_argument(
        '--epochs',
        type=int,
        default=3,
        help='epochs of each training (%(default)s)',
    )
    return parser.parse_args(argv)


def step(title: str, script: str, *arguments) -> None:
    """Run a script of the repository; leave with its exit code if it fails."""
    start = time.time()
    command = [os.path.relpath(ROOT / script), *map(str, arguments)]
    print(f'\n== {title}\n$ python {shlex.join(command)}', flush=True)
    code = subprocess.run([sys.executable, *command]).returncode
    if code:
        sys.exit(code)
    print(f'== {time.time() - start:.0f} s', flush=True)


def checkpoint_of(work_dir: Path) -> str:
    """The last checkpoint of a training."""
    pointer = work_dir / 'last_checkpoint'
    return os.path.relpath(work_dir / pointer.read_text().strip())


def garments(args: argparse.Namespace) -> Path:
    """FashionAI's categories; the picture that shows the result."""
    work_dir = args.work_dir
    data = work_dir / 'data'
    parts = {'train': args.num_train or 60, 'test': args.num_test or 12}
    for seed, (part, num) in enumerate(parts.items()):
        step(
            f'draw {num} garments of each category to {part} with',
            'tools/make_synthetic.py',
            *('--format', 'fashionai', '--category', 'all', '--num', num),
            *('--seed', seed, '--out', data / part),
            '--overwrite',
        )
    step(
        'convert them to COCO JSON',
        'data_converters/fashionai_to_coco.py',
        *(data, '--out', data / 'annotations'),
        # A picture of each category at least: trainings do not validate on nothing.
        *('--val-fraction', max(0.05, 1 / parts['train'])),
    )
    place = ('--data-root', data)
    step(
        'finetune the starter',
        'tools/train.py',
        *(GARMENTS, *place, '--work-dir', work_dir, *options(args)),
    )
    outputs = [work_dir / 'predictions.json', work_dir / 'predictions.csv']
    step(
        'test it on the held-out pictures',
        'tools/test.py',
        *(GARMENTS, checkpoint_of(work_dir), *place, '--work-dir', work_dir / 'test'),
        *('--out', *outputs),
    )
    step(
        'score the CSV file, whose points are whole pixels',
        'tools/score_fashionai.py',
        *(data / 'test/Annotations/annotations.csv', outputs[1]),
        *('--json', work_dir / 'score.json'),
    )
    return draw_garments(work_dir, data, outputs[0])


def draw_garments(work_dir: Path, data: Path, predictions: Path) -> Path:
    """Write the pictures of the run."""
    import cv2

    from fashion_mmpose.visualization import prediction_grid, training_curves

    grid = prediction_grid(data / 'annotations/test_all.json', predictions, data)
    cv2.imwrite(str(work_dir / 'grid.png'), grid)
    scalars = max(
        work_dir.glob('*/vis_data/scalars.json'), key=lambda path: path.stat().st_mtime
    )
    training_curves(scalars, work_dir / 'curves.png')
    return work_dir / 'grid.png'


def outfits(args: argparse.Namespace) -> Path:
    """Pictures of several garments; the picture that shows the result."""
    work_dir = args.work_dir
    data = work_dir / 'outfits'
    pictures = data / 'validation' / 'image'
    parts = {'train': args.num_train or 240, 'validation': args.num_test or 60}
    for seed, (part, num) in enumerate(parts.items()):
        step(
            f'draw {num} outfits for {part}',
            'tools/make_synthetic.py',
            *('--format', 'deepfashion2', '--balanced', '--num', num),
            *('--seed', seed, '--out', data / part),
            '--overwrite',
        )
        step(
            'convert them to COCO JSON',
            'data_converters/deepfashion2_to_coco.py',
            *('--annos', data / part / 'annos', '--images', data / part / 'image'),
            *('--out', data / f'{part}.json'),
        )
    place, landmarks = ('--data-root', data), work_dir / 'landmarks'
    step(
        'finetune the starter on the landmarks',
        'tools/train.py',
        *(OUTFITS, *place, '--work-dir', landmarks, *options(args)),
    )
    pose = OUTFITS, checkpoint_of(landmarks)
    boxes = work_dir / 'boxes.json'
    step(
        "find the garments in the held-out pictures with the starter's detector",
        'tools/detect.py',
        *(*DETECTOR, '--ann-file', data / 'validation.json', '--img-root', pictures),
        # Boxes of lower scores are many, and hardly count.
        *('--score-thr', 0.1, '--out', boxes),
    )
    step(
        'score the landmarks in annotated boxes, in these, and in whole pictures',
        'tools/compare_boxes.py',
        *(*pose, '--bbox-file', boxes, '--json', work_dir / 'scores.json', *place),
        *('--work-dir', landmarks, '--cfg-options', 'test_evaluator.rescore=True'),
    )
    step(
        'from pictures to landmarks, as in use',
        'tools/predict.py',
        *(pictures, '--pose', *pose, '--det', *DETECTOR, '--save-json', '--save-vis'),
        *('--out-dir', work_dir / 'predicted'),
    )
    return draw_outfits(work_dir)


def draw_outfits(work_dir: Path) -> Path:
    """Write the drawn predictions that are the most certain as one picture."""
    import cv2

    from fashion_mmpose.visualization import picture_grid

    predicted = work_dir / 'predicted'
    entries = json.loads((predicted / 'predictions.json').read_text())
    paths = sorted((predicted / 'drawn').iterdir())
    certain = most_certain(entries, [path.name for path in paths])[:SHOWN]
    pictures = [cv2.imread(str(predicted / 'drawn' / name)) for name in certain]
    cv2.imwrite(str(work_dir / 'outfits.png'), picture_grid(pictures, 4, cell=400))
    return work_dir / 'outfits.png'


def most_certain(entries: Sequence[Mapping], names: Iterable[str]) -> list[str]:
    """Pictures by their least certain garment, those of several garments first."""
    scores = {name: [] for name in names}
    for entry in entries:
        scores[entry['image']].append(entry['score'])
    return sorted(
        scores, key=lambda name: (len(scores[name]) < 2, -min(scores[name], default=0))
    )


def options(args: argparse.Namespace) -> list:
    """The options of a short training."""
    return [
        '--cfg-options',
        f'train_cfg.max_epochs={args.epochs}',
        f'train_cfg.val_interval={args.epochs}',
        f'optim_wrapper.optimizer.lr={RATE}',
        'param_scheduler.0.end=20',
    ]


def mine(args: argparse.Namespace) -> Path:
    """What the starter finds in pictures of the user's; their folder."""
    folder = args.work_dir / 'mine'
    step(
        'find garments and landmarks in your pictures with the starter',
        'tools/predict.py',
        *(args.pictures, '--save-json', '--save-vis', '--out-dir', folder),
    )
    return folder / 'drawn'


PARTS = {'garments': garments, 'outfits': outfits}


def main(argv=None) -> int:
    args = parse_args(argv)
    start = time.time()
    shown = [mine(args)] if args.pictures else []
    shown += [PARTS[part](args) for part in args.part]
    print(
        f'\nDone in {time.time() - start:.0f} s. '
        f'Look at {" and ".join(map(str, shown))}'
    )
    return 0


if __name__ == '__main__':
    sys.exit(main())
