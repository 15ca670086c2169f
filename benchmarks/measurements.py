"""How good lengths are, on drawn garments on a table whose centimetres are known.

Usage:
    python benchmarks/measurements.py [--num 3] [--targets marker board a4 letter]
        [--landmarks true starter] [--lens {true,none,estimated}] [--seed 5]
        [--pose CONFIG CHECKPOINT]

For every thing of known size it draws NUM garments of each of DeepFashion2's categories
beside it, under a slanted camera with a lens that bends lines, finds the scale in the
picture, and measures: with the true landmarks, and with those that the starter, or the
network of --pose, finds in the garment's box. Girths, which are doubled widths, are
left out. Columns: bias, mean absolute error, limits of agreement (Bland and Altman:
bias -+ 1.96 standard deviations), median and 95th percentile of the relative error, and
how many true lengths lie in the intervals of 50, 68, 90 and 95 %. --lens estimated
takes each camera's lens from 12 pictures of a board by it.
"""

import argparse
import sys

import numpy as np
from terminaltables import AsciiTable

from fashion_mmpose import garments
from fashion_mmpose.garments import GarmentPrediction
from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.measure import (
    Board,
    Lens,
    Marker,
    Measured,
    TargetError,
    estimate_lens,
    find_scale,
    measure,
    sheet,
)
from fashion_mmpose.synthetic import (
    LaidFlat,
    TableCamera,
    draw_board,
    draw_laid_flat,
)

BOARD = Board(7, 5, 4, 3)
NUM_BOARDS = 12  # pictures that a lens is estimated from
TARGETS = {
    'marker': Marker(10),
    'board': BOARD,
    'a4': sheet('a4'),
    'letter': sheet('letter'),
}
LEVELS = (0.5, 0.68, 0.9, 0.95)
COLUMNS = (
    'scale',
    'landmarks',
    'pictures',
    'lengths',
    'bias, cm',
    'mean abs., cm',
    'limits, cm',
    'median, %',
    '95th, %',
    *(f'in {100 * level:g} %' for level in LEVELS),
)


def parse_args(argv=None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--num', type=int, default=3, help='garments of each category')
    parser.add_argument('--seed', type=int, default=5, help='of the drawings')
    parser.add_argument(
        '--targets', nargs='+', choices=TARGETS, default=[*TARGETS], help='which'
    )
    parser.add_argument(
        '--landmarks', nargs='+', choices=('true', 'starter'), default=['true']
    )
    parser.add_argument(
        '--pose',
        nargs=2,
        metavar=('CONFIG', 'CHECKPOINT'),
        help='another network, whose landmarks are taken in the place of the others',
    )
    parser.add_argument(
        '--lens',
        choices=('true', 'none', 'estimated'),
        default='true',
        help='which lens is taken off (%(default)s)',
    )
    return parser.parse_args(argv)


def predicted(drawn: LaidFlat, network: GarmentInferencer) -> GarmentPrediction:
    """The garment with the landmarks that a network finds in its box."""
    return network.predict(drawn.image, drawn.category, [drawn.box]).garments[0]


def lens_of(drawn: LaidFlat, kind: str, seed: int) -> Lens | None:
    """The lens of a picture: the true one, none, or as its camera's boards tell it."""
    if kind != 'estimated':
        return drawn.lens if kind == 'true' else None
    height, width = drawn.image.shape[:2]
    camera = TableCamera((width, height), drawn.lens)
    boards = ((str(i), draw_board(camera, seed, i)) for i in range(NUM_BOARDS))
    return estimate_lens(boards, BOARD).lens


def compare(
    name: str,
    args: argparse.Namespace,
    network: GarmentInferencer | None,
) -> dict:
    """True and measured lengths: columns ``true``, ``found`` and of intervals."""
    target, rows, pictures, lost = TARGETS[name], [], 0, 0
    for category in garments.categories('deepfashion2'):
        garment = garments.garment('deepfashion2', category)
        for index in range(args.num):
            drawn = draw_laid_flat(category, args.seed, index, target)
            lens = lens_of(drawn, args.lens, index)
            try:
                scale = find_scale(drawn.image, target, lens)
            except TargetError:
                lost += 1
                continue
            pictures += 1
            certain = np.zeros((len(garment.keypoints), 2, 2))
            if network is None:
                found = measure(drawn.keypoints, garment, scale, covariances=certain)
            else:
                found = predicted(drawn, network).measurements(scale)
            rows += pairs(measure(drawn.places, garment), found)
    return dict(rows=np.array(rows), pictures=pictures, lost=lost)


def pairs(true: list[Measured], found: list[Measured]) -> list[tuple]:
    """True length, measured length, and for each level whether its interval holds."""
    rows = []
    for expected, got in zip(true, found):
        if 'girth' in got.name or got.value is None or got.error is None:
            continue
        limits = [got.interval(level) for level in LEVELS]
        holds = [low <= expected.value <= high for low, high in limits]
        rows.append((expected.value, got.value, *holds))
    return rows


def row_of(name: str, kind: str, compared: dict) -> list[str]:
    """A line of the table."""
    true, found, *holds = compared['rows'].T
    off = found - true
    relative = 100 * np.abs(off) / true
    reach = 1.96 * off.std(ddof=1)
    return [
        name,
        kind,
        f'{compared["pictures"]}'
        + (f' of {compared["pictures"] + compared["lost"]}' * bool(compared['lost'])),
        f'{len(off)}',
        f'{off.mean():.2f}',
        f'{np.abs(off).mean():.2f}',
        f'{off.mean() - reach:.1f} to {off.mean() + reach:.1f}',
        f'{np.median(relative):.2f}',
        f'{np.quantile(relative, 0.95):.2f}',
        *(f'{100 * each.mean():.0f} %' for each in holds),
    ]


def main(argv=None) -> int:
    args = parse_args(argv)
    networks = dict.fromkeys(args.landmarks)
    if args.pose is not None:
        networks = {args.pose[1]: GarmentInferencer(*args.pose)}
    elif 'starter' in networks:
        networks['starter'] = GarmentInferencer()
    table = [COLUMNS]
    for kind, network in networks.items():
        for name in args.targets:
            table.append(row_of(name, kind, compare(name, args, network)))
    print(AsciiTable(table).table)
    return 0


if __name__ == '__main__':
    sys.exit(main())
