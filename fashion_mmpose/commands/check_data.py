"""Read all data of a config beforehand, and report everything that is broken.

Usage:
    fashion-mmpose check-data CONFIG [--loaders train val test] [--data-root DIR]
        [--workers N] [--cfg-options KEY=VALUE ...]

CONFIG is a path, or the name of a config that the package carries, of a pose network or
of a detector. What its loaders for training, validation and testing name is read, also
the data sets inside of wrappers: annotation files, files of detectors' boxes
(--cfg-options test_dataloader.dataset.bbox_file=BOXES.json), and every picture, which
is decoded as training decodes it and compared with the size that each of its annotation
files says. Everything that is broken gets a line with the file and the reason, and the
exit code is 1; it is 0 where all is well. Of an annotation file that is broken, the
first fault is told. `train --skip-bad` and `test --skip-bad` go on without the pictures
that cannot be read.
"""

import argparse
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from mmengine.config import Config
from mmengine.registry import DATASETS, DefaultScope

from fashion_mmpose import garments
from fashion_mmpose.cli import shell
from fashion_mmpose.config.dataset_settings import leaves
from fashion_mmpose.config.loading import is_address, load_config
from fashion_mmpose.config.parts import metrics_of
from fashion_mmpose.datasets.pictures.reading import pictures_of
from fashion_mmpose.files.json_file import read_json
from fashion_mmpose.files.parallel import usable_cores
from fashion_mmpose.files.pictures.pixels import check_pictures
from fashion_mmpose.formats.coco.columns import read_columns
from fashion_mmpose.formats.detectors.box_columns import read_boxes

from .runs.data_root import LOADERS, add_data_root, set_data_root
from .runs.running import add_cfg_options

# The size that an annotation file says of a picture, if it does, and the file.
_Said = tuple[tuple[int, int] | None, str]
# What data sets raise, of files and settings that are not what they should be.
_FAULTS = (AssertionError, KeyError, OSError, RuntimeError, TypeError, ValueError)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = shell.argument_parser(__doc__)
    parser.add_argument('config', help='path or name of a config')
    parser.add_argument(
        '--loaders',
        nargs='+',
        choices=LOADERS,
        default=LOADERS,
        metavar='LOADER',
        help='whose data is read, of train, val and test (all of them)',
    )
    add_data_root(parser)
    parser.add_argument(
        '--workers',
        type=int,
        default=usable_cores(),
        metavar='N',
        help='processes that decode pictures (%(default)s, one a core)',
    )
    add_cfg_options(parser)
    return shell.parse(parser, argv)


def execute(args: argparse.Namespace) -> int:
    """Check and report; the exit code."""
    if args.workers < 1:
        raise ValueError(f'--workers {args.workers}: it must be at least 1')
    cfg = load_config(args.config, cfg_options=args.cfg_options, members=False)
    set_data_root(cfg, args.data_root)
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmpose')):
        report = check_data(cfg, args.workers, args.loaders)
    for line in report.lines():
        print(line)
    return 1 if report.faults else 0


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return shell.run(execute, parse_args(argv))


class Report:
    """What was read, and what of it is broken.

    Attributes:
        files: The files that were read, by their absolute path, each with its kind.
        pictures: The pictures by their path, each with the sizes that are said of it,
            see :func:`fashion_mmpose.datasets.pictures.reading.pictures_of`, and by
            which file, and for these the loaders that read it so.
        faults: Lines that say what is broken, each with the loaders that meet it.
        unchecked: What could not be checked.
    """

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.pictures: dict[str, dict[_Said, list[str]]] = {}
        self.faults: dict[str, list[str]] = {}
        self.unchecked: list[str] = []

    def add(self, fault: str, *parts: str) -> None:
        """Note what is broken in the data of some loaders."""
        met_by = self.faults.setdefault(' '.join(fault.split()), [])
        met_by.extend(part for part in dict.fromkeys(parts) if part not in met_by)

    @contextmanager
    def noting(self, part: str) -> Iterator[None]:
        """Note what a reader fails with, and go on."""
        try:
            yield
        except _FAULTS as error:
            # Python shows the argument of a KeyError in quotes.
            is_key = isinstance(error, KeyError) and error.args
            self.add(str(error.args[0] if is_key else error), part)

    def lines(self) -> Iterator[str]:
        """What the command prints: the faults, and the counts at the end."""
        for fault, parts in self.faults.items():
            yield f'broken: {fault} ({", ".join(parts)})'
        for what in self.unchecked:
            yield f'not checked: {what}'
        kinds = list(self.files.values())
        counts = [f'{kind}: {kinds.count(kind)}' for kind in dict.fromkeys(kinds)]
        counts.append(f'pictures: {len(self.pictures)}')
        yield f'{", ".join(counts)}, broken: {len(self.faults)}'


def check_data(cfg: Config, workers: int = 1, parts: Sequence[str] = LOADERS) -> Report:
    """Read all that a config's loaders and evaluators name.

    Args:
        cfg: The config, whose scope is the default one.
        workers: Processes that decode pictures. Defaults to 1.
        parts: Whose loaders are meant, of ``'train'``, ``'val'`` and ``'test'``.
            Defaults to all of them.
    """
    report = Report()
    for part in parts:
        settings = (cfg.get(f'{part}_dataloader') or {}).get('dataset') or []
        definition = None
        for leaf in leaves(settings):
            dataset = _check_dataset(leaf, part, report)
            definition = getattr(dataset, 'definition', definition)
        for each in metrics_of(cfg, part):
            if each.get('ann_file'):
                _check_truth(each['ann_file'], definition, part, report)
    _check_pictures(report, workers)
    return report


def _check_dataset(settings: Mapping, part: str, report: Report) -> Any:
    """Read the files of a data set that wraps no other; the data set, if that works."""
    # What is done with the pictures afterwards is not of interest.
    settings = dict(settings, pipeline=[], lazy_init=False)
    boxes = settings.get('bbox_file')
    dataset = None
    with report.noting(part):
        dataset = DATASETS.build(settings)
    if boxes:
        report.files[os.path.abspath(boxes)] = 'files of boxes'
    if boxes and dataset is None:
        # Either file is broken, or both: each is read on its own.
        with report.noting(part):
            dataset = DATASETS.build(settings | dict(bbox_file=None))
    if boxes and dataset is None:
        with report.noting(part), DATASETS.switch_scope_and_registry(None) as registry:
            kind = registry.get(settings['type'])
            if hasattr(kind, 'described'):
                read_boxes(boxes, kind.described(settings.get('benchmark')))
    if dataset is None:
        return None
    report.files[os.path.abspath(dataset.ann_file)] = 'annotation files'
    found = pictures_of(dataset)
    if found is None:
        report.unchecked.append(f'pictures of {type(dataset).__name__} ({part})')
        return dataset
    if not found:
        report.add(f'{dataset.ann_file} has nothing for this data set', part)
    for path, size in found.items():
        said = report.pictures.setdefault(path, {})
        said.setdefault((size, dataset.ann_file), []).append(part)
    return dataset


def _check_truth(
    path: str, definition: garments.Benchmark | None, part: str, report: Report
) -> None:
    """Read the annotation file of an evaluator."""
    if is_address(path) or os.path.abspath(path) in report.files:
        return
    report.files[os.path.abspath(path)] = 'annotation files'
    with report.noting(part):
        if definition is None:
            read_json(path)
        else:  # the pictures are not opened here, wherever they are
            read_columns(path, definition, image_root=os.sep)


def _check_pictures(report: Report, workers: int) -> None:
    paths = [path for path in report.pictures if not is_address(path)]
    if len(paths) < len(report.pictures):
        number = len(report.pictures) - len(paths)
        report.unchecked.append(f'{number} pictures that are not on this machine')
    for path, found in zip(paths, check_pictures(paths, workers)):
        for (said, ann_file), parts in report.pictures[path].items():
            if isinstance(found, str):
                report.add(found, *parts)
            elif said is not None and said != found:
                report.add(
                    f'{path} has {found[0]}x{found[1]} pixels, of which {ann_file} '
                    f'says {said[0]}x{said[1]}; to fix it: convert the data again',
                    *parts,
                )
