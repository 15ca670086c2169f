"""Options that say what tells centimetres, of `measure` and of `predict --measure`."""

import argparse
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from fashion_mmpose.cli.shell import fill_in, warn
from fashion_mmpose.files.digest import file_digest
from fashion_mmpose.garments import Garment, Named, benchmark, garment
from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.inference.outputs.measuring import MeasurementFiles, Measuring
from fashion_mmpose.measure import KnownLength, pixels_per_cm, read_lens
from fashion_mmpose.measure.centimetres import (
    Centimetres,
    KnownPoints,
    read_own_measures,
)
from fashion_mmpose.measure.measured import MIN_SCORE
from fashion_mmpose.measure.scaling.targets import DICTIONARY
from fashion_mmpose.measure.specification import Limit, read_specification
from fashion_mmpose.measure.writing import FORMATS
from fashion_mmpose.media.sources import Source

from .targets import add_dictionary, add_targets, check_positive, target_of

PARQUET = 'parquet'
_POINT_ERROR = 1.0  # pixels
_OPTIONS = (
    'marker board sheet px_per_cm known_length known_points dictionary min_score'
).split()
_DEFAULTS = dict(dictionary=DICTIONARY, min_score=MIN_SCORE, format=['csv', 'json'])


def add_scale_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how garments are measured."""
    group = parser.add_argument_group(
        'measuring', 'one of the first six tells centimetres; else lengths are pixels'
    )
    scales = group.add_mutually_exclusive_group()
    add_targets(scales)
    scales.add_argument(
        '--px-per-cm',
        type=float,
        nargs='+',
        metavar=('PIXELS', 'ERROR'),
        help='pixels per centimetre of a fixed camera, and their standard deviation',
    )
    scales.add_argument(
        '--known-length',
        nargs=3,
        metavar=('POINT', 'POINT', 'CM'),
        help='two key points of each garment and the length between them; garments of '
        'categories without these are measured in pixels',
    )
    scales.add_argument(
        '--known-points',
        type=float,
        nargs=5,
        metavar=('X1', 'Y1', 'X2', 'Y2', 'CM'),
        help='two points of every picture, in pixels, and the length between them',
    )
    add_dictionary(group)
    group.set_defaults(dictionary=None)  # as of all here: what is given can be told
    group.add_argument(
        '--lens',
        metavar='FILE',
        help="the camera's calibration: JSON, or OpenCV's file",
    )
    group.add_argument(
        '--table',
        metavar='FILE',
        help='measurements of your own, JSON or YAML: categories to paths',
    )
    group.add_argument(
        '--spec',
        metavar='FILE',
        help='specification sheet, CSV or JSON: garment, measurement, target and '
        'tolerance in cm',
    )
    group.add_argument(
        '--min-score',
        type=float,
        metavar='T',
        help=f'lowest score of the key points that are measured ({MIN_SCORE:g})',
    )
    group.add_argument(
        '--combine',
        action='store_true',
        help='the pictures of a folder show one garment of each category: add its '
        'common lengths',
    )
    group.add_argument(
        '--format',
        nargs='+',
        choices=(*FORMATS, PARQUET),
        help='of the table of lengths (csv json); parquet, alone: garments and lengths '
        'in parts that a second call adds to',
    )


def complete_scale_options(args: argparse.Namespace) -> list[str]:
    """Fill in the defaults of :func:`add_scale_options`.

    Args:
        args: Those options.

    Returns:
        list[str]: The options that were given and are for lengths alone; garments
        without lengths are written in parts, too.
    """
    given = [
        name
        for name in (*_OPTIONS, 'lens', 'table', 'spec', 'combine')
        if getattr(args, name) is not None and getattr(args, name) is not False
    ]
    if args.format is not None and PARQUET not in args.format:
        given.append('format')
    fill_in(args, _DEFAULTS)
    return [f'--{name.replace("_", "-")}' for name in given]


def measuring_of(args: argparse.Namespace, dataset: Named) -> Measuring:
    """How garments are measured, as the options say.

    Args:
        args: Options of :func:`add_scale_options`.
        dataset: The benchmark of the networks.

    Raises:
        FormatError: If a file is not what it should be.
        OSError: If one cannot be read.
        ValueError: If a number is out of its range.
    """
    if not 0 <= args.min_score <= 1:
        raise ValueError(f'--min-score {args.min_score}: must be between 0 and 1')
    own = (
        {} if args.table is None else read_own_measures(args.table, benchmark(dataset))
    )
    limits = [] if args.spec is None else read_specification(args.spec)
    return Measuring(_centimetres(args), own, limits, args.min_score)


def measuring_by(args: argparse.Namespace, inferencer: GarmentInferencer) -> Measuring:
    """How an inferencer's garments are measured; see :func:`measuring_of`.

    Raises:
        ValueError: If no garment that is looked for has the ends of a known length, or
            the table has a category of one benchmark for a network of another.
    """
    tables = {
        category: getattr(network, 'definition', network.benchmark)
        for category, network in inferencer.networks.items()
    }
    # Networks of several benchmarks measure by the first one's names.
    first = benchmark(next(iter(tables.values())))
    measuring = measuring_of(args, first)
    for category, table in tables.items():
        if category in measuring.own and benchmark(table).name != first.name:
            raise ValueError(
                f'--table has {category!r} by the key points of {first.name}, and the '
                f'network for it is of {benchmark(table).name}; to fix it: measure '
                'with the networks of each benchmark on their own'
            )
    known = measuring.centimetres.known
    if isinstance(known, KnownLength):
        _check_ends(
            known,
            [
                garment(table, category)
                for category, table in tables.items()
                if args.category in (None, category)
            ],
        )
    _warn_of_spreads(inferencer, args.category)
    return measuring


def _warn_of_spreads(inferencer: GarmentInferencer, category: str | None) -> None:
    """Say it where the errors of lengths are no errors that anybody has fitted."""
    spreads = [
        name
        for name, network in inferencer.networks.items()
        if category in (None, name) and getattr(network, 'calibration', ()) is None
    ]
    if spreads:
        shown = ', '.join(spreads[:5]) + (', ...' if len(spreads) > 5 else '')
        warn(
            [
                f'the pose network ({shown}) is not calibrated: any errors, limits '
                'and verdicts of lengths go by how wide its heatmaps are, whatever it '
                'errs; to fix it: calibrate it on annotated pictures with '
                '`fashion-mmpose calibrate`'
            ]
        )


def _check_ends(known: KnownLength, kinds: Sequence[Garment]) -> None:
    """Make sure that a garment has both ends of a known length.

    Raises:
        ValueError: If none of these has.
    """
    if not all(known.missing(kind) for kind in kinds):
        return
    with_point = {
        name: [kind.name for kind in kinds if name in kind.keypoints]
        for name in (known.first, known.second)
    }
    for name, owners in with_point.items():
        if owners:
            continue
        names = dict.fromkeys(each for kind in kinds for each in kind.keypoints)
        near = get_close_matches(name, names, n=3)
        which = f'similar ones are {", ".join(near)}'
        if not near:
            first = kinds[0]
            which = f'those of {first.name} are {", ".join(first.keypoints)}'
        raise ValueError(
            f'--known-length: there is no key point {name!r} of the garments that are '
            f'looked for; to fix it: name two key points of one category; {which}'
        )
    owners = ', '.join(
        f'{name!r} is of {", ".join(found)}' for name, found in with_point.items()
    )
    raise ValueError(
        f'--known-length: no category has both key points ({owners}); to fix it: name '
        'two key points of one category'
    )


def measuring_settings(args: argparse.Namespace) -> dict[str, Any]:
    """What makes lengths what they are: options, and digests of files."""
    settings = {f'--{name.replace("_", "-")}': getattr(args, name) for name in _OPTIONS}
    for name in ('lens', 'table'):
        path = getattr(args, name)
        settings[f'the content of --{name}'] = path and file_digest(path)
    return settings


def measuring_files(
    args: argparse.Namespace,
    inferencer: GarmentInferencer,
    sources: Mapping[str, Source],
    tracked: bool = False,
) -> MeasurementFiles:
    """The files of lengths that the options ask for; see :func:`measuring_of`.

    Args:
        args: The options.
        inferencer: What finds the garments.
        sources: Names of the sources.
        tracked: Whether garments are followed. Defaults to False.
    """
    return MeasurementFiles(
        args.out_dir,
        sources,
        measuring_by(args, inferencer),
        args.format,
        args.save_vis,
        args.combine,
        tracked,
    )


def report_lengths(lengths: MeasurementFiles, is_share: bool = False) -> None:
    """Print what was measured, and what was not as the options ask.

    Args:
        lengths: What was measured.
        is_share: Whether other processes measure the other pictures, for which rows of
            a sheet may be. Defaults to False.
    """
    warn([f'in pixels: {reason}' for reason in lengths.in_pixels])
    warn([f'not combined: {reason}' for reason in lengths.not_combined])
    if lengths.num_garments and not is_share:
        warn([_idle(limit) for limit in lengths.idle_limits])
    warn(lengths.of_other_runs())
    print(lengths.summary())


def _idle(limit: Limit) -> str:
    return (
        f'--spec: the row for {limit.measurement} of {limit.garment!r} was for no '
        'garment; to fix it: name a category, or a picture as the column `image` of '
        'measurements.csv has it'
    )


def _centimetres(args: argparse.Namespace) -> Centimetres:
    lens = None if args.lens is None else read_lens(args.lens)
    target = target_of(args)
    if target is not None:
        return Centimetres(target, lens)
    if args.px_per_cm is not None:
        if len(args.px_per_cm) > 2:
            raise ValueError('--px-per-cm takes a number and its error; got more')
        return Centimetres(pixels_per_cm(*args.px_per_cm), lens)
    if args.known_length is not None:
        first, second, text = args.known_length
        try:
            length = float(text)
        except ValueError:
            raise ValueError(f'--known-length: {text!r} is no number') from None
        check_positive('--known-length', length)
        return Centimetres(KnownLength(first, second, length), lens)
    if args.known_points is not None:
        *ends, length = args.known_points
        known = KnownPoints(tuple(ends[:2]), tuple(ends[2:]), length, _POINT_ERROR)
        return Centimetres(known, lens)
    return Centimetres(None, lens)
