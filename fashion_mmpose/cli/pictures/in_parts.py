"""Predictions and lengths of very many pictures, written in parts.

`predict`, `measure` and `detect pictures` come here with `--format parquet`.
"""

import argparse
import os
import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from functools import partial
from typing import Any

from fashion_mmpose.catalogue.merging import find_parts
from fashion_mmpose.catalogue.model_id import detector_options
from fashion_mmpose.catalogue.part_files import PartFiles, PartResult, Writing
from fashion_mmpose.catalogue.plan import Catalogue, Plan, begin, survey
from fashion_mmpose.catalogue.ray_engine import Cluster, Predictor, predict_on_ray
from fashion_mmpose.catalogue.schema import Unreadable
from fashion_mmpose.catalogue.shards import Shard, read_shard
from fashion_mmpose.catalogue.table_file import (
    UNREADABLE_PARTS,
    about_file,
    write_unreadable,
)
from fashion_mmpose.cli.options.networks import OF_PARTS
from fashion_mmpose.cli.options.scale import PARQUET, measuring_by, measuring_settings
from fashion_mmpose.cli.shell import FAILED, INTERRUPTED, fill_in, warn
from fashion_mmpose.files.parquet import require_pyarrow
from fashion_mmpose.files.writing.locks import locked_file
from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.inference.outputs.names import Naming
from fashion_mmpose.media.sources import Source, find_sources

from .progress import Progress
from .running import (
    go_through,
    inputs_of,
    open_networks,
    summary_of,
    without_drawn,
)


def in_parts(args: argparse.Namespace) -> bool:
    """Whether a command is to write parts."""
    return PARQUET in args.format


def check_parts(
    args: argparse.Namespace, parser: argparse.ArgumentParser, alone: Sequence[str]
) -> None:
    """Refuse options that do not go together, and fill in those that are not given.

    Args:
        args: Options of the command.
        parser: Whose they are.
        alone: Names of the options that `--format parquet` has no place for.
    """
    given = fill_in(args, dict(ray_address=None, **OF_PARTS))
    for_ray = [name for name in given if name != 'part_size']
    if args.part_size < 1:
        parser.error(f'--part-size {args.part_size}: must be at least 1')
    for name in ('ray_workers', 'ray_cpus'):
        if getattr(args, name) < 1:
            option = name.replace('_', '-')
            parser.error(f'--{option} {getattr(args, name)}: must be at least 1')
    if args.ray_gpus < 0:
        parser.error(f'--ray-gpus {args.ray_gpus}: must not be negative')
    if args.engine != 'ray' and for_ray:
        parser.error(f'--{for_ray[0].replace("_", "-")} is for --engine ray')
    if not in_parts(args):
        if 'part_size' in given:
            parser.error('--part-size is for parts; give --format parquet, too')
        if args.engine == 'ray':
            parser.error('--engine ray writes parts; give --format parquet, too')
        return
    if len(args.format) > 1:
        parser.error('--format parquet goes alone; `merge` makes JSON of its parts')
    given = [name for name in alone if getattr(args, name)]
    if given:
        options = ', '.join(f'--{name.replace("_", "-")}' for name in given)
        parser.error(
            f'--format parquet writes parts and nothing else; leave out {options}'
        )


def execute_in_parts(args: argparse.Namespace, title: str, measured: bool) -> int:
    """Predict what no part has yet, and report; the exit code.

    Args:
        args: Options of the command.
        title: Of the progress.
        measured: Whether garments are measured, too.
    """
    require_pyarrow()
    shard = read_shard(args.shard)
    left_aside: list[str] = []
    inputs, listing = inputs_of(args)

    def find(left: list[str] | None = None) -> Iterable[Source]:
        found = find_sources(iter(inputs), left, listing)
        return without_drawn(found, inputs, args.out_dir, left)

    naming = Naming(find)
    catalogue = survey(naming(find(left_aside)))
    warn([f'not used: {reason}' for reason in left_aside])
    inferencer, writing, _ = make_predictor(args, measured)
    plan = plan_of(args, catalogue, writing, inferencer)
    with locked_file(os.path.join(args.out_dir, shard.name)):
        begin(args.out_dir, plan)
        pending = plan.pending(args.out_dir, shard)
        files = PartFiles(args.out_dir, plan, writing)
        parts = plan.parts(naming(find()), pending)
        total = sum(map(plan.size, pending))
        if args.engine == 'ray':
            maker = partial(make_predictor, args, measured)
            cluster = cluster_of(args)
            results = predict_on_ray(parts, maker, cluster, writing.model)
            is_done = take_all(results, total, title, files)
        else:
            predicted = files.predicted(inferencer, parts, args.category)
            is_done = go_through(predicted, total, title, [files], files.leave_out)
        report(files, plan, shard, pending)
        num_bad, num_in_pixels = note_unreadable(args.out_dir, plan, shard)
    if not is_done:
        print('stopped; the same command goes on from here', file=sys.stderr)
        return INTERRUPTED
    # As of runs in one go: `predict --measure` tells it, and does not fail.
    if title == 'measure':
        num_bad += num_in_pixels
    return FAILED if num_bad and not args.skip_bad else 0


def make_predictor(args: argparse.Namespace, measured: bool) -> Predictor:
    """The networks, and what rows are made with; in a process of their own, too."""
    inferencer = open_networks(args)
    measuring = measuring_by(args, inferencer) if measured else None
    return Predictor(inferencer, Writing.by(inferencer, measuring), args.category)


def cluster_of(args: argparse.Namespace) -> Cluster:
    """The processes of Ray that the options ask for."""
    return Cluster(
        # Jobs on a cluster have its address from Ray.
        address=args.ray_address or os.environ.get('RAY_ADDRESS') or None,
        workers=args.ray_workers,
        cpus=args.ray_cpus,
        gpus=args.ray_gpus,
    )


def take_all(
    results: Generator[PartResult], total: int, title: str, files: PartFiles
) -> bool:
    """Write parts as they come; False if that was interrupted."""
    try:
        with files, Progress(total, title) as progress, closing(results):
            for result in results:
                files.take(result)
                progress.update(len(result.part.sources))
    except KeyboardInterrupt:
        return False
    return True


def plan_of(
    args: argparse.Namespace,
    catalogue: Catalogue,
    writing: Writing,
    inferencer: GarmentInferencer,
) -> Plan:
    """What the parts are of."""
    boxes = detector_options(inferencer)
    settings: dict[str, Any] = {
        'the names of the pictures': catalogue.digest,
        'the model': writing.model,
        '--category': args.category,
        **{f'{name} of boxes': value for name, value in boxes.items()},
        'measuring': writing.measuring is not None,
    }
    if writing.measuring is not None:
        settings |= measuring_settings(args)
    return Plan(
        num_pictures=catalogue.num_pictures,
        part_size=args.part_size,
        settings=settings,
        sizes=catalogue.sizes,
    )


def report(files: PartFiles, plan: Plan, shard: Shard, pending: Sequence[int]) -> None:
    """Print what was done, and what was not."""
    own = len(range(shard.index, plan.num_parts, shard.count))
    if len(pending) < own:
        print(f'{own - len(pending)} of {own} parts were there before')
    for what, count, reasons in (
        ('left out', files.num_unreadable, files.unreadable),
        ('in pixels', files.num_in_pixels, files.in_pixels),
    ):
        warn([f'{what}: {reason}' for reason in reasons])
        if count > len(reasons):
            warn([f'{what}: ... and {count - len(reasons)} more'])
    print(summary_of(dict(files.num_garments.most_common()), files.num_pictures))
    if files.num_empty:
        print(f'{files.num_empty} pictures have none')
    print(f'written to {files.out_dir}')


def note_unreadable(folder: str, plan: Plan, shard: Shard) -> tuple[int, int]:
    """List the unreadable pictures of all parts.

    Returns:
        tuple: How many pictures of this share could not be read, and how many could
        not be measured in centimetres.
    """
    found: list[Unreadable] = []
    num_bad = num_in_pixels = 0
    for path in find_parts([folder]).paths:
        about = about_file(path)
        found += about.unreadable
        if about.first // plan.part_size % shard.count == shard.index:
            num_bad += len(about.unreadable)
            num_in_pixels += about.num_in_pixels
    write_unreadable(folder, found, UNREADABLE_PARTS)
    return num_bad, num_in_pixels
