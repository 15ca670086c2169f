"""Put the parts of a large run together: one JSON or one Parquet file.

Usage:
    fashion-mmpose merge DIR... --out predictions.json|garments.parquet [--partial]

DIR is the folder that `fashion-mmpose predict --format parquet`, or `measure` or
`detect pictures` with the same, has written its parts into; there may be several where
each process of a run had its own. The JSON is the COCO result list that the command
writes of the same pictures in one go; the Parquet file has all rows.
predictions.unreadable.csv, beside it and called like it, lists the pictures that could
not be read, if there are any. Where parts are missing nothing is written, unless
--partial is given.
"""

import argparse
from pathlib import Path

from fashion_mmpose.catalogue.merging import check_out, merge
from fashion_mmpose.catalogue.table_file import UNREADABLE, write_unreadable
from fashion_mmpose.cli.shell import argument_parser, parse, run, warn
from fashion_mmpose.files.writing.locks import locked_file


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument('folders', nargs='+', metavar='DIR', help='folder of parts')
    parser.add_argument(
        '--out', required=True, metavar='FILE', help='file to write, JSON or Parquet'
    )
    parser.add_argument(
        '--partial', action='store_true', help='put together what is there'
    )
    args = parse(parser, argv)
    try:
        check_out(args.out)
    except ValueError as error:
        parser.error(f'--out {error}')
    out = Path(args.out).resolve()
    for folder in args.folders:
        if out.is_relative_to(Path(folder).resolve()):
            parser.error(
                f'--out {args.out}: who reads the parts of {folder} as one table would '
                'read it along; to fix it: write it beside the folder'
            )
    return args


def execute(args: argparse.Namespace) -> None:
    """Put together and report."""
    with locked_file(args.out):
        merged = merge(args.folders, args.out, args.partial)
        out = Path(args.out)
        # The folder may hold the list of another file, or of a run in one go.
        name = f'{out.stem}.{UNREADABLE}'
        write_unreadable(out.parent, merged.unreadable, name)
    if merged.missing:
        warn([f'{len(merged.missing)} parts are missing'])
    if merged.unreadable:
        place = out.with_name(name)
        warn([f'{len(merged.unreadable)} pictures could not be read: {place}'])
    print(
        f'{merged.num_garments} garments in {merged.num_pictures} pictures of '
        f'{merged.num_parts} parts: {args.out}'
    )


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
