"""Measure how many labelled pictures a training needs, from several beginnings.

Usage:
    python benchmarks/learning_curve.py --data-root DIR --out DIR [--sizes N ...]
        [--steps N] [--starts NAME ...] [--config CONFIG]

DIR is FashionAI as `fashionai_to_coco.py` leaves it. For each size, as many pictures of
every category are drawn by lot from `annotations/train_all.json` (sizes above what
there is are one, that of all), and CONFIG is trained on them for as many steps as on
the other sizes, in whole pictures: from the starter, from ImageNet features and from
scratch. The test is `annotations/test_all.json`. It goes on where it was stopped, with
the same settings; `table.md` and `curve.png` are written in the end.
"""

import argparse
import json
import math
import random
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the benchmarks are of the repository

from benchmarks.short_trainings import (  # noqa: E402
    METRIC,
    STARTS,
    keep_settings,
    metrics_file,
    tested,
    train,
)
from fashion_mmpose.config.overrides import quoted  # noqa: E402

SIZES = (30, 100, 300, 1000, 2799)
BATCH_SIZE = 16


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--data-root', required=True, type=Path)
    parser.add_argument('--out', required=True, type=Path)
    parser.add_argument('--sizes', nargs='+', type=int, default=SIZES)
    parser.add_argument('--steps', type=int, default=240)
    parser.add_argument('--starts', nargs='+', choices=STARTS, default=list(STARTS))
    parser.add_argument('--config', default='starter/fashionai_light')
    return parser.parse_args(argv)


def subset(content: dict, size: int, seed: int = 0) -> dict:
    """As many pictures of each category, with their garments.

    Args:
        content: An annotation file with one garment in each picture.
        size: How many pictures in all; all if there are not as many.
        seed: Of the lot.
    """
    by_category = defaultdict(list)
    for each in content['annotations']:
        by_category[each['category_id']].append(each)
    chosen = []
    rng = random.Random(seed)
    for entries in by_category.values():
        rng.shuffle(entries)
    # By turns, so that all categories have as many until one has no more.
    for place in range(max(map(len, by_category.values()))):
        chosen += [e[place] for e in by_category.values() if place < len(e)]
    chosen = sorted(chosen[:size], key=lambda each: each['id'])
    images = {each['image_id'] for each in chosen}
    return dict(
        content,
        annotations=chosen,
        images=[each for each in content['images'] if each['id'] in images],
    )


def train_and_test(args: argparse.Namespace, start: str, size: int, file: Path) -> dict:
    """The metrics of one training; they are kept in its work folder."""
    work_dir = args.out / f'{start}_{size}'
    if not metrics_file(work_dir / 'test').exists():
        count = len(json.loads(file.read_text())['images'])
        epochs = math.ceil(args.steps / math.ceil(count / BATCH_SIZE))
        options = [
            *STARTS[start],
            f'train_dataloader.dataset.ann_file={quoted(file.resolve())}',
            f'train_dataloader.batch_size={BATCH_SIZE}',
            # A worker that starts anew takes longer than an epoch of few pictures.
            'train_dataloader.num_workers=0',
            f'train_cfg.max_epochs={epochs}',
            f'default_hooks.checkpoint.interval={max(1, epochs // 8)}',
        ]
        train(args.config, work_dir, args.data_root, options)
    return tested(args.config, work_dir, args.data_root, work_dir / 'test')


def write_results(out: Path, figures: dict[str, dict[int, float]]) -> None:
    """A table and a plot of the errors."""
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot as plt

    columns = figures.values()
    sizes = sorted({size for each in columns for size in each})
    lines = ['| pictures | ' + ' | '.join(figures) + ' |', '|---' * (len(figures) + 1)]
    lines[1] += '|'
    for size in sizes:
        cells = [
            f'{each[size]:.1%}' if size in each else '' for each in figures.values()
        ]
        lines.append(f'| {size} | ' + ' | '.join(cells) + ' |')
    (out / 'table.md').write_text('\n'.join(lines) + '\n')
    figure, axes = plt.subplots(figsize=(6, 4))
    for name, each in figures.items():
        axes.plot(
            list(each), [100 * value for value in each.values()], 'o-', label=name
        )
    axes.set(xscale='log', xlabel='labelled pictures', ylabel='NE (%)', ylim=(0, None))
    axes.set_xticks(sizes, map(str, sizes))
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(out / 'curve.png', dpi=120, bbox_inches='tight')


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    whole = json.loads((args.data_root / 'annotations' / 'train_all.json').read_text())
    settings = dict(data_root=str(args.data_root.resolve()))
    settings |= dict(config=args.config, steps=args.steps)
    keep_settings(args.out, settings)
    figures = defaultdict(dict)
    most = len(whole['annotations'])
    for size in sorted({min(size, most) for size in args.sizes}):
        file = args.out / f'train_{size}.json'
        file.write_text(json.dumps(subset(whole, size)))
        for start in args.starts:
            metrics = train_and_test(args, start, size, file)
            figures[start][size] = metrics[METRIC]
            print(f'{start}, {size} pictures: NE {metrics[METRIC]:.2%}', flush=True)
    write_results(args.out, {name: figures[name] for name in args.starts})


if __name__ == '__main__':
    main()
