"""FashionAI predictions as a submission: one row per picture of the test list."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.inner_paths import path_fault
from fashion_mmpose.files.json_file import read_json
from fashion_mmpose.formats.coco.results import first_few
from fashion_mmpose.garments.layout import full_layout, own_points

from .tianchi import TianchiTable, write_tianchi


@dataclass(frozen=True)
class Submission:
    """The rows of a submission, in the order of the test list.

    N: pictures.

    Attributes:
        image_ids: N ids of the challenge.
        categories: N category names.
        keypoints: x, y in pixels of the original image and v, shape (N, 24, 3). A
            garment's own points have v = 1, wherever they are predicted; the others
            are -1, -1, -1.
        filled: True where the row is a mean shape for want of a prediction, shape
            (N, ).
    """

    image_ids: list[str]
    categories: list[str]
    keypoints: np.ndarray
    filled: np.ndarray

    def write(self, path: str | os.PathLike) -> None:
        """Write the CSV file, whose coordinates are whole pixels.

        Raises:
            ValueError: See :func:`.tianchi.write_tianchi`.
            OSError: If the file cannot be written.
        """
        write_tianchi(path, self.image_ids, self.categories, self.keypoints)


# -------------------------------------------------------------------- the test list


def read_images(paths: Iterable[str | os.PathLike]) -> list[dict]:
    """The pictures that COCO files list, in order, each once.

    Files of one conversion number a picture alike: those of its categories may be
    given beside each other, and the one for all categories beside them.

    Args:
        paths: COCO files, as ``fashionai_to_coco.py`` writes them.

    Returns:
        list[dict]: ``images`` with at least ``id``, ``file_name`` (the image id of the
        challenge) and ``category_id``.

    Raises:
        FormatError: If a file does not list FashionAI's pictures with their
            categories, or files contradict each other: one id for two pictures, two
            ids or two categories for one picture.
        OSError: If a file cannot be opened.
    """
    images = {}
    id_of_name = {}
    conflicts = []
    for path in paths:
        for image in _images_of(path):
            image_id, name = image['id'], image['file_name']
            known = images.setdefault(image_id, image)
            known_id = id_of_name.setdefault(name, image_id)
            if known['file_name'] != name:
                conflicts.append(
                    f'{path}: id {image_id} is {name!r}, and {known["file_name"]!r} '
                    'before'
                )
            elif known_id != image_id:
                conflicts.append(
                    f'{path}: {name!r} has id {image_id}, and {known_id} before'
                )
            elif known['category_id'] != image['category_id']:
                conflicts.append(
                    f'{path}: {name!r} is of category {image["category_id"]}, and '
                    f'{known["category_id"]} before'
                )
    if conflicts:
        raise FormatError(
            f'the lists of images contradict each other, {len(conflicts)} x: '
            f'{first_few(conflicts, "; ")}; predictions are told apart by these ids: '
            'convert the test list in one call, or merge the lists one by one'
        )
    return list(images.values())


def _images_of(path: str | os.PathLike) -> list[dict]:
    content = read_json(path)
    images = content.get('images') if isinstance(content, dict) else None
    if not isinstance(images, list) or not images:
        raise FormatError(f'{path} is not a COCO file: it lists no `images`')
    problems = {i: _image_problem(image) for i, image in enumerate(images)}
    problems = [f'image {i}: {found}' for i, found in problems.items() if found]
    if problems:
        raise FormatError(
            f'{path}: {len(problems)} of {len(images)} entries of `images` (from 0) '
            f'are not FashionAI pictures: {first_few(problems, "; ")}; make the file '
            'with data_converters/fashionai_to_coco.py'
        )
    return images


def _image_problem(image) -> str | None:
    needed = {'id': int, 'file_name': str, 'category_id': int}
    for key, kind in needed.items():
        if not isinstance(image, dict) or type(image.get(key)) is not kind:
            return f'has no {key} that is of type {kind.__name__}'
    if fault := path_fault(image['file_name']):
        return f'has the file_name {image["file_name"][:200]!r}, which {fault}'
    try:
        garments.category_of_id('fashionai', image['category_id'])
    except ValueError as error:
        return str(error)
    return None


def order_images(images: Sequence[Mapping], test_list: TianchiTable) -> list[Mapping]:
    """Bring pictures into the order of the challenge's own list.

    Args:
        images: See :func:`read_images`.
        test_list: The list, with or without key points, which do not matter.

    Raises:
        FormatError: If the list has other pictures, or other categories for them.
    """
    by_name = {image['file_name']: image for image in images}
    listed = dict(zip(test_list.image_ids, test_list.categories))
    unknown = [repr(name) for name in listed if name not in by_name]
    extra = [repr(name) for name in by_name if name not in listed]
    if unknown or extra:
        parts = []
        if unknown:
            parts.append(f'has {len(unknown)} more: {first_few(unknown)}')
        if extra:
            parts.append(f'lacks {len(extra)}: {first_few(extra)}')
        raise FormatError(
            f'{test_list.path} is not the list of the {len(images)} images that were '
            f'tested: it {" and ".join(parts)}'
        )
    differ = [
        f'{name!r}, a {category} there and a {_garment_of(by_name[name]).name} here'
        for name, category in listed.items()
        if category != _garment_of(by_name[name]).name
    ]
    if differ:
        raise FormatError(
            f'{test_list.path} has other categories for {len(differ)} images: '
            f'{first_few(differ, "; ")}'
        )
    return [by_name[name] for name in listed]


# ------------------------------------------------------------------------- the rows


def make_submission(
    predictions: Mapping[str, Sequence[Mapping]],
    images: Sequence[Mapping],
    allow_missing: bool = False,
) -> Submission:
    """Merge the predictions of any number of networks, one row per picture.

    Of several predictions of one picture in one file, such as those of a detector's
    boxes, the one with the highest score is taken, among those of the category that
    is asked for. Positions are written as predicted, inside the picture or not, so
    that the file scores as the run did.

    Args:
        predictions: Entries by the name of their file; see
            :func:`fashion_mmpose.formats.coco.results.read_predictions`.
        images: The pictures that were tested, in the order of the test list; see
            :func:`read_images`.
        allow_missing: Give a picture without prediction the mean shape of its
            category: the mean of the predicted positions as fractions of their
            pictures' widths and heights.

    Raises:
        FormatError: If a prediction is of a picture that is not listed, two files
            predict one picture, or a picture has no prediction of its category; with
            ``allow_missing``, if no picture of that category has one.
    """
    best = _best_predictions(predictions, images)
    filled = np.array([image['id'] not in best for image in images], dtype=bool)
    if filled.any() and not allow_missing:
        missing = [repr(images[i]['file_name']) for i in np.flatnonzero(filled)]
        raise FormatError(
            f'{len(missing)} of {len(images)} images have no prediction of their '
            f'category: {first_few(missing)}; to fix it: {_way_out(images, filled)}'
        )
    num_keypoints = len(garments.keypoints('fashionai'))
    rows = np.full((len(images), num_keypoints, 3), -1.0)
    for row, image in zip(rows, images):
        if image['id'] in best:
            garment = _garment_of(image)
            points = np.reshape(best[image['id']]['keypoints'], (-1, 3))
            what = f'the prediction of {image["file_name"]!r}'
            points = own_points(points, garment, what).astype(float)
            points[:, 2] = 1
            row[:] = full_layout(points, garment)
    _fill(rows, filled, images)
    return Submission(
        image_ids=[image['file_name'] for image in images],
        categories=[_garment_of(image).name for image in images],
        keypoints=rows,
        filled=filled,
    )


def _way_out(images: Sequence[Mapping], missing: np.ndarray) -> str:
    """What helps where some images (N, ) have no prediction."""
    names = [_garment_of(image).name for image in images]
    predicted = {name for name, lacks in zip(names, missing) if not lacks}
    absent = sorted({*names} - predicted)
    if predicted and absent:
        return (
            f'nothing of {", ".join(absent)} is predicted: name the lists of what is '
            f'(--ann-file with {", ".join(sorted(predicted))}), or predict the others'
        )
    return (
        'predict them too, or fill them with the mean shape '
        '(predictions_to_tianchi.py --allow-missing)'
    )


def _garment_of(image: Mapping) -> garments.Garment:
    return garments.category_of_id('fashionai', image['category_id'])


def _best_predictions(
    predictions: Mapping[str, Sequence[Mapping]], images: Sequence[Mapping]
) -> dict[int, Mapping]:
    """The best prediction of each picture's own category, by image id."""
    asked = {image['id']: image for image in images}
    best = {}
    owner = {}
    unknown, doubles = [], []
    for source, entries in predictions.items():
        found = {}
        for index, entry in enumerate(entries):
            image_id = entry['image_id']
            if image_id not in asked:
                unknown.append(f'image {image_id} ({source}, entry {index})')
            elif entry['category_id'] == asked[image_id]['category_id']:
                found.setdefault(image_id, []).append(entry)
        for image_id, candidates in found.items():
            best[image_id] = max(candidates, key=itemgetter('score'))
            if owner.setdefault(image_id, source) != source:
                doubles.append(
                    f'{asked[image_id]["file_name"]!r} ({owner[image_id]}, {source})'
                )
    if unknown:
        raise FormatError(
            f'{len(unknown)} predictions are of images that the list of images does '
            f'not have: {first_few(unknown)}; to fix it: '
            + (
                "predict with `--save-csv`, which writes the challenge's form; the "
                'numbers of these files are of `predict`, not of the list'
                if any(
                    'image' in entry for each in predictions.values() for entry in each
                )
                else 'give the list that was tested'
            )
        )
    if doubles:
        raise FormatError(
            f'{len(doubles)} images are predicted by two files: {first_few(doubles)}; '
            'give one file per category'
        )
    return best


def _fill(rows: np.ndarray, filled: np.ndarray, images: Sequence[Mapping]) -> None:
    """Write the mean shape of their category into the rows to fill, in place."""
    ids = np.array([image['category_id'] for image in images], dtype=int)
    for category_id in np.unique(ids[filled]).tolist():
        garment = garments.category_of_id('fashionai', category_id)
        same = ids == category_id
        empty = np.flatnonzero(same & filled)
        if not (same & ~filled).any():
            names = [repr(images[i]['file_name']) for i in empty]
            raise FormatError(
                f'{len(names)} images of category {garment.name} have no prediction, '
                f'nor has any other of that category, whose mean shape could fill '
                f'them: {first_few(names)}; predict some of them'
            )
        sizes_wh = _sizes(images, np.flatnonzero(same))  # (n, 2)
        points = rows[np.ix_(same, list(garment.channels))]  # (n, K, 3)
        predicted = ~filled[same]
        shape = (points[predicted, :, :2] / sizes_wh[predicted, None]).mean(axis=0)
        points[~predicted, :, :2] = shape * sizes_wh[~predicted, None]
        points[..., 2] = 1
        rows[np.ix_(same, list(garment.channels))] = points


def _sizes(images: Sequence[Mapping], indices: np.ndarray) -> np.ndarray:
    """Width and height in pixels, shape (n, 2)."""
    sizes = [(images[i].get('width'), images[i].get('height')) for i in indices]
    for i, size in zip(indices, sizes):
        if not all(type(side) is int and side > 0 for side in size):
            raise FormatError(
                f'{images[i]["file_name"]!r} has no width and height in the list of '
                'images, which the mean shape needs'
            )
    return np.array(sizes, dtype=float)
