"""The report of a test run, see :mod:`fashion_mmpose.report`."""

import argparse
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.runner import Runner

from fashion_mmpose.apis.pose import calibration_of
from fashion_mmpose.config.parts import is_detector
from fashion_mmpose.datasets.garment_dataset import GarmentDataset
from fashion_mmpose.evaluation.functional.oks.truth import scored_part, take
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.formats.coco.columns import GarmentColumns
from fashion_mmpose.measure.uncertainty.calibration import Calibration
from fashion_mmpose.report.charts.plotting import require_plotly
from fashion_mmpose.report.material import read_material, with_curves
from fashion_mmpose.report.page import report_page, require_jinja
from fashion_mmpose.report.training import Training, read_training
from fashion_mmpose.weights.read import read_checkpoint

PREDICTIONS = 'predictions.json'


def add_report(parser: argparse.ArgumentParser) -> None:
    """Let a test write a report."""
    parser.add_argument(
        '--report',
        metavar='HTML',
        help='file to write a report to, on what goes wrong and what it costs',
    )


def report_out_files(args: argparse.Namespace, cfg: Config) -> list[str]:
    """Where predictions are written; with a report at least one place in JSON.

    Args:
        args: ``report`` and ``out``.
        cfg: The config of the test.

    Raises:
        ImportError: If what reports need is missing.
        ValueError: If the network is a detector.
    """
    out_files = list(args.out or ())
    if args.report is None:
        return out_files
    if is_detector(cfg):
        raise ValueError('--report is for pose networks, and this is a detector')
    require_plotly()
    require_jinja()
    if not any(path.endswith('.json') for path in out_files):
        out_files.append(os.path.join(cfg.work_dir, PREDICTIONS))
    return out_files


def tested_dataset(runner: Runner) -> GarmentDataset:
    """The dataset of a test whose report is asked for.

    Raises:
        ValueError: If it is of another kind.
    """
    dataset = runner.test_dataloader.dataset
    if not isinstance(dataset, GarmentDataset):
        raise ValueError(
            f'--report is for one garment dataset, not for {type(dataset).__name__}; '
            'to fix it: test the files one by one'
        )
    return dataset


def write_report(runner: Runner, path: str, out_files: list[str]) -> None:
    """Judge what a test has written.

    Args:
        runner: After the test.
        path: The HTML file.
        out_files: See :func:`report_out_files`.
    """
    # All processes take part, as in every fetching of weights that lie elsewhere.
    fitted = _fitted(runner.cfg.get('load_from'))
    if not is_main_process():
        return
    dataset = tested_dataset(runner)
    predictions = next(name for name in out_files if name.endswith('.json'))
    rules = (getattr(each, 'rule', None) for each in runner.test_evaluator.metrics)
    rule = next(filter(None, rules), 'skip_short')
    images = dataset.data_prefix.get('img')
    material = read_material(
        dataset.ann_file, [predictions], dataset.definition, rule, images
    )
    material = replace(material, truth=_tested(material.truth, dataset, runner))
    material = with_curves(material, fitted)
    page = report_page(material, images, _training(runner))
    with OutputFiles() as outputs:
        outputs.open(path).write(page.html)
    runner.logger.info(f'report written to {path}')


def _tested(
    truth: GarmentColumns, dataset: GarmentDataset, runner: Runner
) -> GarmentColumns:
    """The garments that could be found: those that the metric scores."""
    known = dataset.definition.garments
    held = [known[name].category_id for name in dataset.categories]
    truth = take(truth, np.isin(truth.category_ids, held))
    if len(dataset) == dataset.metainfo.get('num_samples'):
        left_out = {}
        if getattr(runner, 'sieve', None) is not None:
            left_out = runner.sieve.left_out_ids
        missing = left_out.get(os.path.abspath(dataset.ann_file), ())
        ids = np.setdiff1d(truth.images.ids, missing).tolist()
        return scored_part(truth, ((image_id, None) for image_id in ids))
    infos = (dataset.get_data_info(index) for index in range(len(dataset)))
    annotations = ((info['img_id'], info.get('raw_ann_info')) for info in infos)
    return scored_part(
        truth, ((image_id, item and item['id']) for image_id, item in annotations)
    )


def _fitted(weights: str | None) -> list[tuple[str, Calibration]]:
    """The calibration of a checkpoint, if it tells probabilities."""
    if weights is None:
        return []
    found = calibration_of(weights, read_checkpoint(weights).meta)
    return [] if found is None or found.curve is None else [(weights, found)]


def _training(runner: Runner) -> Training:
    """The training that the weights come from, if its folder is beside them."""
    if runner.cfg.get('load_from') and os.path.isfile(runner.cfg.load_from):
        training = read_training(Path(runner.cfg.load_from).parent)
        if training.scalars:
            return training
    return read_training(runner.work_dir)
