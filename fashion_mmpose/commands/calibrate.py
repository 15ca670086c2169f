"""Fit how sure a network's points are to its errors on annotated pictures.

Usage:
    fashion-mmpose calibrate CONFIG [CHECKPOINT] [--part {val,test}] [--out FILE]
        [--check FILE] [--plot FILE.png] [--data-root DIR] [--device D]
        [--cfg-options KEY=VALUE ...]

Predicted points carry a covariance from the spread of their heatmaps, which says more
of the network's targets than of its errors. This fits a scale and a floor for each
group of landmarks, the influence of the score and the length of the tails, and writes
them to FILE, by default NAME.calibration.json beside a checkpoint NAME.pth, where
GarmentInferencer, predict and measure find it. What is printed comes from halves of the
set that were not fitted to: how many points lie in the ellipses of 50, 68, 90 and 95 %,
before and after, and the expected calibration error, the mean difference over all
levels. CONFIG is a path, or the name of a config that the package carries; its
validation set is used, in annotated boxes. --check fits nothing: it tells how a
calibration that is there does on this set.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from fashion_mmpose.apis import PoseNetwork
from fashion_mmpose.cli.shell import argument_parser, parse, run
from fashion_mmpose.config import load_config
from fashion_mmpose.measure.calibration import (
    beside,
    read_calibration,
    write_calibration,
)

from .calibration.errors import (
    PointErrors,
    coverage,
    gather_errors,
    landmark_groups,
)
from .calibration.fitting import LEVELS, fit, folds
from .data_root import add_data_root, set_data_root
from .running import add_cfg_options

SHOWN = np.array([0.5, 0.68, 0.9, 0.95])


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument('config', help='path or name of a config')
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help='checkpoint of the network; an ensemble names its own',
    )
    parser.add_argument(
        '--part',
        choices=('val', 'test'),
        default='val',
        help="which of the config's sets (%(default)s)",
    )
    parser.add_argument(
        '--out', metavar='FILE', help='the calibration (beside the checkpoint)'
    )
    parser.add_argument(
        '--check', metavar='FILE', help='a calibration to try on this set; fit nothing'
    )
    parser.add_argument(
        '--plot',
        metavar='FILE',
        help='draw how many points lie in ellipses of all levels',
    )
    parser.add_argument(
        '--device', default='auto', metavar='D', help='cpu, cuda:1, ... (auto)'
    )
    add_data_root(parser)
    add_cfg_options(parser)
    args = parse(parser, argv)
    is_file = args.checkpoint is not None and '://' not in args.checkpoint
    if args.out is None and not is_file and not args.check:
        parser.error('--out FILE is missing: there is no checkpoint to put it beside')
    return args


def execute(args: argparse.Namespace) -> None:
    """Predict, fit, tell, write."""
    cfg = load_config(args.config, None, args.cfg_options)
    set_data_root(cfg, args.data_root)
    network = PoseNetwork(cfg, args.checkpoint, args.device)
    errors = gather_errors(network, cfg, args.part)
    levels = np.concatenate((SHOWN, LEVELS))
    before = coverage(errors, None, levels)
    calibration = None
    if args.check:
        after = coverage(errors, read_calibration(args.check), levels)
    else:
        groups = landmark_groups(network)
        after = _held_out_coverage(errors, groups, levels)
        calibration = fit(errors, groups)
    report = _report(errors, before, after)
    print(f'{len(errors)} points of {report["garments"]} garments, {args.part} set')
    print(
        'ellipses of       ' + ''.join(f'{100 * p:7.0f} %' for p in SHOWN) + '    ECE'
    )
    for name in ('before', 'after'):
        row = report[name]
        shares = ''.join(f'{100 * share:7.1f} %' for share in row['coverage'])
        print(f'hold, {name:6}      {shares}{100 * row["ece"]:5.1f} %')
    if calibration is not None:
        out = Path(args.out) if args.out else beside(args.checkpoint)
        write_calibration(out, calibration, report)
        print(f'written to {out}')
    if args.plot:
        count = len(SHOWN)
        draw_reliability(args.plot, before[count:], after[count:])
        print(f'drawn to {args.plot}')


def _held_out_coverage(
    errors: PointErrors, groups: Mapping[str, str], levels: np.ndarray
) -> np.ndarray:
    """Coverages of halves of the garments, each by what is fitted to the other."""
    total, seen = np.zeros(len(levels)), 0
    for fitted, held_out in folds(errors):
        if fitted.any() and held_out.any():
            own = errors.chosen(held_out)
            calibration = fit(errors.chosen(fitted), groups)
            total += len(own) * coverage(own, calibration, levels)
            seen += len(own)
    if not seen:
        raise ValueError('one garment is too few to calibrate with; give more')
    return total / seen


def _report(errors: PointErrors, before: np.ndarray, after: np.ndarray) -> dict:
    count = len(SHOWN)

    def row(shares: np.ndarray) -> dict:
        off = np.abs(shares[count:] - LEVELS).mean()
        return dict(
            coverage=[round(float(share), 4) for share in shares[:count]],
            ece=round(float(off), 4),
        )

    return dict(
        points=len(errors),
        garments=len(np.unique(errors.owners)),
        levels=SHOWN.tolist(),
        before=row(before),
        after=row(after),
    )


def draw_reliability(path: str, before: np.ndarray, after: np.ndarray) -> None:
    """Draw coverages over the levels that they should be.

    Args:
        path: Picture to write, e.g. a PNG.
        before: Shares of points in the ellipses of all :data:`LEVELS`, as predicted.
        after: The same after calibration.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 4.4), layout='constrained')
    panel = figure.subplots()
    panel.plot([0, 100], [0, 100], color='0.6', lw=1)
    panel.plot(100 * LEVELS, 100 * before, 'o-', label='before')
    panel.plot(100 * LEVELS, 100 * after, 's-', label='after')
    panel.set(
        xlabel='ellipse that should hold, % of points',
        ylabel='holds, %',
        xlim=(0, 100),
        ylim=(0, 100),
    )
    panel.grid(alpha=0.3)
    panel.legend()
    figure.savefig(path, dpi=110)


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
