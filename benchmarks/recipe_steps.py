"""Measure what each step of a recipe gives on FashionAI, from the CPN system's to ours.

Usage:
    python benchmarks/recipe_steps.py --data-root DIR --out DIR
        [--steps N | --minutes M] [--rows ROW ...]
        [--seeds N] [--seeded ROW ...] [--jobs N] [--cfg-options KEY=VALUE ...]

DIR is FashionAI as `fashionai_to_coco.py --val-fraction 0.1` leaves it. Every row of
the ladder below adds something to the row before it, has the same features to begin
with (EfficientNet-Lite0's of ImageNet), the same pictures
(`annotations/train_all.json`) and the same test (`--test-ann`), in whole pictures. It
is trained for as many steps, or for as many minutes, as the others. Those below
`starter` are that row with one option each:

{rows}

With --minutes a row's steps are timed first, on a few batches; what it is given then is
kept in `pace/`, so that a training that goes on has the same length. The CPN recipe
alone looks at `annotations/val_all.json`, by which it lowers its rate and chooses its
weights. An "epoch", after which all is saved, is some {epoch_steps} steps, whose
pictures are drawn by lot. Rows are trained in this order, --jobs of them at once, seed
0 first; --seeds N trains the rows of --seeded with N seeds.

The same command goes on where it was stopped, by Ctrl-C or by `kill`. `table.md` and
`results.json` in --out hold what is done so far.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the benchmarks are of the repository

from benchmarks.short_trainings import (  # noqa: E402
    METRIC,
    metrics_file,
    step_seconds,
    tested,
    train,
)
from fashion_mmpose.files.writing.outputs import OutputFiles  # noqa: E402

CONFIGS = ROOT / 'benchmarks' / 'fashionai' / 'steps'
EPOCH_STEPS = 50
STEPS = 1050
TIMED_STEPS = 8
UNTIMED_STEPS = 2  # the first ones take longer


@dataclass(frozen=True)
class Row:
    """A row of the ladder. Its config is that of its name in ``fashionai/steps``.

    Attributes:
        adds: What it has and the row before has not.
        trained_as: Another row whose weights it tests; None if it has its own.
        validates: Whether its training looks at the validation set.
    """

    adds: str
    trained_as: str | None = None
    validates: bool = False


ROWS = dict(
    cpn=Row("the CPN system's recipe as published, at 512x512", validates=True),
    schedule=Row('AdamW, warm-up and cosine, slow features'),
    head=Row('deconvolutions, narrow heatmaps decoded between cells, at 256x192'),
    two_looks=Row('a second look, around the points of the first', 'head'),
    augmentation=Row('other sizes, places and colours, wider rotations'),
    starter=Row('the starter in the place of ImageNet features'),
    averaged=Row('`starter` with averaged weights'),
    coordinates=Row('`starter` with a loss on expected positions, too'),
    erased=Row('`starter` with erased patches'),
    pasted=Row('`starter` with pieces of other garments laid over'),
    crops=Row('`starter` tested in crops of three sizes', 'starter'),
    states=Row('`starter` that tells absent, occluded and visible points, too'),
    everything=Row('`starter` with all of these options but the last'),
)
SEEDED = 'cpn', 'starter'


@dataclass(frozen=True)
class Length:
    """How long a training is: ``epochs`` of ``epoch_steps`` steps each."""

    epochs: int
    epoch_steps: int

    @classmethod
    def of(cls, steps: int) -> 'Length':
        """About as many steps, in epochs of about EPOCH_STEPS.

        Args:
            steps: 1 or more.
        """
        epochs = max(1, round(steps / EPOCH_STEPS))
        return cls(epochs, max(1, round(steps / epochs)))

    @property
    def steps(self) -> int:
        """All of them."""
        return self.epochs * self.epoch_steps


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    rows = '\n'.join(f'    {name:<14}{row.adds}' for name, row in ROWS.items())
    parser = argparse.ArgumentParser(
        description=__doc__.format(rows=rows, epoch_steps=EPOCH_STEPS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--data-root', required=True, type=Path, metavar='DIR')
    parser.add_argument('--out', required=True, type=Path, metavar='DIR')
    parser.add_argument(
        '--test-ann',
        default='annotations/test_a_all.json',
        metavar='FILE',
        help='annotations of the test, in --data-root (%(default)s)',
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
    parser.add_argument(
        '--rows', nargs='+', choices=ROWS, default=list(ROWS), help='rows (all)'
    )
    parser.add_argument(
        '--seeds', type=int, default=1, help='seeds of the rows of --seeded (1)'
    )
    parser.add_argument(
        '--seeded',
        nargs='+',
        choices=ROWS,
        default=SEEDED,
        help=f'rows that are trained with several seeds ({" and ".join(SEEDED)})',
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
    args.rows = [name for name in ROWS if name in args.rows]
    if min(args.steps, args.batch_size, args.seeds, args.jobs) < 1:
        parser.error('--steps, --batch-size, --seeds and --jobs must be at least 1')
    if args.minutes is not None and args.minutes <= 0:
        parser.error('--minutes must be more than 0')
    return args


def check_data(args: argparse.Namespace) -> int:
    """How many pictures there are to train with.

    Raises:
        SystemExit: If an annotation file is missing, or has no picture.
    """
    needed = ['annotations/train_all.json', args.test_ann]
    if any(ROWS[name].validates for name in args.rows):
        needed.append('annotations/val_all.json')
    counts = []
    for name in needed:
        file = args.data_root / name
        content = json.loads(file.read_text()) if file.is_file() else {}
        counts.append(len(content.get('images', ())))
        if not counts[-1]:
            raise SystemExit(
                f'error: {file} is missing or has no picture; to fix it: convert the '
                'data with data_converters/fashionai_to_coco.py --val-fraction 0.1, '
                'and name the test with --test-ann'
            )
    return counts[0]


def keep_settings(args: argparse.Namespace) -> None:
    """Note what all trainings in --out have in common, or compare with what is there.

    Raises:
        SystemExit: If trainings of other settings are there.
    """
    names = ('data_root', 'test_ann', 'steps', 'minutes', 'batch_size', 'cfg_options')
    settings = {name: getattr(args, name) for name in names}
    settings['data_root'] = str(args.data_root)
    if args.minutes is not None:
        del settings['steps']
    file = args.out / 'settings.json'
    if not file.exists():
        write(file, json.dumps(settings, indent=2))
    before = json.loads(file.read_text())
    changed = [name for name in names if before.get(name) != settings.get(name)]
    if changed:
        raise SystemExit(
            f'error: {args.out} has trainings of other settings ({", ".join(changed)}, '
            f'see {file.name}); to fix it: give those, or another --out'
        )


def training_options(
    args: argparse.Namespace, row: Row, length: Length, pictures: int, seed: int = 0
) -> list[str]:
    """The settings of a row's training, beside those of its config.

    Args:
        args: The command's options.
        row: The row that is trained.
        length: How long.
        pictures: How many there are to train with.
        seed: Of the weights, the pictures' order and their augmentation.
    """
    settings = {
        # With CategoryBalancedSampler, of which smoothing=1e9 makes all pictures alike.
        'train_dataloader.sampler.num_samples': length.epoch_steps * args.batch_size,
        'train_dataloader.batch_size': args.batch_size,
        # A worker that starts anew takes longer than an epoch of few pictures.
        'train_dataloader.num_workers': 0,
        'val_dataloader.num_workers': 0,
        'train_cfg.max_epochs': length.epochs,
        'randomness.seed': seed,
        'default_hooks.checkpoint.max_keep_ckpts': 1,
    }
    if row.validates:
        # As published, after every pass.
        every = round(pictures / args.batch_size / length.epoch_steps)
        settings['train_cfg.val_interval'] = max(1, every)
    return [f'{key}={each}' for key, each in settings.items()] + args.cfg_options


def length_of(args: argparse.Namespace, name: str, pictures: int) -> Length:
    """How long a row is trained; with --minutes, its steps are timed once."""
    if args.minutes is None:
        return Length.of(args.steps)
    file = args.out / 'pace' / f'{name}.json'
    if not file.exists():
        work_dir = args.out / 'pace' / name
        options = training_options(args, ROWS[name], Length(1, TIMED_STEPS), pictures)
        options += [
            'default_hooks.logger.interval=1',
            'log_processor.window_size=1',
            # Later than its end: no validation is timed.
            'train_cfg.val_begin=2',
        ]
        train(CONFIGS / f'{name}.py', work_dir, args.data_root, options, validate=True)
        # The fastest: others are held up by what else the machine does.
        seconds = min(step_seconds(work_dir)[UNTIMED_STEPS:])
        steps = max(1, round(60 * args.minutes / seconds))
        write(file, json.dumps(dict(seconds_a_step=seconds, steps=steps)))
    return Length.of(json.loads(file.read_text())['steps'])


def measure(args: argparse.Namespace, name: str, seed: int, pictures: int) -> dict:
    """Train and test a row, where that is not done yet.

    Returns:
        dict: ``metrics`` of the test, ``steps`` of the training and ``minutes`` that
        they took, without validations.
    """
    row = ROWS[name]
    trained = row.trained_as or name
    work_dir = args.out / f'{trained}_seed{seed}'
    out = args.out / f'{name}_seed{seed}' / 'test'
    length = length_of(args, trained, pictures)
    if not metrics_file(out).exists():
        own = ROWS[trained]
        options = training_options(args, own, length, pictures, seed)
        config = CONFIGS / f'{trained}.py'
        train(config, work_dir, args.data_root, options, own.validates)
    options = [
        f'test_dataloader.dataset.ann_file={args.test_ann}',
        'test_dataloader.num_workers=0',
        *args.cfg_options,
    ]
    metrics = tested(CONFIGS / f'{name}.py', work_dir, args.data_root, out, options)
    seconds = statistics.mean(step_seconds(work_dir)) * length.steps
    return dict(metrics=metrics, steps=length.steps, minutes=seconds / 60)


def table(results: Mapping[str, Mapping[int, Mapping]]) -> str:
    """The ladder: a row's error over its seeds, and that of the first row beside it.

    Args:
        results: For every row and seed what :func:`measure` returns.
    """
    head = 'row', 'adds', 'NE', 'lowest to highest', 'seeds', 'of the first', 'steps'
    lines = [f'| {" | ".join(head)} | minutes |', '|---' * (len(head) + 1) + '|']
    first = None
    for name, by_seed in results.items():
        errors = [each['metrics'][METRIC] for each in by_seed.values()]
        mean = statistics.mean(errors)
        first = mean if first is None else first
        spread = f'{min(errors):.2%} to {max(errors):.2%}' if len(errors) > 1 else ''
        minutes = statistics.mean(each['minutes'] for each in by_seed.values())
        steps = next(iter(by_seed.values()))['steps']
        cells = (
            *(name, ROWS[name].adds, f'{mean:.2%}', spread, len(errors)),
            *(f'{mean / first:.2f}', steps, f'{minutes:.1f}'),
        )
        lines.append('| ' + ' | '.join(map(str, cells)) + ' |')
    return '\n'.join(lines) + '\n'


def write(file: Path, text: str) -> None:
    """Write a file whole, or not at all."""
    with OutputFiles() as outputs:
        outputs.open(file).write(text)


def trainings(
    rows: Sequence[str], seeded: Sequence[str], seeds: int
) -> dict[tuple[str, int], list[str]]:
    """The rows that each training has the weights of.

    Args:
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
                trained = ROWS[name].trained_as or name
                result.setdefault((trained, seed), []).append(name)
    return result


def keep_results(args: argparse.Namespace, results: Mapping) -> None:
    """Write what is done so far, in the order of the ladder."""
    done = {name: dict(sorted(each.items())) for name, each in results.items() if each}
    write(args.out / 'results.json', json.dumps(done, indent=2))
    write(args.out / 'table.md', table(done))


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    pictures = check_data(args)
    args.data_root, args.out = args.data_root.resolve(), args.out.resolve()
    keep_settings(args)
    results = {name: {} for name in args.rows}
    writing = Lock()

    def train_and_test(training: tuple[tuple[str, int], list[str]]) -> None:
        (_, seed), names = training
        for name in names:
            measured = measure(args, name, seed, pictures)
            with writing:
                results[name][seed] = measured
                error = measured['metrics'][METRIC]
                print(f'{name}, seed {seed}: NE {error:.2%}', flush=True)
                keep_results(args, results)

    planned = trainings(args.rows, args.seeded, args.seeds)
    # Threads that wait for processes.
    with ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(train_and_test, planned.items()))  # raises what they raise
    print((args.out / 'table.md').read_text(), end='')


if __name__ == '__main__':
    main()
