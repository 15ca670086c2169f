"""Fit how sure a network's points are to its errors on annotated pictures.

Usage:
    fashion-mmpose calibrate CONFIG [CHECKPOINT] [--part {val,test}] [--out FILE]
        [--tolerance UNITS] [--check FILE] [--plot FILE.png] [--data-root DIR]
        [--device D] [--cfg-options KEY=VALUE ...]

Predicted points carry a covariance from the spread of their heatmaps, which says more
of the network's targets than of its errors. This fits a scale and a floor for each
group of landmarks, the influence of the score and the length of the tails; and a curve
that makes probabilities of scores, how likely a point lies near its landmark. They are
written to FILE, by default NAME.calibration.json beside a checkpoint NAME.pth, where
GarmentInferencer, predict and measure find it. What is printed comes from halves of the
set that were not fitted to: how many points lie in the ellipses of 50, 68, 90 and 95 %,
before and after, and the expected calibration error, the mean difference over all
levels; and that of scores and of probabilities.

Near is what lies within --tolerance units of the landmark: shares of the normaliser for
FashionAI (0.1), elsewhere of 2 * sigma * sqrt(area) (1.1774, which is an OKS of 0.5).
CONFIG is a path, or the name of a config that the package carries; its validation set
is used, in annotated boxes. --check fits nothing: it tells how a calibration that is
there does on this set.
"""

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fashion_mmpose.apis import PoseNetwork
from fashion_mmpose.cli.shell import argument_parser, parse, run
from fashion_mmpose.commands.runs.data_root import add_data_root, set_data_root
from fashion_mmpose.commands.runs.running import (
    add_cfg_options,
    locked_places,
    take_folder,
)
from fashion_mmpose.config.loading import load_config
from fashion_mmpose.errors import FormatError
from fashion_mmpose.evaluation.functional.reliability import reliability
from fashion_mmpose.files.writing.faults import check_no_input
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.garments import Benchmark
from fashion_mmpose.measure.uncertainty.calibration import (
    Calibration,
    beside,
    read_calibration,
    write_calibration,
)

from .errors import PointErrors, coverage, gather_errors, landmark_groups
from .fitting import LEVELS, fit, folds
from .scores import default_tolerance, fit_scores, near_points, score_error

SHOWN = np.array([0.5, 0.68, 0.9, 0.95])


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument('config', help='path or name of a config')
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help='checkpoint of the network; an ensemble, and a folder of networks in the '
        'place of CONFIG, have their own',
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
        '--tolerance',
        type=float,
        metavar='UNITS',
        help='points are near up to here (as in the error report: 0.1 of the '
        'normaliser, or an OKS of 0.5)',
    )
    parser.add_argument(
        '--plot',
        metavar='FILE',
        help='draw how many points lie in ellipses of all levels, and are near',
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
    if args.tolerance is not None and not 0 < args.tolerance < np.inf:
        parser.error(f'--tolerance must be more than 0, not {args.tolerance:g}')
    if args.tolerance is not None and args.check:
        parser.error('--tolerance is fitted with; the FILE of --check has its own')
    if args.out is not None and args.check:
        parser.error('--out is where a fit is written, and --check fits nothing')
    return args


@dataclass(frozen=True, eq=False)
class Reached:
    """What a calibration makes of points; n of them have a unit.

    Attributes:
        coverage: Shares in the ellipses of :data:`SHOWN` and :data:`LEVELS`.
        scores: Of the points, or their probabilities, shape (n, ).
        near: Which of these points are near, bool, shape (n, ).
    """

    coverage: np.ndarray
    scores: np.ndarray
    near: np.ndarray

    def to_dict(self) -> dict:
        """Plain values: coverages, and both expected calibration errors."""
        count = len(SHOWN)
        off = np.abs(self.coverage[count:] - LEVELS).mean()
        error = score_error(self.scores, self.near)
        return dict(
            coverage=[round(float(share), 4) for share in self.coverage[:count]],
            ece=round(float(off), 4),
            score_ece=round(error, 4) if np.isfinite(error) else None,
        )


def execute(args: argparse.Namespace) -> None:
    """Calibrate, once it is known that the files can be written."""
    take_folder(args, is_detector=False)
    out = None
    if not args.check:
        out = Path(args.out) if args.out else beside(args.checkpoint)
        check_no_input(out, [args.config, args.checkpoint])
    if args.plot:
        check_plot(args.plot)
    files = [os.fspath(path) for path in (out, args.plot) if path]
    with locked_places('none', files=files):
        calibrate(args, out)


def calibrate(args: argparse.Namespace, out: Path | None) -> None:
    """Predict, fit, tell, write.

    Args:
        args: The options.
        out: The calibration to write; None to check the one that is there.
    """
    cfg = load_config(args.config, None, args.cfg_options)
    set_data_root(cfg, args.data_root)
    network = PoseNetwork(cfg, args.checkpoint, args.device)
    whole = network.definition
    checked = None
    if args.check:
        checked = read_calibration(args.check)
        missing = [name for name in whole.keypoints if name not in checked.scales]
        if missing:
            raise FormatError(
                f'{args.check} was fitted to another network: it has no {missing[0]}, '
                f'which is a key point of {whole.name}'
            )
    errors = gather_errors(network, cfg, args.part)
    tolerance = args.tolerance or default_tolerance(whole)
    if checked is not None and checked.curve is not None:
        tolerance = checked.curve.tolerance
    before = reached(errors, None, tolerance)
    if checked is not None:
        after = reached(errors, checked, tolerance)
    else:
        groups = landmark_groups(network)
        after = _held_out(errors, groups, whole, tolerance)
    report = dict(
        points=len(errors),
        garments=len(np.unique(errors.owners)),
        near=round(float(before.near.mean()), 4) if len(before.near) else None,
        levels=SHOWN.tolist(),
        before=before.to_dict(),
        after=after.to_dict(),
    )
    _tell(report, args.part, tolerance)
    if out is not None:
        write_calibration(out, fit_all(errors, groups, whole, tolerance), report)
        print(f'written to {out}')
    if args.plot:
        draw_reliability(args.plot, before, after)
        print(f'drawn to {args.plot}')


def fit_all(
    errors: PointErrors,
    groups: Mapping[str, str],
    benchmark: Benchmark,
    tolerance: float,
) -> Calibration:
    """Covariances and probabilities, fitted to the same points.

    Args:
        errors: Points whose truth is known.
        groups: The group of every key point.
        benchmark: Whose points these are.
        tolerance: Points are near up to so many units.
    """
    fitted = fit(errors, groups)
    return replace(fitted, curve=fit_scores(errors, benchmark, tolerance))


def reached(
    errors: PointErrors, calibration: Calibration | None, tolerance: float
) -> Reached:
    """What a calibration, or none, makes of points."""
    scores, near = near_points(errors, tolerance)
    if calibration is not None and calibration.curve is not None:
        scores = calibration.curve(scores)
    elif calibration is not None:  # it knows no probabilities
        scores, near = scores[:0], near[:0]
    levels = np.concatenate((SHOWN, LEVELS))
    return Reached(coverage(errors, calibration, levels), scores, near)


def _held_out(
    errors: PointErrors,
    groups: Mapping[str, str],
    benchmark: Benchmark,
    tolerance: float,
) -> Reached:
    """Halves of the garments, each by what is fitted to the other."""
    parts, sizes = [], []
    for fitted, held_out in folds(errors):
        if fitted.any() and held_out.any():
            own = errors.chosen(held_out)
            calibration = fit_all(errors.chosen(fitted), groups, benchmark, tolerance)
            parts.append(reached(own, calibration, tolerance))
            sizes.append(len(own))
    if not parts:
        raise ValueError('one garment is too few to calibrate with; give more')
    return Reached(
        np.average([part.coverage for part in parts], axis=0, weights=sizes),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.near for part in parts]),
    )


def _tell(report: Mapping, part: str, tolerance: float) -> None:
    print(f'{report["points"]} points of {report["garments"]} garments, {part} set')
    print(
        'ellipses of       ' + ''.join(f'{100 * p:7.0f} %' for p in SHOWN) + '    ECE'
    )
    for name in ('before', 'after'):
        row = report[name]
        shares = ''.join(f'{100 * share:7.1f} %' for share in row['coverage'])
        print(f'hold, {name:6}      {shares}{100 * row["ece"]:5.1f} %')
    if report['near'] is None:
        return
    own = [report[name]['score_ece'] for name in ('before', 'after')]
    told = ['unknown' if each is None else f'{100 * each:.1f} %' for each in own]
    print(
        f'{100 * report["near"]:.1f} % of the points are within {tolerance:g} units; '
        f'ECE of scores {told[0]}, of probabilities {told[1]}'
    )


def check_plot(path: str) -> None:
    """Make sure, before the work, that a picture can be drawn in a file of that name.

    Raises:
        ValueError: If its suffix is that of no picture.
    """
    from matplotlib.backend_bases import FigureCanvasBase

    known = FigureCanvasBase.get_supported_filetypes()
    if _kind(path) not in known:
        raise ValueError(f'--plot {path}: its name must end in .png, .pdf or .svg')


def draw_reliability(path: str, before: Reached, after: Reached) -> None:
    """Draw coverages over the levels that they should be, and near points over scores.

    Args:
        path: Picture to write, e.g. a PNG.
        before: What the network says.
        after: The same, calibrated.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.2, 4.4), layout='constrained')
    left, right = figure.subplots(1, 2, sharey=True)
    pairs = (('before', 'o', before), ('after', 's', after))
    for label, marker, each in pairs:
        shares = 100 * each.coverage[len(SHOWN) :]
        left.plot(100 * LEVELS, shares, f'{marker}-', label=label)
        bins = 100 * np.array(reliability(each.scores, each.near)).reshape(-1, 3)
        right.plot(bins[:, 0], bins[:, 1], f'{marker}-', label=label)
    left.set(xlabel='ellipse that should hold, % of points', ylabel='of points, %')
    right.set(xlabel='score, then probability, %')
    for panel, title in ((left, 'inside the ellipse'), (right, 'near the landmark')):
        panel.plot([0, 100], [0, 100], color='0.6', lw=1, zorder=0)
        panel.set(title=title, xlim=(0, 100), ylim=(0, 100))
        panel.grid(alpha=0.3)
        panel.legend()
    with OutputFiles() as outputs:
        figure.savefig(outputs.open_binary(path), format=_kind(path), dpi=110)


def _kind(path: str) -> str:
    return Path(path).suffix.lower().removeprefix('.')


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
