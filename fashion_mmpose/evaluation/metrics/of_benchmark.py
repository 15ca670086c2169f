"""What the metrics of garments share: whose garments they score."""

from abc import abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from mmengine.evaluator import BaseMetric

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError


class BenchmarkMetric(BaseMetric):
    """A metric that one benchmark has brought, for all of them.

    The metainfo of the dataset tells whose garments are scored, and this benchmark's
    name is the prefix of the numbers, unless another one is configured. Without a
    metainfo, and on stock datasets of MMPose, it is the one that brought the metric,
    ``default_prefix``.

    Args:
        prefix (str, optional): As in :class:`mmengine.evaluator.BaseMetric`.
        **kwargs: Other arguments of it.

    Attributes:
        left_out: Ids of the images that a run leaves out, by the absolute path of the
            annotation file; see
            :class:`fashion_mmpose.datasets.pictures.sieve.PictureSieve`.
    """

    default_prefix: str

    def __init__(self, prefix: str | None = None, **kwargs) -> None:
        super().__init__(prefix=prefix, **kwargs)
        self.left_out: Mapping[str, Sequence[int]] = {}
        self._has_own_prefix = prefix is not None
        self.definition = garments.benchmark(self.default_prefix)

    @property
    def dataset_meta(self) -> Mapping | None:
        """The metainfo of the dataset that is tested."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, dataset_meta: Mapping | None) -> None:
        self._dataset_meta = dataset_meta
        told = benchmark_told(dataset_meta)
        self.definition = told or garments.benchmark(self.default_prefix)
        if not self._has_own_prefix:
            self.prefix = self.definition.name

    def metric_names(self, annotated: Collection[str] | None = None) -> list[str]:
        """Names of the numbers that this metric may give, with the prefix.

        Those of a category are given if it occurs.

        Args:
            annotated: The categories of the garments that are tested; None if nobody
                knows, for all that the dataset may hold.
        """
        prefix = f'{self.prefix}/' if self.prefix else ''
        held = self._categories
        if annotated is not None:
            held = [name for name in held if name in annotated]
        return [f'{prefix}{name}' for name in self._plain_names(held)]

    @abstractmethod
    def _plain_names(self, categories: Sequence[str]) -> list[str]:
        """The names without the prefix, where these categories occur."""

    @property
    def _categories(self) -> Sequence[str]:
        """The categories that the dataset holds."""
        return self._meta('categories') or garments.categories(self.definition)

    def _meta(self, key: str) -> Any:
        return (self.dataset_meta or {}).get(key)


def benchmark_told(meta: Mapping | None) -> garments.Benchmark | None:
    """The benchmark of a metainfo; None where it is a stock dataset's, or missing."""
    try:
        return garments.benchmark_of(meta or {})
    except ValueError:
        return None


def check_pictures(pictures: Iterable[tuple[int, str | None]]) -> None:
    """Refuse samples of several pictures that have one id.

    Args:
        pictures: The id and the path of each sample's picture; None or '' for a path
            that nobody knows.

    Raises:
        FormatError: If there are some.
    """
    paths = {}
    for image_id, path in pictures:
        known = paths.setdefault(image_id, path)
        if known != path:
            raise FormatError(
                f'{known} and {path} have one id, {image_id}, by which predictions are '
                'told apart: the test is of several annotation files; to fix it: test '
                'one file at a time'
            )
