"""The pictures that data sets read, and those that cannot be read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mmengine.dataset import BaseDataset

from fashion_mmpose.errors import PictureError
from fashion_mmpose.files.pictures.pixels import picture_fault


@contextmanager
def picture_named(path_of: Callable[[], str]) -> Iterator[None]:
    """Let a sample whose picture cannot be read fail in one line that says so.

    Args:
        path_of: Tells the path of the picture.

    Raises:
        PictureError: If anything fails within, and the picture cannot be read.
        Exception: What fails within, if the picture is not to blame.
    """
    try:
        yield
    except Exception:
        fault = picture_fault(path_of())
        if fault is None:
            raise
        raise PictureError(
            f'{fault}; to fix it: replace the picture, or leave out what cannot be '
            'read with --skip-bad; `fashion-mmpose check-data CONFIG` lists all'
        ) from None


def pictures_of(dataset: Any) -> dict[str, tuple[int, int] | None] | None:
    """The pictures that a data set reads.

    Args:
        dataset: One of this package, of MMPose or MMDetection, or a wrapper of some,
            such as ``ConcatDataset``.

    Returns:
        dict | None: Width and height in pixels as the annotation file says, or None
        where it does not, by path; None instead of all where the data set does not
        tell its pictures.
    """
    if hasattr(dataset, 'pictures'):
        return dataset.pictures()
    if hasattr(dataset, 'dataset'):
        return pictures_of(dataset.dataset)
    if hasattr(dataset, 'datasets'):
        parts = [pictures_of(each) for each in dataset.datasets]
        if None in parts:
            return None
        return {path: size for part in parts for path, size in part.items()}
    if not isinstance(dataset, BaseDataset):
        return None
    found = {}
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        if not isinstance(info.get('img_path'), str):
            return None
        size = info.get('width'), info.get('height')
        found[info['img_path']] = None if None in size else size
    return found


def picture_ids(dataset: Any) -> list[int] | None:
    """Ids of the pictures of a data set in COCO's form, in rising order.

    Args:
        dataset: Any, also one that wraps others.

    Returns:
        list[int] | None: None where the data set does not tell.
    """
    if not hasattr(dataset, 'get_data_info'):
        return None
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    if not all('img_id' in info for info in infos):
        return None
    return sorted({info['img_id'] for info in infos})
