"""The images of a COCO file, without its annotations."""

import os
from dataclasses import dataclass
from typing import Any

import msgspec

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.inner_paths import inner_path
from fashion_mmpose.files.json_file import decode, map_file

from .annotations import image_path
from .ids import fraction_hint


@dataclass(frozen=True)
class ImageList:
    """The images of a COCO file in the order of the file. I: images.

    Attributes:
        benchmark: The benchmark whose categories the file lists, by its name if it is
            built in.
        ids: I ids, all different.
        paths: I paths below the folder of the pictures.
        sizes: Width and height in pixels of each; 0, 0 where the file has none.
    """

    benchmark: garments.Named
    ids: tuple[int, ...]
    paths: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]


# What is not named here is skipped, not decoded.
class _Image(msgspec.Struct, gc=False):
    id: int
    file_name: str
    folder: str = ''
    path: str = ''
    width: Any = None  # what is no size is none: only some need it
    height: Any = None


class _Category(msgspec.Struct):
    id: int
    name: str


class _File(msgspec.Struct):
    images: list[_Image]
    categories: list[_Category]


def read_images(
    path: str | os.PathLike,
    benchmark: garments.Benchmark | None = None,
    image_root: str | os.PathLike | None = None,
) -> ImageList:
    """Read which images a COCO file lists, and of which benchmark it is.

    Args:
        path: The JSON; its annotations are not looked at.
        benchmark: The benchmark that it must be of; None to find it among those that
            are built in. Defaults to None.
        image_root: Folder of the pictures; absolute paths below it are taken, too.
            Defaults to None: there are none.

    Raises:
        FileNotFoundError: If there is no such file.
        FormatError: If it is no COCO file of such a benchmark, or two images have the
            same id.
    """
    with map_file(path, 'annotation file') as data:
        try:
            content = decode(data, _File)
        except msgspec.ValidationError as error:
            if hint := fraction_hint(error):
                raise FormatError(f'{path}: {error}{hint}') from None
            raise FormatError(
                f'{path} is not a COCO file ({error}); make it with the scripts in '
                'data_converters/'
            ) from None
    ids = tuple(image.id for image in content.images)
    if len(set(ids)) < len(ids):
        seen = set()
        twice = next(i for i in ids if i in seen or seen.add(i))
        raise FormatError(f'{path}: two entries are image {twice}')
    return ImageList(
        benchmark=_benchmark(path, content.categories, benchmark),
        ids=ids,
        paths=tuple(
            inner_path(
                image_path(dict(folder=i.folder, file_name=i.file_name, path=i.path)),
                image_root,
                f'{path}: image {i.id}',
            )
            for i in content.images
        ),
        sizes=tuple(_size(i) for i in content.images),
    )


def _size(image: _Image) -> tuple[int, int]:
    sides = image.width, image.height
    if not all(type(side) in (int, float) and 1 <= side < 2**31 for side in sides):
        return 0, 0
    return int(image.width), int(image.height)


def _benchmark(
    path: str | os.PathLike,
    categories: list[_Category],
    wanted: garments.Benchmark | None,
) -> garments.Named:
    """The benchmark that has all of these categories under these ids."""
    listed = {(category.id, category.name) for category in categories}
    known = garments.BENCHMARKS if wanted is None else {wanted.name: wanted}
    for name, benchmark in known.items():
        numbered = {(g.category_id, g.name) for g in benchmark.garments.values()}
        if listed and listed <= numbered:
            return name if name in garments.BENCHMARKS else benchmark
    raise FormatError(
        f'{path}: its categories {sorted(listed)[:5]} are those of no benchmark '
        f'({", ".join(known)}); to fix it: make it with the scripts in '
        'data_converters/, or name the description of its benchmark'
    )
