"""What the commands that run networks over pictures have in common."""

import argparse
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Protocol, Self

from fashion_mmpose.catalogue.schema import Unreadable
from fashion_mmpose.catalogue.shards import SHARES, read_shard, shard_of
from fashion_mmpose.catalogue.table_file import UNREADABLE, write_unreadable
from fashion_mmpose.cli.options.networks import (
    build,
    check_category,
    path_or_camera,
    warn_of_whole_pictures,
)
from fashion_mmpose.cli.shell import FAILED, INTERRUPTED, warn
from fashion_mmpose.files.writing.faults import check_no_input
from fashion_mmpose.inference import GarmentInferencer, PicturePrediction
from fashion_mmpose.inference.outputs import measuring, saving
from fashion_mmpose.inference.outputs.names import name_sources
from fashion_mmpose.media.listings import Listing
from fashion_mmpose.media.sources import Input, Source, find_sources, searched_folder

from .progress import Progress


class Output(Protocol):
    """What predictions are written to, in a ``with`` block."""

    def __enter__(self) -> Self: ...

    def __exit__(self, error_type, error, traceback) -> None: ...

    def add(self, predicted: PicturePrediction) -> None:
        """Write a picture's garments."""


class LeftOut:
    """The pictures that cannot be read.

    Attributes:
        pictures: Those, each with the reason.
    """

    def __init__(self) -> None:
        self.pictures: list[Unreadable] = []

    def add(self, predicted: PicturePrediction) -> None:
        """Note one."""
        picture = predicted.picture
        self.pictures.append(
            Unreadable(picture.image_id, picture.source.name, picture.error)
        )

    def write(self, folder: str, is_asked: bool) -> None:
        """Write which they are, as ``unreadable.csv``.

        Args:
            folder: Where.
            is_asked: Whether to list none, too; see :func:`write_unreadable`.
        """
        write_unreadable(folder, self.pictures, is_asked=is_asked)


def inputs_of(args: argparse.Namespace) -> tuple[list[Input], Listing]:
    """The inputs that a command names, and how lists of pictures are read."""
    inputs: list[Input] = [path_or_camera(item) for item in args.inputs]
    return inputs, Listing(args.path_column, args.img_root)


def open_networks(args: argparse.Namespace) -> GarmentInferencer:
    """The networks of a command, checked against its category."""
    inferencer = build(args)
    has_detector = inferencer.detector is not None
    found = getattr(inferencer.detector, 'classes', None)
    check_category(args.category, list(inferencer.networks), has_detector, found)
    warn_of_whole_pictures(inferencer, args.category)
    return inferencer


def open_inputs(
    args: argparse.Namespace, left_aside: list[str]
) -> tuple[GarmentInferencer, dict[str, Source]]:
    """The networks and the inputs of a command, checked against each other.

    Args:
        args: Its options, of ``cli.options.networks.add_network_options``. A share of
            the pictures gets a folder of its own in ``out_dir``, for all processes of a
            launcher name the same.
        left_aside: Gets what is not used, each with the reason.

    Raises:
        ValueError: If a share has not what an option needs, or a file that is read
            would be written over.
    """
    shard = read_shard(args.shard)
    if shard.count > 1 and args.combine:
        raise ValueError(
            f'--combine needs all pictures of a folder, and --shard {shard} takes some '
            'of them: common lengths would be those of its own; to fix it: leave out '
            'one of both'
        )
    inputs, listing = inputs_of(args)
    found = find_sources(inputs, left_aside, listing)
    found = without_drawn(found, inputs, args.out_dir, left_aside)
    # Common lengths are those of a folder, which names have to tell.
    sources = shard_of(name_sources(found, by_folder=args.combine), shard)
    if shard.count > 1:
        args.out_dir = os.path.join(args.out_dir, shard.name)
    _check_tables(args)
    return open_networks(args), sources


def _check_tables(args: argparse.Namespace) -> None:
    """Refuse to write over a file that is read, such as the table of bad pictures.

    Raises:
        ValueError: If one of the results would.
    """
    names = [UNREADABLE]
    for option, name in (
        ('save_json', saving.JSON_NAME),
        ('save_csv', saving.CSV_NAME),
    ):
        if getattr(args, option, False):
            names.append(name)
    if getattr(args, 'measure', True):
        names += [f'{measuring.NAME}.{suffix}' for suffix in args.format]
    for name in names:
        path = os.path.join(args.out_dir, name)
        check_no_input(path, [*args.inputs, args.spec, args.table, args.lens], 'folder')


def without_drawn(
    sources: Iterable[Source],
    inputs: Sequence[Input],
    out_dir: str,
    left_aside: list[str] | None,
) -> Iterator[Source]:
    """The sources but what earlier runs drew, where the results lie in an input.

    Args:
        sources: What the inputs lead to.
        inputs: The inputs.
        out_dir: The folder of the results, of all shares.
        left_aside: Gets a line for each folder of drawn pictures. None for none.
    """
    counts = dict.fromkeys(_drawn_folders(inputs, out_dir), 0)
    for source in sources:
        drawn = None
        if counts:
            place = Path(os.path.realpath(str(source.image)))
            drawn = next((each for each in counts if place.is_relative_to(each)), None)
        if drawn is None:
            yield source
        else:
            counts[drawn] += 1
    if left_aside is not None:
        left_aside += [
            f'{count} files in {drawn} were drawn by an earlier run'
            for drawn, count in counts.items()
            if count
        ]


def _drawn_folders(inputs: Sequence[Input], out_dir: str) -> list[Path]:
    """Where earlier runs may have drawn, as far as that lies in an input."""
    searched = filter(None, map(searched_folder, inputs))
    folders = [os.path.realpath(each) for each in searched]
    out = Path(os.path.realpath(out_dir))
    if not any(out.is_relative_to(folder) for folder in folders):
        return []
    places = out, *sorted(out.glob(SHARES))
    names = saving.DRAWN_FOLDER, measuring.DRAWN_FOLDER
    return [place / name for place in places for name in names]


def total_of(sources: Mapping[str, Source]) -> int | None:
    """How many pictures and frames there are; None where nobody knows."""
    counts = [source.num_pictures() for source in sources.values()]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def go_through(
    predicted: Generator[PicturePrediction],
    total: int | None,
    title: str,
    outputs: Sequence[Output],
    leave_out: Callable[[PicturePrediction], None],
) -> bool:
    """Hand on what is predicted, picture by picture.

    Args:
        predicted: What networks find, with ``on_error='skip'``.
        total: How many pictures there are; None where nobody knows.
        title: Of the progress.
        outputs: What is written; saved in the end, also after an interrupt.
        leave_out: Is told of pictures that cannot be read.

    Returns:
        bool: False if it was interrupted.
    """
    with ExitStack() as stack:
        for output in outputs:
            stack.enter_context(output)
        try:
            with Progress(total, title) as progress, closing(predicted):
                for each in predicted:
                    if each.error:
                        leave_out(each)
                    else:
                        for output in outputs:
                            output.add(each)
                    progress.update()
        except KeyboardInterrupt:
            return False
    return True


def summary_of(num_garments: Mapping[str, int], num_pictures: int) -> str:
    """What was found, in a line.

    Args:
        num_garments: So many of each category, the most frequent first.
        num_pictures: In so many pictures.
    """
    found = ', '.join(f'{count} {name}' for name, count in num_garments.items())
    total = sum(num_garments.values())
    text = f'{total} garments in {num_pictures} pictures'
    return f'{text}: {found}' if found else text


def report_left_out(left_aside: Sequence[str], skipped: LeftOut) -> None:
    """Print which inputs were not used, and which pictures were left out."""
    warn([f'not used: {reason}' for reason in left_aside])
    warn([f'left out: {each.reason}' for each in skipped.pictures])


def exit_code(is_done: bool, is_whole: bool) -> int:
    """Say it where a run in one go was stopped; its exit code.

    Args:
        is_done: Whether all inputs have been gone through.
        is_whole: Whether nothing is missing, or it may be.
    """
    if not is_done:
        print('stopped; what was finished is saved', file=sys.stderr)
        return INTERRUPTED
    return 0 if is_whole else FAILED
