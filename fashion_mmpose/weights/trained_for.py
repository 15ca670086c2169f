"""What the weights of a checkpoint were trained for, and what they are tested on."""

import logging
import os
from collections.abc import Mapping, Sequence

from mmengine.logging import print_log

from fashion_mmpose import garments
from fashion_mmpose.config.dataset_settings import leaves

from .read import WeightsError


def shared_categories(
    meta: Mapping, metainfo: Mapping, name: str, path: str | os.PathLike
) -> tuple[str, ...]:
    """The categories of a garment dataset that weights were trained for.

    Args:
        meta: What the checkpoint tells about itself; one that tells nothing is taken
            for one of the right key points.
        metainfo: ``dataset_name``, ``benchmark`` and ``categories`` of the dataset.
        name: What the config is called, for the error.
        path: The file of the weights, for the error.

    Raises:
        WeightsError: If the key points are others, or there are none in common.
    """
    trained = meta.get('dataset_meta') or {}
    wanted = metainfo['dataset_name']
    other = trained.get('dataset_name', wanted)
    if other != wanted:
        raise WeightsError(f'{path} was trained for {other}, {name} is for {wanted}')
    _check_description(trained.get('benchmark'), metainfo.get('benchmark'), name, path)
    known = trained.get('categories')
    shared = tuple(
        each for each in metainfo['categories'] if known is None or each in known
    )
    if not shared:
        raise WeightsError(f'{path} was trained for {tuple(known)}, {name} is not')
    return shared


def _check_description(
    trained: str | Mapping | None,
    wanted: str | Mapping | None,
    name: str,
    path: str | os.PathLike,
) -> None:
    """Refuse weights for a benchmark of the same name with other key points."""
    if not isinstance(trained, Mapping) or not isinstance(wanted, Mapping):
        return
    theirs, ours = (
        garments.benchmark_from(trained, str(path)),
        garments.benchmark_from(wanted),
    )
    rows = [
        {item.name: item.keypoints for item in each.garments.values()}
        for each in (theirs, ours)
    ]
    if theirs.keypoints != ours.keypoints or rows[0] != rows[1]:
        different = [
            category
            for category in {**rows[0], **rows[1]}
            if rows[0].get(category) != rows[1].get(category)
        ]
        raise WeightsError(
            f'{path} was trained for another description of {ours.name} than that of '
            f'{name}: they differ in {", ".join(different) or "the order"}; to fix it: '
            'use the description of the training, or train again'
        )


def check_same_points(
    first: Mapping, other: Mapping, name: str, path: str | os.PathLike
) -> None:
    """Refuse weights whose outputs mean something else than those of others.

    Two garments may have as many key points, and networks of the same shapes then.

    Args:
        first: What one checkpoint tells about itself; nothing is compared that it, or
            the other, does not tell.
        other: What the other one tells.
        name: What the first one is called, for the error.
        path: The file of the other one, for the error.

    Raises:
        WeightsError: If benchmark, key points or classes are others.
    """
    ours, theirs = (meta.get('dataset_meta') or {} for meta in (first, other))
    wanted, found = ours.get('dataset_name'), theirs.get('dataset_name')
    if wanted and found and wanted != found:
        raise WeightsError(f'{path} was trained for {found}, {name} for {wanted}')
    _check_description(theirs.get('benchmark'), ours.get('benchmark'), name, path)
    if classes := ours.get('classes'):
        classes = (classes,) if isinstance(classes, str) else classes
        trained_classes(other, classes, name, path)


def trained_classes(
    meta: Mapping, stated: Sequence[str], name: str, path: str | os.PathLike
) -> tuple[str, ...]:
    """The classes of a detector that a checkpoint tells, empty where it does not.

    Args:
        meta: What the checkpoint tells about itself.
        stated: The classes of the config or of its test set; empty if not known.
        name: What the config is called, for the error.
        path: The file of the weights, for the error.

    Raises:
        WeightsError: If the two differ.
    """
    trained = (meta.get('dataset_meta') or {}).get('classes') or ()
    trained = (trained,) if isinstance(trained, str) else tuple(trained)
    if stated and trained and tuple(stated) != trained:
        raise WeightsError(
            f'{path} was trained for the classes {trained}, {name} is for '
            f'{tuple(stated)}'
        )
    return trained


def trained_boxes(meta: Mapping, config: Mapping) -> str | None:
    """What a garment network was shown in training.

    Args:
        meta: What the checkpoint tells about itself.
        config: The network's config, which stands in for a checkpoint that tells
            nothing.

    Returns:
        str | None: ``'annotation'``, garments cut out at their annotated boxes;
        ``'image'``, whole pictures; ``None`` if neither tells, or it was shown both.
    """
    if told := (meta.get('dataset_meta') or {}).get('bbox_source'):
        return told
    for loader in ('train_dataloader', 'test_dataloader'):
        dataset = (config.get(loader) or {}).get('dataset') or {}
        held = leaves(dataset)  # of a wrapper, such as MMPose's CombinedDataset
        if any('pipeline' in each for each in (dataset, *held)):
            sources = {each.get('bbox_source', 'annotation') for each in held}
            return sources.pop() if len(sources) == 1 else None
    return None


def check_trained_for(
    meta: Mapping, metainfo: Mapping, name: str, path: str | os.PathLike
) -> None:
    """Refuse weights that were trained for something else than a test set.

    Those that were trained for some of its categories may be tested; a warning in the
    log of the run names the others, whose key points they have not learnt.

    Args:
        meta: What the checkpoint tells about itself.
        metainfo: That of the test set. Of stock pose datasets nothing is compared.
        name: What the config is called, for the error.
        path: The file of the weights, for the error.

    Raises:
        WeightsError: If benchmark, key points or classes are others, or if there are no
            categories in common.
    """
    if 'benchmark' in metainfo and 'dataset_name' in metainfo:
        shared = shared_categories(meta, metainfo, name, path)
        others = [each for each in metainfo['categories'] if each not in shared]
        if others:
            print_log(
                f'{path} was not trained on {", ".join(others)}, which {name} tests as '
                f'well: their scores say nothing; to fix it: categories={shared} in '
                'test_dataloader.dataset',
                logger='current',
                level=logging.WARNING,
            )
    elif 'classes' in metainfo:
        trained_classes(meta, metainfo['classes'], name, path)
