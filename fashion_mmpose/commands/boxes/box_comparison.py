"""One pose network in boxes of several sources."""

import copy
import logging
import math
import os
from collections.abc import Collection, Mapping, Sequence

from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log
from terminaltables import AsciiTable

from fashion_mmpose.commands.runs.running import build_runner, set_testing
from fashion_mmpose.config.loading import existing_file
from fashion_mmpose.config.parts import is_detector

ANNOTATED = 'annotated boxes'
WHOLE = 'whole images'


def box_sources(bbox_files: Sequence[str]) -> dict[str, dict]:
    """The sources that are compared, and the dataset's settings for each.

    Args:
        bbox_files: Result lists of detectors.

    Returns:
        dict: Annotated boxes, the files, whole images.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If a file is given twice.
    """
    if len(set(bbox_files)) < len(bbox_files):
        raise ValueError(f'a file of boxes comes twice: {", ".join(bbox_files)}')
    annotation = dict(bbox_source='annotation', bbox_file=None)
    return {
        ANNOTATED: annotation,
        **{
            path: dict(annotation, bbox_file=existing_file(path)) for path in bbox_files
        },
        WHOLE: dict(bbox_source='image', bbox_file=None),
    }


def compare_boxes(
    cfg: Config, checkpoint: str | None, sources: Mapping[str, Mapping]
) -> dict[str, dict[str, float]]:
    """Test a network in boxes of each source.

    Args:
        cfg: Config of a pose network; it is not changed. Every source has a folder of
            its own below its ``work_dir``.
        checkpoint: The weights; None for an ensemble whose members name theirs.
        sources: See :func:`box_sources`.

    Returns:
        dict: For every source what the config's metrics say.

    Raises:
        FileNotFoundError: If the checkpoint does not exist.
        ValueError: If the config is that of a detector or tests several data sets, or
            the checkpoint is missing or does not fit.
    """
    if is_detector(cfg):
        raise ValueError(
            'the config is that of a detector; boxes are compared by what a pose '
            'network makes of them'
        )
    dataset = cfg.test_dataloader.dataset
    if 'dataset' in dataset or 'datasets' in dataset:
        raise ValueError(
            f'boxes are compared on one data set, not in a {dataset.type}; to fix it: '
            'give its files one by one as test_dataloader.dataset'
        )
    metrics, pictures = {}, {}
    for number, (name, settings) in enumerate(sources.items()):
        own = copy.deepcopy(cfg)
        set_testing(own, checkpoint)
        own.test_dataloader.dataset.update(settings)
        own.work_dir = os.path.join(cfg.work_dir, f'boxes_{number}')
        # MMEngine keeps one visualizer and one log for each name.
        own.experiment_name = f'{os.path.basename(cfg.work_dir)}_boxes_{number}'
        runner = build_runner(own, testing=True)
        metrics[name] = runner.test()
        if dataset.get('indices') is not None:
            pictures[name] = _pictures(runner.test_dataloader.dataset)
    _warn_of_other_pictures(pictures)
    return metrics


def _pictures(dataset: BaseDataset) -> set[int]:
    infos = (dataset.get_data_info(index) for index in range(len(dataset)))
    return {info['img_id'] for info in infos}


def _warn_of_other_pictures(pictures: Mapping[str, set[int]]) -> None:
    """Say if a part of the samples (`indices`) is of other pictures in other boxes."""
    if all(own == pictures[ANNOTATED] for own in pictures.values()):
        return
    counts = ', '.join(f'{len(own)} of {name}' for name, own in pictures.items())
    print_log(
        'the rows are not of the same pictures, and cannot be compared: `indices` are '
        f'those of boxes, which lie in so many pictures: {counts}; to fix it: leave '
        'indices out, or test a file that lists fewer pictures',
        'current',
        logging.WARNING,
    )


def comparison_table(metrics: Mapping[str, Mapping[str, float]]) -> str:
    """The sources as rows, the scores as columns.

    Scores of single categories and key points are left out. A normalized error is in
    per cent of the garment's width.
    """
    keys = next(iter(metrics.values()))
    columns = [key for key in keys if _is_overall(key, keys)]
    rows = [['boxes', *map(_title, columns)]]
    for name, scores in metrics.items():
        rows.append([name, *(_cell(key, scores[key]) for key in columns)])
    table = AsciiTable(rows)
    table.justify_columns = dict.fromkeys(range(1, len(columns) + 1), 'right')
    return table.table


def _is_overall(key: str, keys: Collection[str]) -> bool:
    """Not ``NE_skirt`` beside ``NE``: a category's or key point's share of a score."""
    prefix, slash, score = key.rpartition('/')
    whole, _, part = score.partition('_')
    return not part or f'{prefix}{slash}{whole}' not in keys


def _title(key: str) -> str:
    name = key.rpartition('/')[2].replace('_', ' ')
    return f'{name} (%)' if name == 'NE' else name


def _cell(key: str, value: float) -> str:
    if isinstance(value, int):
        return str(value)
    if value == -1 or math.isnan(value):  # nothing to be found, nothing counted
        return '-'
    return f'{100 * value:.2f}' if _title(key) == 'NE (%)' else f'{value:.3f}'
