"""Questions about the table: benchmarks, categories and key points by name."""

from collections.abc import Iterable, Mapping

from .descriptions.definition import (
    BENCHMARKS,
    benchmark_from,
    describe,
    read_benchmark,
)
from .descriptions.file import SUFFIXES, is_description_file
from .table import Benchmark, Garment

# A benchmark, or the name of a built-in one.
Named = str | Benchmark


def benchmark(dataset: Named | Mapping) -> Benchmark:
    """The benchmark of that name, description, or file of a description.

    Args:
        dataset: The name of a built-in one; a path that ends as in
            :data:`.descriptions.file.SUFFIXES`; what
            :func:`.descriptions.definition.benchmark_from` takes; or a benchmark, which
            is returned as it is.

    Raises:
        FileNotFoundError: If the file does not exist.
        FormatError: If the description is none.
        ValueError: If there is no benchmark of that name.
    """
    # First what is asked most, by every row of a file: the built-in ones by name.
    if isinstance(dataset, str) and dataset in BENCHMARKS:
        return BENCHMARKS[dataset]
    if isinstance(dataset, Benchmark):
        return dataset
    if isinstance(dataset, Mapping):
        return benchmark_from(dataset)
    if is_description_file(dataset):
        return read_benchmark(dataset)
    raise ValueError(
        f'unknown dataset {dataset!r}; choose from {sorted(BENCHMARKS)}, or name a '
        f'description ({", ".join(SUFFIXES)})'
    )


def garment(dataset: Named, category: str) -> Garment:
    """The garment of that name in the benchmark of that name.

    Raises:
        ValueError: If the benchmark or the category does not exist.
    """
    whole = benchmark(dataset)
    try:
        return whole.garments[category]
    except KeyError:
        raise ValueError(
            f'unknown {whole.name} category {category!r}; choose from '
            f'{list(whole.garments)}'
        ) from None


def categories(dataset: Named) -> tuple[str, ...]:
    """Names of the benchmark's categories in the order of their ids."""
    return tuple(benchmark(dataset).garments)


def in_order(dataset: Named, names: Iterable[str]) -> tuple[str, ...]:
    """These categories of the benchmark, each once, in the order of their ids.

    Raises:
        ValueError: If the benchmark or a category does not exist.
    """
    wanted = {garment(dataset, name).name for name in names}
    return tuple(name for name in categories(dataset) if name in wanted)


def category_of_id(dataset: Named, category_id: int) -> Garment:
    """The garment with that COCO category id.

    Raises:
        ValueError: If the benchmark has no category of that id.
    """
    whole = benchmark(dataset)
    for candidate in whole.garments.values():
        if candidate.category_id == category_id:
            return candidate
    raise ValueError(
        f'unknown {whole.name} category id {category_id!r}; '
        f'ids are 1 to {len(whole.garments)}'
    )


def keypoints(dataset: Named, category: str | None = None) -> tuple[str, ...]:
    """Key point names of one category, or of the full layout."""
    if category is None:
        return benchmark(dataset).keypoints
    return garment(dataset, category).keypoints


def metainfo_name(dataset: Named, category: str | None = None) -> str:
    """``dataset_name`` of :func:`metainfo`, e.g. ``'fashionai_blouse'``."""
    name = benchmark(dataset).name
    return name if category is None else f'{name}_{category}'


def benchmark_of(meta: Mapping) -> Benchmark:
    """The benchmark that a dataset's metainfo is of.

    Args:
        meta: A ``dataset_meta``. Its ``benchmark`` tells: the name of a built-in one,
            or the description of another. Where it has none, as in checkpoints of
            earlier versions, its ``dataset_name`` does.

    Raises:
        FormatError: If the description is none.
        ValueError: If it is of no benchmark.
    """
    if 'benchmark' in meta:
        return benchmark(meta['benchmark'])
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
    return BENCHMARKS[known[name]]


def benchmark_entry(dataset: Named) -> str | dict:
    """A benchmark as metainfo and checkpoints hold it, see :func:`benchmark_of`."""
    whole = benchmark(dataset)
    return whole.name if whole.name in BENCHMARKS else describe(whole)
