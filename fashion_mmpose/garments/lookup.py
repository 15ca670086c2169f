"""Questions about the table: benchmarks, categories and key points by name."""

from collections.abc import Iterable, Mapping

from .definition import BENCHMARKS
from .table import Benchmark, Garment


def benchmark(dataset: str) -> Benchmark:
    """The benchmark of that name.

    Raises:
        ValueError: If there is none.
    """
    try:
        return BENCHMARKS[dataset]
    except KeyError:
        raise ValueError(
            f'unknown dataset {dataset!r}; choose from {sorted(BENCHMARKS)}'
        ) from None


def garment(dataset: str, category: str) -> Garment:
    """The garment of that name in the benchmark of that name.

    Raises:
        ValueError: If the benchmark or the category does not exist.
    """
    garments = benchmark(dataset).garments
    try:
        return garments[category]
    except KeyError:
        raise ValueError(
            f'unknown {dataset} category {category!r}; choose from {list(garments)}'
        ) from None


def categories(dataset: str) -> tuple[str, ...]:
    """Names of the benchmark's categories in the order of their ids."""
    return tuple(benchmark(dataset).garments)


def in_order(dataset: str, names: Iterable[str]) -> tuple[str, ...]:
    """These categories of the benchmark, each once, in the order of their ids.

    Raises:
        ValueError: If the benchmark or a category does not exist.
    """
    wanted = {garment(dataset, name).name for name in names}
    return tuple(name for name in categories(dataset) if name in wanted)


def category_of_id(dataset: str, category_id: int) -> Garment:
    """The garment with that COCO category id.

    Raises:
        ValueError: If the benchmark has no category of that id.
    """
    for candidate in benchmark(dataset).garments.values():
        if candidate.category_id == category_id:
            return candidate
    raise ValueError(
        f'unknown {dataset} category id {category_id!r}; '
        f'ids are 1 to {len(benchmark(dataset).garments)}'
    )


def keypoints(dataset: str, category: str | None = None) -> tuple[str, ...]:
    """Key point names of one category, or of the full layout."""
    if category is None:
        return benchmark(dataset).keypoints
    return garment(dataset, category).keypoints


def metainfo_name(dataset: str, category: str | None = None) -> str:
    """``dataset_name`` of :func:`metainfo`, e.g. ``'fashionai_blouse'``."""
    return dataset if category is None else f'{dataset}_{category}'


def benchmark_of(meta: Mapping) -> str:
    """The name of the benchmark that a dataset's metainfo is of.

    Args:
        meta: A ``dataset_meta``. Its ``benchmark`` tells; where it has none, as in
            checkpoints of earlier versions, its ``dataset_name`` does.

    Raises:
        ValueError: If it is of no benchmark of the table.
    """
    if 'benchmark' in meta:
        return benchmark(meta['benchmark']).name
    name = meta.get('dataset_name')
    known = {
        metainfo_name(dataset, category): dataset
        for dataset in BENCHMARKS
        for category in (None, *categories(dataset))
    }
    if name not in known:
        raise ValueError(
            f'the metainfo names no benchmark, and its dataset_name is {name!r}; to '
            f"fix it: set its 'benchmark' to one of {sorted(BENCHMARKS)}, or its "
            f'dataset_name to one of {sorted(known)}'
        )
    return known[name]
