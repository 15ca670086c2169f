"""The whole journey on drawn blouses: draw, convert, train, test, score, look.

Usage:
    python tools/demo.py [--work-dir work_dirs/demo] [--num-train N] [--num-test N]
        [--epochs N]

Each step is a command of this repository, printed as it is run. The folder is left
with the data, the checkpoint, the log and its curves, predictions.json,
predictions.csv and grid.png.
"""

import argparse
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / 'configs' / 'demo' / 'cpn_r18_fashionai_blouse.py'


def parse_args(argv=None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/demo'))
    parser.add_argument('--num-train', type=int, default=1000, help='drawn pictures')
    parser.add_argument('--num-test', type=int, default=100, help='held-out pictures')
    parser.add_argument('--epochs', type=int, help="by default the config's")
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


def main(argv=None) -> int:
    args = parse_args(argv)
    start = time.time()
    work_dir = args.work_dir
    data = work_dir / 'data'
    for seed, (part, num) in enumerate(
        {'train': args.num_train, 'test': args.num_test}.items()
    ):
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
    training = list(options)
    if args.epochs:
        training.append(f'train_cfg.max_epochs={args.epochs}')
    config = os.path.relpath(CONFIG)
    step(
        'train a small CPN',
        'tools/train.py',
        *(config, '--work-dir', work_dir, '--cfg-options', *training),
    )
    checkpoint = (work_dir / 'last_checkpoint').read_text().strip()
    outputs = [work_dir / 'predictions.json', work_dir / 'predictions.csv']
    step(
        'test it on the held-out pictures',
        'tools/test.py',
        *(config, os.path.relpath(checkpoint), '--work-dir', work_dir),
        *('--out', *outputs, '--cfg-options', *options),
    )
    step(
        'score the CSV file, whose points are whole pixels',
        'tools/score_fashionai.py',
        *(data / 'test/Annotations/annotations.csv', outputs[1]),
        *('--json', work_dir / 'score.json'),
    )
    draw(work_dir, data, outputs[0])
    print(f'\nDone in {time.time() - start:.0f} s. Look at {work_dir}/grid.png')
    return 0


def draw(work_dir: Path, data: Path, predictions: Path) -> None:
    """Write the pictures of the run."""
    import cv2

    from fashion_mmpose.visualization import prediction_grid, training_curves

    grid = prediction_grid(data / 'annotations/test_blouse.json', predictions, data)
    cv2.imwrite(str(work_dir / 'grid.png'), grid)
    scalars = max(
        work_dir.glob('*/vis_data/scalars.json'), key=lambda path: path.stat().st_mtime
    )
    training_curves(scalars, work_dir / 'curves.png')


if __name__ == '__main__':
    sys.exit(main())
