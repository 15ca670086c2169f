"""Options of training and testing that MMPose's own tools have, under their names."""

import argparse

from mmengine.config import Config

from fashion_mmpose.config.parts import is_detector, kind_of

from .running import add_evaluator

PICKLES = ('.pkl', '.pickle')
# What decides by the score of a validation.
_WATCHING = ('ReduceOnPlateauLR', 'EarlyStoppingHook', 'PersistentEarlyStoppingHook')


def add_test_options(parser: argparse.ArgumentParser) -> None:
    """Add what MMPose's ``tools/test.py`` has besides ours."""
    parser.add_argument(
        '--dump',
        metavar='FILE.pkl',
        help='file to pickle the data samples of the test to, for programs',
    )
    parser.add_argument(
        '--show', action='store_true', help='show the predictions in a window'
    )
    parser.add_argument(
        '--interval',
        type=int,
        default=1,
        metavar='N',
        help='show every N-th sample (%(default)s)',
    )
    parser.add_argument(
        '--wait-time',
        type=float,
        default=1.0,
        metavar='SECONDS',
        help='how long each is shown (%(default)s)',
    )


def set_test_options(cfg: Config, args: argparse.Namespace) -> None:
    """Apply the options of :func:`add_test_options` to a config, in place.

    Raises:
        ValueError: If a value is none.
    """
    if args.interval < 1:
        raise ValueError(f'--interval {args.interval}: it must be at least 1')
    if args.dump is not None:
        if not args.dump.endswith(PICKLES):
            raise ValueError(f'--dump {args.dump}: its name must end in {PICKLES}')
        add_evaluator(cfg, dict(type='DumpResults', out_file_path=args.dump))
    if args.show:
        cfg.default_hooks.visualization.update(
            {'draw' if is_detector(cfg) else 'enable': True},
            show=True,
            wait_time=args.wait_time,
            interval=args.interval,
        )


def set_no_validation(cfg: Config) -> None:
    """Let a training do without validation, in place: it keeps the last checkpoint.

    Raises:
        ValueError: If the schedule, or a hook, decides by the score of validations.
    """
    watching = [
        kind_of(each)
        for each in (
            *_as_list(cfg.get('param_scheduler')),
            *(cfg.get('custom_hooks') or ()),
        )
        if kind_of(each) in _WATCHING
    ]
    if watching:
        raise ValueError(
            f'--no-validate: {", ".join(watching)} decides by the score of the '
            'validation; to fix it: leave the option out, or override param_scheduler '
            'and custom_hooks'
        )
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.default_hooks.checkpoint.pop('save_best', None)


def _as_list(value) -> list:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
