"""What the parts of a config are, in whichever form it names them."""

from collections.abc import Mapping

from mmengine.config import Config, ConfigDict


def is_ensemble(cfg: Config) -> bool:
    """Whether the config's model is a :class:`HeatmapEnsemble`."""
    return kind_of(cfg.get('model') or {}) == 'HeatmapEnsemble'


def is_detector(cfg: Config) -> bool:
    """Whether the config is one of MMDetection's."""
    return cfg.get('default_scope') == 'mmdet'


def trained_category(cfg: Config) -> str | None:
    """The one category whose network a config trains or tests, if it is one."""
    loader = cfg.get('train_dataloader') or cfg.get('test_dataloader') or {}
    return (loader.get('dataset') or {}).get('category')


def kind_of(part: Mapping) -> str:
    """The name of a part's class, without its module or scope; '' if it names none."""
    kind = part.get('type') or ''
    name = kind if isinstance(kind, str) else getattr(kind, '__name__', '')
    return name.rpartition('.')[2]


def metrics_of(cfg: Config, part: str) -> list[ConfigDict]:
    """The metrics of a config's evaluator, in whichever form it names them.

    Args:
        cfg: The config.
        part: ``'val'`` or ``'test'``; others have none.
    """
    evaluator = cfg.get(f'{part}_evaluator') or []
    if isinstance(evaluator, Mapping):
        evaluator = evaluator.get('metrics', [evaluator])
    return [evaluator] if isinstance(evaluator, Mapping) else list(evaluator)
