"""Parts put together: one COCO result list, or one Parquet file."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fashion_mmpose.files.json_file import JsonList
from fashion_mmpose.files.parquet import require_pyarrow
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.formats.coco.results import first_few
from fashion_mmpose.inference.outputs.saving import coco_text

from .plan import Plan, read_plan, same_plan
from .schema import About, Unreadable, schema
from .table_file import COMPRESSION, about_file, garments_in, whole

FORMATS = ('.json', '.parquet')
_ROWS_OF_A_GROUP = 65536


@dataclass(frozen=True)
class Merged:
    """What was put together.

    Attributes:
        num_parts: So many parts.
        num_pictures: So many pictures, unreadable ones included.
        num_garments: So many garments in them.
        unreadable: The pictures that could not be read.
        missing: Numbers of the parts that are not there.
    """

    num_parts: int
    num_pictures: int
    num_garments: int
    unreadable: tuple[Unreadable, ...]
    missing: tuple[int, ...]


@dataclass(frozen=True)
class Found:
    """The parts in some folders.

    Attributes:
        plan: What they are of.
        paths: Their files, in order.
        missing: Numbers of those that are not there.
    """

    plan: Plan
    paths: tuple[Path, ...]
    missing: tuple[int, ...]


def find_parts(folders: Sequence[str | os.PathLike]) -> Found:
    """The parts that runs have written into one folder, or each into its own.

    Raises:
        FileNotFoundError: If a folder is none of such a run.
        FormatError: If they are not all of one run, or something cannot be read.
    """
    plan = same_plan({os.fspath(each): read_plan(each) for each in folders})
    places: dict[int, Path] = {}
    for folder in folders:
        for number in plan.done(folder):
            places.setdefault(number, Path(folder) / plan.name(number))
    missing = tuple(each for each in range(plan.num_parts) if each not in places)
    paths = tuple(places[each] for each in sorted(places))
    return Found(plan, paths, missing)


def check_out(out: str | os.PathLike) -> None:
    """Refuse a file of another form.

    Raises:
        ValueError: If its suffix is none of :data:`FORMATS`.
    """
    if Path(out).suffix.lower() not in FORMATS:
        raise ValueError(f'{out}: its name must end with {" or ".join(FORMATS)}')


def merge(
    folders: Sequence[str | os.PathLike],
    out: str | os.PathLike,
    is_partial: bool = False,
) -> Merged:
    """Put parts together, in the order of the pictures.

    A JSON file is the COCO result list that `fashion-mmpose predict` writes of the
    pictures in one go. A Parquet file has the rows of the parts.

    Args:
        folders: Those that the parts are in.
        out: The file; its suffix tells which.
        is_partial: Whether parts may be missing. Defaults to False.

    Raises:
        FileNotFoundError: If a folder is none of such a run, parts are missing, or all
            of them.
        FormatError: If the parts are not of one run, or one cannot be read.
        ImportError: If pyarrow is missing.
        OSError: If the file cannot be written.
        ValueError: If its suffix is none of :data:`FORMATS`.
    """
    check_out(out)
    found = find_parts(folders)
    if found.missing and not is_partial:
        numbers = first_few([str(each) for each in found.missing])
        raise FileNotFoundError(
            f'{len(found.missing)} of {found.plan.num_parts} parts are missing '
            f'({numbers}); to fix it: run the command that wrote the others again, '
            'which goes on, or give --partial to put together what is there'
        )
    if not found.paths:
        raise FileNotFoundError(
            f'none of the {found.plan.num_parts} parts is there; to fix it: run the '
            'command that began with them again, which goes on'
        )
    abouts = [about_file(path) for path in found.paths]
    is_json = Path(out).suffix.lower() == '.json'
    write = _write_json if is_json else _write_parquet
    return Merged(
        num_parts=len(found.paths),
        num_pictures=sum(each.num_pictures for each in abouts),
        num_garments=write(found.paths, abouts, out),
        unreadable=tuple(one for each in abouts for one in each.unreadable),
        missing=found.missing,
    )


def _write_json(
    paths: Sequence[Path], abouts: Sequence[About], out: str | os.PathLike
) -> int:
    with OutputFiles() as outputs:
        file = outputs.open(out)
        entries = JsonList(file, lines=True)
        for path in paths:
            for garment in garments_in(path):
                entries.add(coco_text(garment, str(garment.image)))
        entries.close()
        file.write('\n')
    return entries.count


def _write_parquet(
    paths: Sequence[Path], abouts: Sequence[About], out: str | os.PathLike
) -> int:
    pa = require_pyarrow()
    own = schema(_together(abouts))
    count = 0
    with OutputFiles() as outputs:
        file = outputs.open_binary(out)
        with pa.parquet.ParquetWriter(file, own, compression=COMPRESSION) as writer:
            waiting = []
            for path in paths:
                with whole(path):
                    table = pa.parquet.read_table(path)
                table = _with_columns(table, own)
                count += table.num_rows
                waiting.append(table)
                if sum(each.num_rows for each in waiting) >= _ROWS_OF_A_GROUP:
                    writer.write_table(pa.concat_tables(waiting))
                    waiting = []
            if waiting:
                writer.write_table(pa.concat_tables(waiting))
    return count


def _with_columns(table: Any, own: Any) -> Any:
    """A part's rows in a schema that may have columns which are newer than the part."""
    pa = require_pyarrow()
    for field in own:
        if field.name not in table.schema.names:
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table.select(own.names).replace_schema_metadata(own.metadata)


def _together(abouts: Sequence[About]) -> About:
    """What a file of all parts says about itself, of which there is at least one."""
    first = abouts[0]
    return About(
        schema=first.schema,
        version=first.version,
        benchmarks=first.benchmarks,
        keypoints=first.keypoints,
        first=first.first,
        num_pictures=sum(each.num_pictures for each in abouts),
        unreadable=tuple(one for each in abouts for one in each.unreadable),
        num_in_pixels=sum(each.num_in_pixels for each in abouts),
    )
