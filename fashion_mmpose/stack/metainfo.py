"""What MMPose asks classes of data sets, told by the garment datasets themselves.

MMPose's own data sets have one layout of key points each, at their class
(``METAINFO``). That of a garment dataset depends on its category and its benchmark.
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fashion_mmpose import garments


def serve_metainfo(dataset_class: type) -> None:
    """Let MMPose find the key points of garment datasets.

    - ``init_model(config, None)`` and what stands on it (``get_flops.py``, demos) finds
      those of a config that has no checkpoint.
    - ``MultiDatasetEvaluator`` gives each metric the metainfo of its own data set.
    - ``CombinedDataset(metainfo={})`` has that of the data sets that it holds.

    Args:
        dataset_class: Base of the datasets that are asked.
    """
    with warnings.catch_warnings():
        # MMPose's use of it; who uses MMPose can do nothing about it.
        warnings.filterwarnings('ignore', 'pkg_resources is deprecated')
        from mmpose.apis import inference
        from mmpose.apis.inferencers import base_mmpose_inferencer
        from mmpose.datasets import CombinedDataset
        from mmpose.evaluation.evaluators import MultiDatasetEvaluator
        from mmpose.registry import DATASETS

    of_config = inference.dataset_meta_from_config
    init_evaluator, init_combined = (
        each.__init__ for each in (MultiDatasetEvaluator, CombinedDataset)
    )

    def garment_class(settings: Any) -> Any:
        """The class of a garment dataset; None for those of others."""
        kind = settings.get('type') if isinstance(settings, Mapping) else None
        kind = kind if isinstance(kind, type) else DATASETS.get(str(kind))
        is_own = isinstance(kind, type) and issubclass(kind, dataset_class)
        return kind if is_own else None

    def dataset_meta_from_config(config, dataset_mode='train'):
        # An entry that is only tested has no data for training.
        for mode in (dataset_mode, 'test'):
            settings = (config.get(f'{mode}_dataloader') or {}).get('dataset') or {}
            if garment_class(settings):
                return DATASETS.build(dict(settings, lazy_init=True)).metainfo
        return of_config(config, dataset_mode)

    def evaluate_each(self, metrics: Sequence, datasets: Sequence[Mapping]) -> None:
        if not any(map(garment_class, datasets)):
            return init_evaluator(self, metrics, datasets)
        # MMPose's looks for METAINFO at every class; others keep theirs.
        super(MultiDatasetEvaluator, self).__init__(metrics)
        self.metrics_dict = {}
        for settings, metric in zip(datasets, self.metrics, strict=True):
            # Read as a whole: scores ask how many samples there are.
            metric.dataset_meta = DATASETS.build(settings).metainfo
            name = metric.dataset_meta['dataset_name']
            if name in self.metrics_dict:
                raise ValueError(
                    f'MultiDatasetEvaluator has two data sets called {name}, by which '
                    'it tells samples apart; to fix it: test one of them at a time'
                )
            self.metrics_dict[name] = metric

    def combine(self, metainfo: Mapping, datasets: Sequence, *args, **kwargs) -> None:
        told = metainfo or _shared_metainfo(datasets, map(garment_class, datasets))
        init_combined(self, told, datasets, *args, **kwargs)

    for module in (inference, base_mmpose_inferencer):
        module.dataset_meta_from_config = dataset_meta_from_config
    MultiDatasetEvaluator.__init__ = evaluate_each
    CombinedDataset.__init__ = combine


def _shared_metainfo(datasets: Sequence, classes: Iterable) -> dict:
    """The metainfo that garment datasets have in common.

    Args:
        datasets: Their settings.
        classes: Of each, its class, or None if it is none of garments.

    Raises:
        ValueError: If there is none.
    """
    told = {}
    for settings, class_ in zip(datasets, classes):
        if class_ is None:
            told['others'] = {}
            continue
        definition = class_.described(settings.get('benchmark'))
        metainfo = garments.metainfo(definition, settings.get('category'))
        told[metainfo['dataset_name']] = metainfo
    if len(told) == 1 and 'others' not in told:
        return next(iter(told.values()))
    raise ValueError(
        'CombinedDataset has no metainfo, and its data sets have no key points in '
        f'common: {", ".join(told) or "there are none"}; to fix it: give metainfo= of '
        'the key points that the pipelines of all end with, in the form that '
        'fashion_mmpose.garments.metainfo has'
    )
