"""A ladder's rows trained and tested, each only once."""

import argparse
import json
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.short_trainings import (
    step_seconds,
    tested,
    train,
    weights_of,
    write,
)
from fashion_mmpose.config.overrides import parse_value, quoted

EPOCH_STEPS = 50
TIMED_STEPS = 8
UNTIMED_STEPS = 2  # the first ones take longer


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


def annotation_files(args: argparse.Namespace) -> dict[str, Path]:
    """The annotation file of every test."""
    key = 'test_dataloader.dataset.ann_file='
    files = {}
    for name, options in args.tests.items():
        given = [each.removeprefix(key) for each in options if each.startswith(key)]
        file = parse_value(given[-1]) if given else args.ladder.val_ann
        files[name] = args.data_root / file
    return files


def training_options(
    args: argparse.Namespace, name: str, length: Length, pictures: int, seed: int = 0
) -> list[str]:
    """The settings of a row's training, beside those of its config.

    Args:
        args: The command's options.
        name: The row that is trained.
        length: How long.
        pictures: How many there are to train with.
        seed: Of the weights, the pictures' order and their augmentation.
    """
    row = args.ladder.rows[name]
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
    settings |= {key: quoted(args.data_root / file) for key, file in row.files.items()}
    if row.validates:
        # As published, after every pass.
        every = round(pictures / args.batch_size / length.epoch_steps)
        settings['train_cfg.val_interval'] = max(1, every)
    return [f'{key}={each}' for key, each in settings.items()] + args.cfg_options


def config_of(args: argparse.Namespace, name: str) -> Path:
    """The config of a row."""
    return args.ladder.configs / f'{name}.py'


def length_of(args: argparse.Namespace, name: str, pictures: int) -> Length:
    """How long a row is trained; with --minutes, its steps are timed once."""
    if args.minutes is None:
        return Length.of(args.steps)
    file = args.out / 'pace' / f'{name}.json'
    if not file.exists():
        work_dir = args.out / 'pace' / name
        options = training_options(args, name, Length(1, TIMED_STEPS), pictures)
        options += [
            'default_hooks.logger.interval=1',
            'log_processor.window_size=1',
            # Later than its end: no validation is timed.
            'train_cfg.val_begin=2',
        ]
        train(config_of(args, name), work_dir, args.data_root, options, validate=True)
        # The fastest: others are held up by what else the machine does.
        seconds = min(step_seconds(work_dir)[UNTIMED_STEPS:])
        steps = max(1, round(60 * args.minutes / seconds))
        write(file, json.dumps(dict(seconds_a_step=seconds, steps=steps)))
    return Length.of(json.loads(file.read_text())['steps'])


def trained(
    args: argparse.Namespace,
    name: str,
    work_dir: Path,
    length: Length,
    options: Sequence[str],
) -> None:
    """Train a row, where that is not done yet."""
    if not (work_dir / f'epoch_{length.epochs}.pth').exists():
        validates = args.ladder.rows[name].validates
        train(config_of(args, name), work_dir, args.data_root, options, validates)


def training_seconds(work_dir: Path, length: Length) -> float:
    """What all steps of a training took, by the mean of those in its log."""
    return statistics.mean(step_seconds(work_dir)) * length.steps


def test_options(args: argparse.Namespace, test: str) -> list[str]:
    """The settings of a test."""
    return ['test_dataloader.num_workers=0', *args.tests[test], *args.cfg_options]


def measure(args: argparse.Namespace, name: str, seed: int, pictures: int) -> dict:
    """Train and test a row, where that is not done yet.

    Returns:
        dict: ``metrics`` of every test, ``steps`` of the training and ``minutes`` that
        they took, without validations.
    """
    row = args.ladder.rows[name]
    own = args.ladder.weights_of(name)
    length = length_of(args, own, pictures)
    work_dir = args.out / f'{own}_seed{seed}'
    trained(
        args, own, work_dir, length, training_options(args, own, length, pictures, seed)
    )
    seconds = training_seconds(work_dir, length)
    out = args.out / f'{name}_seed{seed}'
    if row.finetunes is None:
        metrics = {
            test: tested(
                config_of(args, name),
                work_dir,
                args.data_root,
                out / test,
                test_options(args, test),
            )
            for test in args.tests
        }
        return dict(metrics=metrics, steps=length.steps, minutes=seconds / 60)
    metrics, again = finetuned(args, name, seed, pictures, length)
    return dict(metrics=metrics, steps=2 * length.steps, minutes=(seconds + again) / 60)


def finetuned(
    args: argparse.Namespace, name: str, seed: int, pictures: int, length: Length
) -> tuple[dict[str, dict], float]:
    """Train a row's network on for every category alone, and test each copy on its own.

    A precision of all categories is the mean of theirs.

    Args:
        args: The command's options.
        name: The row.
        seed: Of the network and of the trainings.
        pictures: How many there are to train with.
        length: How long all categories together are trained.

    Returns:
        dict and float: The metrics of every test, and the seconds of all steps.
    """
    files = annotation_files(args)
    present = {test: categories(file) for test, file in files.items()}
    learnt = categories(args.data_root / args.ladder.train_ann)
    start = weights_of(args.out / f'{args.ladder.rows[name].finetunes}_seed{seed}')
    share = Length.of(math.ceil(length.steps / len(learnt)))
    found, seconds = {test: [] for test in files}, 0.0
    for category in learnt:
        out = args.out / f'{name}_seed{seed}' / category
        chosen = [
            f'{loader}_dataloader.dataset.categories=[{category}]'
            for loader in ('train', 'val', 'test')
        ]
        options = training_options(args, name, share, pictures, seed)
        trained(
            args, name, out, share, [*options, *chosen, f'load_from={quoted(start)}']
        )
        seconds += training_seconds(out, share)
        for test in files:
            if category in present[test]:
                options = [*test_options(args, test), *chosen]
                config = config_of(args, name)
                found[test].append(
                    tested(config, out, args.data_root, out / test, options)
                )
    return {test: means(all_of) for test, all_of in found.items()}, seconds


def means(metrics: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each number over the tests that have it.

    -1 is COCO's sign for nothing to be found, and no number.
    """
    keys = dict.fromkeys(key for each in metrics for key in each)
    values = {key: [each[key] for each in metrics if key in each] for key in keys}
    counted = {key: [v for v in own if v != -1] for key, own in values.items()}
    return {key: statistics.mean(own) if own else -1 for key, own in counted.items()}


def categories(file: Path) -> list[str]:
    """The categories that an annotation file has labelled garments of."""
    content = json.loads(file.read_text())
    ids = {e['category_id'] for e in content['annotations'] if e['num_keypoints']}
    return [each['name'] for each in content['categories'] if each['id'] in ids]
