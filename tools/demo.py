"""The whole journey on drawn pictures: draw, convert, train, test, score, look.

Usage:
    python tools/demo.py [--part blouses outfits] [--work-dir work_dirs/demo]
        [--num-train N] [--num-test N] [--epochs N]

Each step is a command of this repository, printed as it is run.

blouses: FashionAI, one garment in a picture and its annotated box. Leaves the
    checkpoint, the log and its curves, predictions.json, predictions.csv and grid.png.
outfits: DeepFashion2, several garments in a picture. Landmarks are learnt first, then a
    detector on top of the same backbone; held-out pictures go through both. Leaves
    landmarks/ and detector/ with the checkpoints, boxes.json, scores.json, predicted/
    with predictions.json and the drawn pictures, and outfits.png.
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
BLOUSES = ROOT / 'configs' / 'demo' / 'cpn_r18_fashionai_blouse.py'
OUTFITS = ROOT / 'configs' / 'demo' / 'res18_outfits_deepfashion2.py'
DETECTOR = ROOT / 'configs' / 'detection' / 'rtmdet_outfits_deepfashion2.py'
SHOWN = 8  # pictures of outfits.png


def parse_args(argv=None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--part',
        nargs='+',
        choices=list(PARTS),
        default=list(PARTS),
        metavar='PART',
        help='blouses, outfits (both)',
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
        help='pictures to train with (1000 blouses, 1200 outfits)',
    )
    parser.add_argument(
        '--num-test', type=int, help='held-out pictures (100 blouses, 60 outfits)'
    )
    parser.add_argument(
        '--epochs',
        type=int,
        help='epochs of each training (as in the configs: 20, 5 and 10)',
    )
    return parser.parse_args(argv)


def step(title: str, script: str, *arguments) -> None:
    """Run a script of the repository; leave with its exit code if it fails."""
    start = time.time()
    command = [os.path.relpath(ROOT / script), *map(str, arguments)]
    print(f'\n== {title}\n$ python {shlex.join(command)}', flush=True)
    # MMEngine would give a training with loader workers a single thread.
    environment = dict(os.environ)
    environment.setdefault('OMP_NUM_THREADS', str(os.cpu_count()))
    code = subprocess.run([sys.executable, *command], env=environment).returncode
    if code:
        sys.exit(code)
    print(f'== {time.time() - start:.0f} s', flush=True)


def checkpoint_of(work_dir: Path) -> str:
    """The last checkpoint of a training."""
    pointer = work_dir / 'last_checkpoint'
    return os.path.relpath(work_dir / pointer.read_text().strip())


# ----------------------------------------------------------------------------- blouses


def blouses(args: argparse.Namespace) -> Path:
    """One category of FashionAI; the picture that shows the result."""
    work_dir = args.work_dir
    data = work_dir / 'data'
    parts = {'train': args.num_train or 1000, 'test': args.num_test or 100}
    for seed, (part, num) in enumerate(parts.items()):
        step(
            f'draw {num} blouses to {part} with',
            'tools/make_synthetic.py',
            *('--format', 'fashionai', '--category', 'blouse', '--num', num),
            *('--seed', seed, '--out', data / part),
            *('--workers', os.cpu_count(), '--overwrite'),
        )
    step(
        'convert them to COCO JSON',
        'data_converters/fashionai_to_coco.py',
        *(data, '--out', data / 'annotations', '--val-fraction', 0.05),
    )
    options = [f'data_root={data}/']
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        options.append(f'{loader}.dataset.data_root={data}/')
    config = os.path.relpath(BLOUSES)
    step(
        'train a small CPN',
        'tools/train.py',
        *(config, '--work-dir', work_dir, '--cfg-options', *options, *epochs(args)),
    )
    outputs = [work_dir / 'predictions.json', work_dir / 'predictions.csv']
    step(
        'test it on the held-out pictures',
        'tools/test.py',
        *(config, checkpoint_of(work_dir), '--work-dir', work_dir / 'test'),
        *('--out', *outputs, '--cfg-options', *options),
    )
    step(
        'score the CSV file, whose points are whole pixels',
        'tools/score_fashionai.py',
        *(data / 'test/Annotations/annotations.csv', outputs[1]),
        *('--json', work_dir / 'score.json'),
    )
    return draw_blouses(work_dir, data, outputs[0])


def draw_blouses(work_dir: Path, data: Path, predictions: Path) -> Path:
    """Write the pictures of the run."""
    import cv2

    from fashion_mmpose.visualization import prediction_grid, training_curves

    grid = prediction_grid(data / 'annotations/test_blouse.json', predictions, data)
    cv2.imwrite(str(work_dir / 'grid.png'), grid)
    scalars = max(
        work_dir.glob('*/vis_data/scalars.json'), key=lambda path: path.stat().st_mtime
    )
    training_curves(scalars, work_dir / 'curves.png')
    return work_dir / 'grid.png'


# ----------------------------------------------------------------------------- outfits


def outfits(args: argparse.Namespace) -> Path:
    """Pictures of several garments; the picture that shows the result."""
    from fashion_mmpose.config import read_config

    work_dir = args.work_dir
    data = work_dir / 'outfits'
    pictures = data / 'validation' / 'image'
    parts = {'train': args.num_train or 1200, 'validation': args.num_test or 60}
    worn = read_config(OUTFITS).train_dataloader.dataset.categories
    for seed, (part, num) in enumerate(parts.items()):
        step(
            f'draw {num} outfits for {part}',
            'tools/make_synthetic.py',
            *('--format', 'deepfashion2', '--balanced', '--only', *worn, '--num', num),
            *('--seed', seed, '--out', data / part),
            *('--workers', os.cpu_count(), '--overwrite'),
        )
        step(
            'convert them to COCO JSON',
            'data_converters/deepfashion2_to_coco.py',
            *('--annos', data / part / 'annos', '--images', data / part / 'image'),
            *('--out', data / f'{part}.json'),
        )
    options = [
        f'{loader}.dataset.data_root={data}/'
        for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader')
    ]
    config, landmarks = os.path.relpath(OUTFITS), work_dir / 'landmarks'
    step(
        'train a small network on the landmarks',
        'tools/train.py',
        *(config, '--work-dir', landmarks, '--cfg-options', *options, *epochs(args)),
    )
    pose = config, checkpoint_of(landmarks)
    config, folder = os.path.relpath(DETECTOR), work_dir / 'detector'
    step(
        'train a detector, which starts from the backbone of that network',
        'tools/train.py',
        *(config, '--work-dir', folder, '--cfg-options', *options, *epochs(args)),
        *(
            f'{part}_evaluator.ann_file={data}/validation.json'
            for part in ('val', 'test')
        ),
        f'model.backbone.init_cfg.checkpoint={pose[1]}',
    )
    detector = config, checkpoint_of(folder)
    boxes = work_dir / 'boxes.json'
    step(
        'find the garments in the held-out pictures',
        'tools/detect.py',
        *(*detector, '--ann-file', data / 'validation.json', '--img-root', pictures),
        *('--out', boxes),
    )
    step(
        'score the landmarks in annotated boxes, in these, and in whole pictures',
        'tools/compare_boxes.py',
        *(*pose, '--bbox-file', boxes, '--json', work_dir / 'scores.json'),
        *('--work-dir', landmarks, '--cfg-options', *options),
        'test_evaluator.rescore=True',
    )
    step(
        'from pictures to landmarks, as in use',
        'tools/predict.py',
        *(pictures, '--pose', *pose, '--det', *detector, '--save-json', '--save-vis'),
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


def epochs(args: argparse.Namespace) -> list[str]:
    """The override for a training, if there is one."""
    if args.epochs is None:
        return []
    return [f'train_cfg.max_epochs={args.epochs}', 'train_cfg.val_interval=1']


PARTS = {'blouses': blouses, 'outfits': outfits}


def main(argv=None) -> int:
    args = parse_args(argv)
    start = time.time()
    shown = [PARTS[part](args) for part in args.part]
    print(
        f'\nDone in {time.time() - start:.0f} s. '
        f'Look at {" and ".join(map(str, shown))}'
    )
    return 0


if __name__ == '__main__':
    sys.exit(main())
