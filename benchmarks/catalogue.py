"""Runs over very many pictures: what all but the networks takes, and what it holds.

Every side works in a fresh process, which does not import PyTorch, as the command does
not where onnxruntime runs the networks. Here one that draws points at random stands in
for them; all else is the code of `predict --format parquet` and `merge`.
"""

import json
import os
import shutil
import statistics
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path

import cv2

from fashion_mmpose import garments
from fashion_mmpose.catalogue.merging import merge
from fashion_mmpose.catalogue.part_files import PartFiles, Writing
from fashion_mmpose.catalogue.plan import PART_SIZE, Plan, begin, survey
from fashion_mmpose.catalogue.table_file import COMPRESSION
from fashion_mmpose.cli.pictures.running import go_through, without_drawn
from fashion_mmpose.files.parquet import require_pyarrow
from fashion_mmpose.inference.outputs.names import Naming
from fashion_mmpose.media.source import Source
from fashion_mmpose.media.sources import find_sources
from fashion_mmpose.synthetic import draw_deepfashion2

from .fresh_process import measure, own_mb
from .random_points import BENCHMARK, CATEGORY, RandomInferencer
from .report import Figures, is_ours

NUM_DRAWN = 12
LONGEST_SIDE = 160  # pixels
NUM_ARCHIVES = 10
IN_A_FOLDER = 1000
SEED = 5

Work = Callable[[], tuple[int, int | None]]  # gives the items, and bytes that it wrote


def catalogue(
    rounds: int = 1,
    num_entries: int = 1_000_000,
    num_members: int = 20_000,
    num_pictures: int = 100_000,
) -> Figures:
    """Time and memory of a run over very many pictures, without the networks.

    Args:
        rounds: Fresh processes of each side; medians are returned. Defaults to 1.
        num_entries: Entries of the list that is compared, counted and named, at least
            10.
        num_members: Pictures in the tar archives, at least 10.
        num_pictures: Pictures that are read and written in parts, a garment each, at
            least 10; so many garments are merged.

    Returns:
        Figures: For each side ``items``; ``us_per_item``, microseconds of the
        processor, of all threads; ``bytes_per_item``, of the files that it writes;
        ``start_mb``, resident memory that is no file's when it begins, of ours; and
        ``added_mb``, what it holds at most above that. Sides called ``a tenth`` have a
        tenth of the items, which tells how memory grows. The others do less: they
        read each list and archive once and keep all names; only decode the pictures;
        and copy the same rows with pyarrow alone.

    Raises:
        ImportError: If pyarrow is missing.
        RuntimeError: If a process fails.
        ValueError: If there is no round, or there are fewer than ten of anything.
    """
    if min(rounds, num_entries // 10, num_members // 10, num_pictures // 10) < 1:
        raise ValueError('there must be a round at least, and ten items of each kind')
    require_pyarrow()
    with tempfile.TemporaryDirectory() as name:
        sides = _sides(Path(name), num_entries, num_members, num_pictures)
        turns = {side: [] for side in sides}
        for _ in range(rounds):
            for side, work in sides.items():
                turns[side].append(_measure(*work))
                if not is_ours(side):  # it is that of ours
                    del turns[side][-1]['start_mb']
    return {
        side: {key: statistics.median(each[key] for each in found) for key in found[0]}
        for side, found in turns.items()
    }


def _sides(
    folder: Path, num_entries: int, num_members: int, num_pictures: int
) -> dict[str, tuple]:
    """What every side calls, with its arguments; what they read is written here."""
    named = _write_list(folder / 'named', num_entries)
    drawn = _draw(folder / 'drawn')
    archives = _write_archives(folder, drawn, num_members)
    linked = _write_list(folder / 'linked', num_pictures)
    _link(linked, drawn)
    parts, copy = str(folder / 'parts'), str(folder / 'copy')
    ours: dict[str, Callable[[bool], tuple]] = {
        'list': lambda few: (_name, [_of(named, few)]),
        'archives': lambda few: (_name, archives[:1] if few else archives),
        'run': lambda few: (_run, _of(linked, few), _of(parts, few)),
        'merge to Parquet': lambda few: (_merge, _of(parts, few), f'{copy}.parquet'),
        'merge to JSON': lambda few: (_merge, _of(parts, few), f'{copy}.json'),
    }
    others = {
        'list': ('set of names', _set_of_names, named),
        'archives': ('tarfile', _set_of_members, archives),
        'run': ('OpenCV', _decode, linked),
        'merge to Parquet': ('pyarrow', _copy_rows, parts, f'{copy}.parquet'),
        'merge to JSON': ('pyarrow and json', _dump_rows, parts, f'{copy}.json'),
    }
    sides = {}
    for task, work in ours.items():
        peer, *theirs = others[task]
        sides[f'ours, {task}, a tenth'] = work(True)
        sides[f'ours, {task}'] = work(False)
        sides[f'{peer}, {task}'] = tuple(theirs)
    return sides


def _of(path: str, few: bool) -> str:
    """A path, or that of what has a tenth of its entries."""
    whole = Path(path)
    return str(whole.with_name(f'tenth_of_{whole.name}')) if few else path


def _measure(work: Callable[..., Callable[[], dict]], *args) -> dict[str, float]:
    figures = measure(work, *args, with_plugin=False)
    del figures['seconds']  # of the clock
    peak = figures.pop('peak_mb') + figures.pop('held_mb')
    # What is shorter than the watch looks away may be seen at its beginning only.
    return figures | dict(added_mb=max(0.0, peak - figures['start_mb']))


# -------------------------------------------------------------------- what is read


def _write_list(folder: Path, num: int) -> str:
    """A list of pictures, and another one of its first tenth; the path of the first."""
    folder.mkdir()
    path = str(folder / 'list.txt')
    for file, count in ((path, num), (_of(path, True), num // 10)):
        with open(file, 'w', encoding='utf-8') as opened:
            opened.writelines(
                f'{number // IN_A_FOLDER:05d}/{number:08d}.jpg\n'
                for number in range(count)
            )
    return path


def _listed(path: str) -> Iterator[str]:
    """The paths that a list names."""
    folder = os.path.dirname(path)
    with open(path, encoding='utf-8') as file:
        for line in file:
            yield os.path.join(folder, line.rstrip('\n'))


def _draw(folder: Path) -> list[str]:
    """Some drawn outfits as small JPEG files."""
    folder.mkdir()
    paths = []
    for index in range(NUM_DRAWN):
        image = draw_deepfashion2(SEED, index).image
        scale = LONGEST_SIDE / max(image.shape)
        small = cv2.resize(
            image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
        )
        paths.append(str(folder / f'{index}.jpg'))
        cv2.imwrite(paths[-1], small)
    return paths


def _link(listing: str, drawn: Sequence[str]) -> None:
    """Let all entries of a list be drawn pictures, which are there but once."""
    for number, path in enumerate(_listed(listing)):
        if number % IN_A_FOLDER == 0:
            os.makedirs(os.path.dirname(path))
        os.link(drawn[number % len(drawn)], path)


def _write_archives(folder: Path, drawn: Sequence[str], num: int) -> list[str]:
    """Tar archives of equally many pictures."""
    paths = [str(folder / f'{shard:04d}.tar') for shard in range(NUM_ARCHIVES)]
    for path in paths:
        # As GNU's tar: Python's own form has a second header for a time's fractions.
        with tarfile.open(path, 'w', format=tarfile.GNU_FORMAT) as archive:
            for number in range(num // NUM_ARCHIVES):
                archive.add(drawn[number % len(drawn)], f'{number:08d}.jpg')
    return paths


# ----------------------------------------------------------------- in fresh processes


def _counted(work: Work) -> Callable[[], dict]:
    """Count the time that work takes, and what is held when it begins."""
    held_mb = own_mb('self')
    # The command does so before anything else, and it takes tens of megabytes.
    require_pyarrow()

    def counted() -> dict:
        start_mb = own_mb('self')
        start = time.process_time()
        items, size = work()
        seconds = time.process_time() - start
        figures = dict(items=items, us_per_item=1e6 * seconds / items)
        if size is not None:
            figures['bytes_per_item'] = size / items
        return figures | dict(start_mb=start_mb, held_mb=held_mb)

    return counted


def _find(inputs: Sequence[str]) -> Iterable[Source]:
    """The pictures of inputs, as the command finds them."""
    return without_drawn(
        find_sources(iter(inputs)), inputs, tempfile.gettempdir(), None
    )


def _planned(inputs: Sequence[str]) -> tuple[Naming, Plan]:
    """Compare and count the pictures of inputs."""
    naming = Naming(partial(_find, inputs))
    found = survey(naming(_find(inputs)))
    settings = {'the names of the pictures': found.digest}
    plan = Plan(
        num_pictures=found.num_pictures,
        part_size=PART_SIZE,
        settings=settings,
        sizes=found.sizes,
    )
    return naming, plan


def _name(inputs: Sequence[str]) -> Callable[[], dict]:
    """Go through inputs as often as a run does, and read no picture."""

    def work() -> tuple[int, None]:
        naming, plan = _planned(inputs)
        parts = plan.parts(naming(_find(inputs)), range(plan.num_parts))
        return sum(len(part.sources) for part in parts), None

    return _counted(work)


def _run(listing: str, out_dir: str) -> Callable[[], dict]:
    """Predict the pictures of a list, which has been counted, in parts."""
    # Of the round before; the run would go on from there, and do nothing.
    shutil.rmtree(out_dir, ignore_errors=True)
    naming, plan = _planned([listing])
    begin(out_dir, plan)
    names = garments.garment(BENCHMARK, CATEGORY).keypoints
    writing = Writing('0123456789abcdef', (BENCHMARK,), {CATEGORY: names})

    def work() -> tuple[int, int]:
        files = PartFiles(out_dir, plan, writing)
        parts = plan.parts(naming(_find([listing])), range(plan.num_parts))
        predicted = files.predicted(RandomInferencer(), parts)
        go_through(predicted, plan.num_pictures, 'predict', [files], files.leave_out)
        if files.num_pictures != plan.num_pictures:
            raise RuntimeError(
                f'{files.num_pictures} of {plan.num_pictures} pictures were predicted'
            )
        written = (os.path.getsize(path) for path in _parts_in(out_dir))
        return plan.num_pictures, sum(written)

    return _counted(work)


def _parts_in(folder: str) -> list[Path]:
    return sorted(Path(folder).glob('part-*.parquet'))


def _merge(folder: str, out: str) -> Callable[[], dict]:
    """Put the parts of a run together."""

    def work() -> tuple[int, int]:
        return merge([folder], out).num_garments, os.path.getsize(out)

    return _counted(work)


# -------------------------------------------------------------------------- the others


def _set_of_names(listing: str) -> Callable[[], dict]:
    """Read a list once, keep all of its paths, and compare and hash them."""
    return _counted(lambda: (_num_distinct(_listed(listing)), None))


def _set_of_members(archives: Sequence[str]) -> Callable[[], dict]:
    """Read the headers of archives once, with the rest of the above."""

    def members() -> Iterator[str]:
        for path in archives:
            with tarfile.open(path, 'r:') as archive:
                for member in archive:
                    yield os.path.join(path, member.name)

    return _counted(lambda: (_num_distinct(members()), None))


def _num_distinct(names: Iterable[str]) -> int:
    """How many names there are, which are hashed in their order, too."""
    found, digest = set(), sha256()
    for name in names:
        found.add(name)
        digest.update(name.encode())
    return len(found)


def _decode(listing: str) -> Callable[[], dict]:
    """Decode the pictures of a list."""
    return _counted(
        lambda: (sum(cv2.imread(path) is not None for path in _listed(listing)), None)
    )


def _copy_rows(folder: str, out: str) -> Callable[[], dict]:
    """All rows of the parts at once into one file."""

    def work() -> tuple[int, int]:
        pa = require_pyarrow()
        table = pa.parquet.read_table(folder)
        pa.parquet.write_table(table, out, compression=COMPRESSION)
        return table.num_rows, os.path.getsize(out)

    return _counted(work)


def _dump_rows(folder: str, out: str) -> Callable[[], dict]:
    """The rows of a part after the other into a file of JSON lines."""

    def work() -> tuple[int, int]:
        pa = require_pyarrow()
        count = 0
        with open(out, 'w', encoding='utf-8') as file:
            for path in _parts_in(folder):
                for row in pa.parquet.read_table(path).to_pylist():
                    file.write(json.dumps(row) + '\n')
                    count += 1
        return count, os.path.getsize(out)

    return _counted(work)
