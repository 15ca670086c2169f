"""Questions about the table: benchmarks, categories and key points by name."""

from .deepfashion2 import deepfashion2
from .fashionai import fashionai
from .table import Benchmark, Garment

BENCHMARKS: dict[str, Benchmark] = {b.name: b for b in (fashionai(), deepfashion2())}


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
