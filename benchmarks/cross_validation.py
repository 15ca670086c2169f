"""Measure by cross-validation what a training on few pictures of DeepFashion2 gives.

Usage:
    python benchmarks/cross_validation.py --gt FILE --images DIR --out DIR [--folds K]
        [--steps N] [--starts NAME ...] [--config CONFIG]

FILE is what `deepfashion2_to_coco.py` or the published HRNet system leaves, DIR holds
its pictures. They are dealt to K parts by lot. CONFIG is trained on all parts but one
and tested on that one, in annotated boxes, K times: from the starter and from ImageNet
features. What all parts give is scored together, so that every picture counts once, by
networks that have not seen it; beside it stands the starter as it is. It goes on where
it was stopped, with the same settings, and writes `table.md` in the end.
"""

import argparse
import json
import math
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the benchmarks are of the repository

from benchmarks.short_trainings import (  # noqa: E402
    STARTS,
    call,
    keep_settings,
    train,
    write,
)
from fashion_mmpose.config.overrides import quoted  # noqa: E402
from fashion_mmpose.evaluation.functional.oks import score_files  # noqa: E402

BATCH_SIZE = 16
UNTRAINED = 'the starter as it is'
COLUMNS = ('AP', 'AP.5', 'AP.75', 'AR')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--gt', required=True, type=Path, metavar='FILE')
    parser.add_argument('--images', required=True, type=Path, metavar='DIR')
    parser.add_argument('--out', required=True, type=Path, metavar='DIR')
    parser.add_argument('--folds', type=int, default=4, metavar='K')
    parser.add_argument('--steps', type=int, default=60)
    starts = ('starter', 'imagenet')
    parser.add_argument('--starts', nargs='+', choices=STARTS, default=starts)
    parser.add_argument('--config', default='starter/deepfashion2_light')
    args = parser.parse_args(argv)
    if args.folds < 2 or args.steps < 1:
        parser.error('--folds must be at least 2, and --steps at least 1')
    return args


def deal(content: Mapping, count: int, seed: int = 0) -> list[set[int]]:
    """The pictures' ids in parts of about one size, by lot.

    Raises:
        SystemExit: If there are fewer pictures than parts.
    """
    ids = sorted(image['id'] for image in content['images'])
    if len(ids) < count:
        raise SystemExit(
            f'error: {len(ids)} pictures cannot be dealt to {count} parts; to fix it: '
            'give fewer --folds'
        )
    random.Random(seed).shuffle(ids)
    return [set(ids[start::count]) for start in range(count)]


def of_pictures(content: Mapping, ids: set[int]) -> dict:
    """The annotation file of some of its pictures."""
    return dict(
        content,
        images=[each for each in content['images'] if each['id'] in ids],
        annotations=[e for e in content['annotations'] if e['image_id'] in ids],
    )


def predicted(args: argparse.Namespace, weights: str | Path, out: Path, file: Path):
    """The official results of a network on a part's file; they are kept in ``out``."""
    results = out / 'results.json'
    if not results.exists():
        call(
            *('test.py', args.config, weights, '--work-dir', out, '--out', results),
            *('--cfg-options', *dataset('test', args, file)),
        )
    return json.loads(results.read_text())


def dataset(loader: str, args: argparse.Namespace, file: Path) -> list[str]:
    """The settings that make a loader read a part's file."""
    place = f'{loader}_dataloader.dataset'
    return [
        f'{place}.data_root=',
        f'{place}.ann_file={quoted(file)}',
        f'{place}.data_prefix.img={quoted(args.images)}',
        # A worker that starts anew takes longer than an epoch of few pictures.
        f'{loader}_dataloader.num_workers=0',
    ]


def fold(args: argparse.Namespace, start: str, number: int) -> list[dict]:
    """What a network says of a part's pictures after a training on the others."""
    work_dir = args.out / f'{start}_{number}'
    learnt, held_out = (args.out / f'{p}_{number}.json' for p in ('train', 'test'))
    count = len(json.loads(learnt.read_text())['annotations'])
    epochs = math.ceil(args.steps / math.ceil(count / BATCH_SIZE))
    if not (work_dir / f'epoch_{epochs}.pth').exists():
        options = [
            *STARTS[start],
            *dataset('train', args, learnt),
            f'train_dataloader.batch_size={BATCH_SIZE}',
            f'train_cfg.max_epochs={epochs}',
            f'default_hooks.checkpoint.interval={max(1, epochs // 4)}',
        ]
        train(args.config, work_dir, args.out, options)
    return predicted(args, work_dir, work_dir / 'test', held_out)


def scored(args: argparse.Namespace, name: str, results: Sequence[dict]) -> dict:
    """The official numbers of all parts' results together."""
    file = args.out / f'{name}.json'
    write(file, json.dumps(list(results)))
    return score_files(str(args.gt), str(file)).numbers


def table(numbers: Mapping[str, Mapping[str, float]]) -> str:
    """A row for every start."""
    lines = [f'| trained from | {" | ".join(COLUMNS)} |', '|---' * 5 + '|']
    for name, each in numbers.items():
        cells = [f'{each[column]:.3f}' for column in COLUMNS]
        lines.append(f'| {" | ".join((name, *cells))} |')
    return '\n'.join(lines) + '\n'


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    args.gt, args.images, args.out = (
        path.resolve() for path in (args.gt, args.images, args.out)
    )
    content = json.loads(args.gt.read_text())
    parts = deal(content, args.folds)
    # Networks of another deal have seen the pictures that they are to be tested on.
    settings = dict(gt=str(args.gt), images=str(args.images), folds=args.folds)
    keep_settings(args.out, settings | dict(config=args.config, steps=args.steps))
    ids = {image['id'] for image in content['images']}
    for number, held_out in enumerate(parts):
        for part, chosen in (('train', ids - held_out), ('test', held_out)):
            file = args.out / f'{part}_{number}.json'
            write(file, json.dumps(of_pictures(content, chosen)))
    everything = predicted(
        args, 'starter://deepfashion2', args.out / 'untrained', args.gt
    )
    numbers = {UNTRAINED: scored(args, 'untrained', everything)}
    for start in args.starts:
        results = [
            result
            for number in range(args.folds)
            for result in fold(args, start, number)
        ]
        numbers[start] = scored(args, start, results)
        print(f'{start}: AP {numbers[start]["AP"]:.3f}', flush=True)
    write(args.out / 'table.md', table(numbers))
    print(table(numbers), end='')


if __name__ == '__main__':
    main()
