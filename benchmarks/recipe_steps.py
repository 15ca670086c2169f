"""Measure what each step of a recipe gives, from a published system's to ours.

Usage:
    python benchmarks/recipe_steps.py [--benchmark NAME] --data-root DIR --out DIR
        [--steps N | --minutes M] [--rows ROW ...] [--test NAME [KEY=VALUE ...]] ...
        [--seeds N] [--seeded ROW ...] [--jobs N] [--cfg-options KEY=VALUE ...]

DIR is FashionAI as `fashionai_to_coco.py --val-fraction 0.1` leaves it, or DeepFashion2
as the configs have it. Every row of a ladder below adds something to the row before it,
has the same features to begin with (EfficientNet-Lite0's of ImageNet), the same
pictures and the same tests: FashionAI's in whole pictures, DeepFashion2's in annotated
boxes, or as --test has it, whose settings are those of configs. It is trained for as
many steps, or for as many minutes, as the others. Those below `starter` are that row
with one option each:

{rows}

With --minutes a row's steps are timed first, on a few batches; what it is given then is
kept in `pace/`, so that a training that goes on has the same length. The CPN recipe
alone looks at the validation set, by which it lowers its rate and chooses its weights.
An "epoch", after which all is saved, is some {epoch_steps} steps, whose pictures are
drawn by lot. Rows are trained in this order, --jobs of them at once, seed 0 first;
--seeds N trains the rows of --seeded with N seeds. `jitter` reads the boxes of a
detector in the validation pictures, `detected.json` in DIR.

The same command goes on where it was stopped, by Ctrl-C or by `kill`. `table.md` and
`results.json` in --out hold what is done so far.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the benchmarks are of the repository

from benchmarks.ladders.rows import LADDERS, Ladder  # noqa: E402
from benchmarks.ladders.table import table  # noqa: E402
from benchmarks.ladders.training import (  # noqa: E402
    EPOCH_STEPS,
    annotation_files,
    measure,
)
from benchmarks.short_trainings import keep_settings, write  # noqa: E402

STEPS = 1050


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    rows = '\n\n'.join(
        '\n'.join(f'    {name:<14}{row.adds}' for name, row in ladder.rows.items())
        for ladder in LADDERS.values()
    )
    parser = argparse.ArgumentParser(
        description=__doc__.format(rows=rows, epoch_steps=EPOCH_STEPS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--benchmark', choices=LADDERS, default='fashionai')
    parser.add_argument('--data-root', required=True, type=Path, metavar='DIR')
    parser.add_argument('--out', required=True, type=Path, metavar='DIR')
    parser.add_argument(
        '--test',
        nargs='+',
        action='append',
        metavar=('NAME', 'KEY=VALUE'),
        help="another test than the ladder's own; may be given several times",
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument(
        '--steps', type=int, default=STEPS, help='steps of every training (%(default)s)'
    )
    length.add_argument(
        '--minutes', type=float, help='minutes of training steps, in place of --steps'
    )
    parser.add_argument(
        '--batch-size', type=int, default=16, help='pictures of a step (%(default)s)'
    )
    parser.add_argument('--rows', nargs='+', metavar='ROW', help='rows (all)')
    parser.add_argument(
        '--seeds', type=int, default=1, help='seeds of the rows of --seeded (1)'
    )
    parser.add_argument(
        '--seeded',
        nargs='+',
        metavar='ROW',
        help='rows that are trained with several seeds (the first, and `starter`)',
    )
    parser.add_argument(
        '--jobs', type=int, default=1, help='trainings at once, on one device (1)'
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help='settings of every training and test, such as '
        'train_dataloader.num_workers=8',
    )
    args = parser.parse_args(argv)
    args.ladder = ladder = LADDERS[args.benchmark]
    for given in (args.rows, args.seeded):
        for name in given or ():
            if name not in ladder.rows:
                known = ', '.join(ladder.rows)
                parser.error(f'{args.benchmark} has no row {name!r}, only {known}')
    args.seeded = args.seeded or list(ladder.seeded)
    args.rows = [name for name in ladder.rows if not args.rows or name in args.rows]
    tests = [(name, options) for name, *options in args.test or ()]
    args.tests = dict(tests or ladder.tests)
    if min(args.steps, args.batch_size, args.seeds, args.jobs) < 1:
        parser.error('--steps, --batch-size, --seeds and --jobs must be at least 1')
    if args.minutes is not None and args.minutes <= 0:
        parser.error('--minutes must be more than 0')
    return args


def check_data(args: argparse.Namespace) -> int:
    """How many pictures there are to train with.

    Raises:
        SystemExit: If a file is missing, or has no picture.
    """
    ladder = args.ladder
    rows = [ladder.rows[name] for name in args.rows]
    needed = [args.data_root / ladder.train_ann, *annotation_files(args).values()]
    if any(row.validates for row in rows):
        needed.append(args.data_root / ladder.val_ann)
    counts = []
    for file in needed:
        content = json.loads(file.read_text()) if file.is_file() else {}
        counts.append(len(content.get('images', ())))
        if not counts[-1]:
            raise SystemExit(
                f'error: {file} is missing or has no picture; to fix it: convert the '
                f'data with {ladder.to_make}, and name the tests with --test'
            )
    for row in rows:
        for name in row.files.values():
            if not (args.data_root / name).is_file():
                raise SystemExit(
                    f'error: {args.data_root / name} is missing, which a row reads; to '
                    'fix it: make it with tools/detect.py, or choose other --rows'
                )
    return counts[0]


def settings_of(args: argparse.Namespace) -> dict:
    """What all trainings in --out have in common."""
    names = ('benchmark', 'tests', 'steps', 'minutes', 'batch_size', 'cfg_options')
    settings = {name: getattr(args, name) for name in names}
    if args.minutes is not None:
        del settings['steps']
    return settings | dict(data_root=str(args.data_root))


def trainings(
    ladder: Ladder, rows: Sequence[str], seeded: Sequence[str], seeds: int
) -> dict[tuple[str, int], list[str]]:
    """The rows that each training has the weights of.

    Args:
        ladder: What the rows are of.
        rows: Names of rows.
        seeded: Those that are trained with several seeds.
        seeds: How many.

    Returns:
        dict: For every row that is trained and its seed, in the order of the trainings,
        the rows that are tested; seed 0 of all rows first.
    """
    result = {}
    for seed in range(seeds):
        for name in rows:
            if seed == 0 or name in seeded:
                result.setdefault((ladder.weights_of(name), seed), []).append(name)
    return result


def keep_results(args: argparse.Namespace, results: Mapping) -> None:
    """Write what is done so far, in the order of the ladder."""
    done = {name: dict(sorted(each.items())) for name, each in results.items() if each}
    write(args.out / 'results.json', json.dumps(done, indent=2))
    write(args.out / 'table.md', table(args.ladder, done))


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    args.data_root, args.out = args.data_root.resolve(), args.out.resolve()
    pictures = check_data(args)
    keep_settings(args.out, settings_of(args))
    results = {name: {} for name in args.rows}
    writing = Lock()

    def train_and_test(training: tuple[tuple[str, int], list[str]]) -> None:
        (_, seed), names = training
        for name in names:
            measured = measure(args, name, seed, pictures)
            with writing:
                results[name][seed] = measured
                said = ', '.join(
                    f'{test} {args.ladder.number(each[args.ladder.metric])}'
                    for test, each in measured['metrics'].items()
                )
                print(f'{name}, seed {seed}: {said}', flush=True)
                keep_results(args, results)

    planned = trainings(args.ladder, args.rows, args.seeded, args.seeds)
    # Threads that wait for processes.
    with ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(train_and_test, planned.items()))  # raises what they raise
    print((args.out / 'table.md').read_text(), end='')


if __name__ == '__main__':
    main()
