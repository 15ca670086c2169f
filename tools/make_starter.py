"""Make the starter from nothing: draw garments, train on them, test, write the files.

Usage:
    python tools/make_starter.py [--out DIR] [--work-dir work_dirs/starter]
        [--num-outfits N] [--num-garments N] [--epochs N] [--only-calibration]

Draws DeepFashion2's outfits and FashionAI's garments into data/starter, with human
parsing maps beside those to train with. Trains the landmark network on both, then
people's joints beside it and, beside these, human parsing, and the detector on the
outfits, and tests them on held-out drawings. DIR, by default the package's own folder,
gets landmarks.safetensors, parsing.safetensors, detector.safetensors, calibrations that
are fitted to further drawings, the ONNX graphs that read the weights, each compared
with PyTorch, and starter.json with the figures.
What is there is not drawn again, and trainings go on where they were stopped.
--only-calibration fits the calibrations to the weights that are in DIR, and writes the
graphs, which hold them.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from demo import step

import fashion_mmpose
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.starter import DETECTOR, FOLDER, NAMES, PARSING, graph_file

DATA = Path('data/starter')
SEEDS = {'train': 100, 'validation': 101}
CALIBRATION = 'calibration'
CALIBRATION_SEED = 9001
CALIBRATED = [name for name in NAMES if name != DETECTOR]
SPLITS = {'train': 'train', 'validation': 'test', CALIBRATION: 'val'}  # of FashionAI


def parse_args(argv=None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--out', type=Path, default=FOLDER, help="folder of the weights (the package's)"
    )
    parser.add_argument(
        '--work-dir',
        type=Path,
        default=Path('work_dirs/starter'),
        help='folder of logs and checkpoints (%(default)s)',
    )
    parser.add_argument(
        '--num-outfits',
        type=int,
        default=9000,
        metavar='N',
        help='pictures of DeepFashion2 to train with (%(default)s)',
    )
    parser.add_argument(
        '--num-garments',
        type=int,
        default=1000,
        metavar='N',
        help='pictures of each category of FashionAI to train with (%(default)s)',
    )
    parser.add_argument(
        '--num-test',
        type=int,
        default=300,
        metavar='N',
        help='held-out pictures of each benchmark (%(default)s)',
    )
    parser.add_argument(
        '--num-calibration',
        type=int,
        default=520,
        metavar='N',
        help='outfits to calibrate with, and half as many garments (%(default)s)',
    )
    parser.add_argument(
        '--only-calibration',
        action='store_true',
        help='fit the calibrations to the weights that are there; train nothing',
    )
    parser.add_argument(
        '--epochs', type=int, help='passes of each training (as in the configs)'
    )
    return parser.parse_args(argv)


def draw(args: argparse.Namespace) -> None:
    """Draw and convert the pictures that are trained with and tested on."""
    held_out = args.num_test
    amounts = {
        'train': (args.num_outfits, args.num_garments),
        'validation': (held_out, max(1, held_out // 5)),
    }
    for part, (outfits, garments) in amounts.items():
        draw_part(part, outfits, garments, SEEDS[part], maps=part == 'train')


def draw_part(
    part: str, outfits: int, garments: int, seed: int, maps: bool = False
) -> None:
    """Draw and convert pictures of both benchmarks.

    Args:
        part: What they are for, of :data:`SPLITS`.
        outfits: So many pictures of DeepFashion2.
        garments: So many of each category of FashionAI.
        seed: Of the drawings.
        maps: Whether they have human parsing maps beside them.
    """
    drawing = ('--overwrite', *(['--parsing'] if maps else []))
    folder = DATA / 'deepfashion2' / part
    file = DATA / 'deepfashion2' / f'{part}.json'
    if not file.exists():
        step(
            f'draw {outfits} outfits for {part}',
            'tools/make_synthetic.py',
            *('--format', 'deepfashion2', '--balanced', '--num', outfits),
            *('--seed', seed, '--out', folder, *drawing),
        )
        step(
            'convert them',
            'data_converters/deepfashion2_to_coco.py',
            *('--annos', folder / 'annos', '--images', folder / 'image'),
            *('--out', file),
        )
    folder = DATA / 'fashionai' / part
    split = SPLITS[part]
    file = DATA / 'fashionai' / 'annotations' / f'{split}_all.json'
    if not file.exists():
        step(
            f'draw {garments} garments of each category for {part}',
            'tools/make_synthetic.py',
            *('--category', 'all', '--num', garments),
            *('--seed', seed, '--out', folder, *drawing),
        )
        step(
            'convert them',
            'data_converters/fashionai_to_coco.py',
            *('--csv', folder / 'Annotations/annotations.csv'),
            *('--image-root', folder, '--split', split, '--out', file.parent),
        )


def join() -> None:
    """Write both benchmarks as one."""
    from fashion_mmpose.starter.joint import joint_annotations, joint_description

    with OutputFiles() as outputs:
        json.dump(joint_description(), outputs.open(DATA / 'benchmark.json'))
        for part in SEEDS:
            split = SPLITS[part]
            files = [
                (
                    'deepfashion2',
                    str(DATA / 'deepfashion2' / f'{part}.json'),
                    f'deepfashion2/{part}/image',
                ),
                (
                    'fashionai',
                    str(DATA / 'fashionai' / 'annotations' / f'{split}_all.json'),
                    f'fashionai/{part}',
                ),
            ]
            json.dump(joint_annotations(files), outputs.open(DATA / f'{part}.json'))


def train(args: argparse.Namespace) -> None:
    """Train the networks, and write their weights."""
    import torch

    from fashion_mmpose.config.overrides import quoted
    from fashion_mmpose.engine.work_folder import last_checkpoint
    from fashion_mmpose.weights import read_checkpoint
    from fashion_mmpose.weights.starter import (
        save_landmarks,
        save_parsing,
        save_weights,
        starter_weights,
    )

    args.out.mkdir(parents=True, exist_ok=True)
    epochs = [] if args.epochs is None else [f'train_cfg.max_epochs={args.epochs}']
    options = ['--cfg-options', *epochs] if epochs else []
    # Else the second training of the landmarks has epochs of a size of its own.
    passes = [*epochs, 'train_dataloader.sampler.num_samples=None'] if epochs else []
    folder = args.work_dir / 'features'
    step(
        'train the landmark network on its own features',
        'tools/train.py',
        *('starter/landmarks', '--work-dir', folder, '--resume', *options),
    )
    best = best_of(folder)
    folder = args.work_dir / 'landmarks'
    step(
        "train it to read people's joints, too",
        'tools/train.py',
        *('starter/landmarks_joints', '--work-dir', folder, '--resume'),
        *('--cfg-options', f'load_from={quoted(best)}', *passes),
    )
    weights = read_checkpoint(best_of(folder)).tensors
    save_landmarks(weights, args.out / 'landmarks.safetensors')
    folder = args.work_dir / 'parsing'
    folder.mkdir(parents=True, exist_ok=True)
    # What is added must know the weights as they were rounded.
    torch.save(starter_weights('landmarks', args.out), folder / 'landmarks.pth')
    step(
        'train it to read what is skin, hair and clothes',
        'tools/train.py',
        *('starter/landmarks_parsing', '--work-dir', folder, '--resume'),
        # The parser, which photographs have taught, fails on drawings.
        *('--no-validate', '--cfg-options', *passes),
        f'load_from={quoted(os.path.relpath(folder / "landmarks.pth"))}',
    )
    weights = read_checkpoint(last_checkpoint(folder)).tensors
    save_parsing(weights, args.out / 'parsing.safetensors')
    folder = args.work_dir / 'detector'
    step(
        'train the detector, which starts from the backbone of that network',
        'tools/train.py',
        *('starter/detector', '--work-dir', folder, '--resume', '--cfg-options'),
        *(f'model.backbone.init_cfg.checkpoint={quoted(best)}', *epochs),
    )
    weights = read_checkpoint(best_of(folder)).tensors
    save_weights(weights, args.out / 'detector.safetensors')


def calibrate(args: argparse.Namespace) -> None:
    """Fit how sure the points of the networks are to drawings of their own."""
    import torch

    from fashion_mmpose.measure.uncertainty.calibration import beside
    from fashion_mmpose.weights.starter import starter_weights

    num = args.num_calibration
    draw_part(CALIBRATION, num, max(1, num // 10), CALIBRATION_SEED)
    annotations = dict(
        deepfashion2=(f'{CALIBRATION}.json', f'{CALIBRATION}/image'),
        fashionai=(f'annotations/{SPLITS[CALIBRATION]}_all.json', CALIBRATION),
    )
    folder = args.work_dir / CALIBRATION
    folder.mkdir(parents=True, exist_ok=True)
    for name in CALIBRATED:
        benchmark = name.removesuffix(PARSING)
        checkpoint = folder / f'{name}.pth'
        torch.save(starter_weights(name, args.out), checkpoint)
        ann_file, images = annotations[benchmark]
        dataset = 'val_dataloader.dataset'
        step(
            f'calibrate {name}',
            'tools/calibrate.py',
            *(f'starter/{name}', checkpoint, '--device', 'cpu'),
            *('--out', beside(args.out / graph_file(name))),
            *('--plot', folder / f'{name}.png', '--cfg-options'),
            f'{dataset}.data_root={DATA / benchmark}{os.sep}',
            f'{dataset}.ann_file={ann_file}',
            f'{dataset}.data_prefix.img={images}',
        )


def export(args: argparse.Namespace) -> None:
    """Write the graphs that onnxruntime reads the weights with."""
    from fashion_mmpose.export.starter import export_starter

    print('\n== write the networks as ONNX graphs', flush=True)
    for name, change in export_starter(args.out).items():
        print(f'{name}: {change}')


def best_of(folder: Path) -> str:
    """The best checkpoint of a training."""
    (path,) = folder.glob('best_*.pth')
    return os.path.relpath(path)


def test(args: argparse.Namespace) -> dict:
    """Test on held-out drawings; the figures."""
    folder = args.work_dir / 'test'
    best = {part: best_of(args.work_dir / part) for part in ('landmarks', 'detector')}
    step(
        'test the landmarks of both benchmarks in annotated boxes',
        'tools/test.py',
        *('starter/landmarks_joints', best['landmarks']),
        *('--work-dir', folder / 'landmarks'),
    )
    step(
        'test the detector',
        'tools/test.py',
        *('starter/detector', best['detector'], '--work-dir', folder / 'detector'),
    )
    return {
        part: json.loads((folder / part / 'metrics.json').read_text())['metrics']
        for part in best
    }


def main(argv=None) -> int:
    args = parse_args(argv)
    start = time.time()
    if args.only_calibration:
        calibrate(args)
        export(args)
        print(f'\nDone in {time.time() - start:.0f} s. It is in {args.out}')
        return 0
    draw(args)
    join()
    train(args)
    calibrate(args)
    export(args)
    report = dict(
        version=fashion_mmpose.__version__,
        trained_on=dict(
            outfits=args.num_outfits, garments_of_each_category=args.num_garments
        ),
        drawn=test(args),
    )
    with OutputFiles() as outputs:
        json.dump(report, outputs.open(args.out / 'starter.json'), indent=1)
    print(f'\nDone in {time.time() - start:.0f} s. The starter is in {args.out}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
