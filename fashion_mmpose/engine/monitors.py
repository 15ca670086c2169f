"""Metrics of a run: what they are told, and those that decide about a training."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from mmengine.evaluator import Evaluator
from mmengine.hooks import CheckpointHook, EarlyStoppingHook
from mmengine.runner import BaseLoop, Runner
from mmpose.evaluation import CocoMetric

from fashion_mmpose.datasets.garment_dataset import GarmentDataset
from fashion_mmpose.datasets.pictures.reading import picture_ids
from fashion_mmpose.datasets.pictures.sieve import PictureSieve
from fashion_mmpose.evaluation.functional.directions import rule_of_score
from fashion_mmpose.evaluation.metrics.of_benchmark import BenchmarkMetric
from fashion_mmpose.garments import category_of_id


def inform_metrics(loop: BaseLoop, sieve: PictureSieve | None = None) -> None:
    """Let metrics know which pictures are tested.

    Args:
        loop: A test or a validation.
        sieve: What has left pictures out.

    Raises:
        ValueError: If MMPose's ``CocoMetric`` would compare points with those of
            another layout.
    """
    for metric in loop.evaluator.metrics:
        if sieve is not None and hasattr(metric, 'left_out'):
            metric.left_out = sieve.left_out_ids
        elif getattr(metric, 'img_ids', ()) is None:  # MMDetection's CocoMetric
            # It would count the garments of pictures that were not tested, too.
            metric.img_ids = picture_ids(loop.dataloader.dataset)
        elif isinstance(metric, CocoMetric):
            _check_truth(metric)


def _check_truth(metric: CocoMetric) -> None:
    """Refuse annotations in another layout than the data set's."""
    converts = metric.pred_converter is not None or metric.gt_converter is not None
    if metric.coco is None or metric.dataset_meta is None or converts:
        return
    wanted = metric.dataset_meta['num_keypoints']
    annotation = next(iter(metric.coco.anns.values()), {})
    found = len(annotation.get('keypoints', ())) // 3
    if found not in (0, wanted):
        raise ValueError(
            f'CocoMetric has annotations of {found} key points, and those of '
            f'{metric.dataset_meta["dataset_name"]} are {wanted}; to fix it: give it '
            "the category's own file as ann_file, or test with NormalizedError or "
            'GarmentOKS, which know the key points of each category'
        )


def check_monitored(runner: Runner, evaluator: Evaluator, dataset: Any) -> None:
    """Refuse, before training starts, to wait for a metric that never comes.

    Args:
        runner: The run, which has built its hooks and schedules.
        evaluator: That of its validation, whose metrics know their dataset.
        dataset: That dataset, whose garments tell the categories that are scored.

    Raises:
        ValueError: If ``save_best``, an early stop or a schedule names a metric that
            the validation does not give, or its rule is against a metric of this
            package. What the validation gives is known if all of its metrics have a
            method ``metric_names``, as those of this package do.
    """
    _check_rules(runner)
    # Others, such as that of several data sets, have prefixes of their own.
    if type(evaluator) is not Evaluator:
        return
    if not all(hasattr(metric, 'metric_names') for metric in evaluator.metrics):
        return
    annotated = annotated_categories(dataset)
    possible, names = [], []
    for metric in evaluator.metrics:
        possible += metric.metric_names()
        if isinstance(metric, BenchmarkMetric):
            names += metric.metric_names(annotated)
        else:
            names += metric.metric_names()
    for what, name, _ in _monitored(runner):
        if name not in names:
            similar = get_close_matches(name, names, n=1, cutoff=0.0)
            nearest = f'the nearest is {similar[0]!r}; ' if similar else ''
            if name in possible:
                nearest = 'the validation set has no such garment; '
            raise ValueError(
                f'{what} is {name!r}, which the validation does not give; {nearest}to '
                f'fix it: choose from {", ".join(names) or "nothing: it has no metric"}'
            )


def _check_rules(runner: Runner) -> None:
    """Refuse to keep the worst: more of an error, or less of a precision."""
    for what, name, rule in _monitored(runner):
        known = rule_of_score(name)
        if known not in (None, rule):
            better = 'less' if known == 'less' else 'more'
            raise ValueError(
                f'{what} is {name!r}, of which {better} is better, and its rule is '
                f'{rule!r}; to fix it: set rule={known!r}'
            )


def annotated_categories(dataset: Any) -> set[str] | None:
    """Names of the categories that the annotated garments of a dataset are of.

    Args:
        dataset: Any, also one that holds others in ``dataset`` or ``datasets``.

    Returns:
        set[str] | None: None if the dataset is none of garments.
    """
    if isinstance(dataset, GarmentDataset):
        dataset.full_init()
        ids = dataset.data_list.annotated_categories()
        return {category_of_id(dataset.definition, each).name for each in ids}
    wrapped = getattr(dataset, 'dataset', None)
    held = getattr(dataset, 'datasets', [] if wrapped is None else [wrapped])
    names = set()
    for each in held:
        found = annotated_categories(each)
        if found is None:
            return None
        names |= found
    return names if held else None


def _monitored(runner: Runner) -> Iterator[tuple[str, str, str]]:
    """What decides by which metric, and by which rule."""
    for hook in runner.hooks:
        if isinstance(hook, CheckpointHook):
            best = hook.save_best or []
            names = [best] if isinstance(best, str) else best
            for name, rule in zip(names, hook.rules if names else ()):
                if name != 'auto':
                    yield f'save_best of {type(hook).__name__}', name, rule
        elif isinstance(hook, EarlyStoppingHook):
            yield f'monitor of {type(hook).__name__}', hook.monitor, hook.rule
    schedules = runner.param_schedulers or []
    if isinstance(schedules, Mapping):
        schedules = [each for some in schedules.values() for each in some]
    for schedule in schedules:
        if hasattr(schedule, 'monitor'):
            yield (
                f'monitor of {type(schedule).__name__}',
                schedule.monitor,
                schedule.rule,
            )
