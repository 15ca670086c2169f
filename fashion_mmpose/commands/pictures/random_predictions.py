"""Predictions for a few random pictures of a test set, without a whole test run."""

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.device import get_device
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, MODELS

from fashion_mmpose import garments
from fashion_mmpose.config.checks import check_codecs, check_members
from fashion_mmpose.config.loading import config_name
from fashion_mmpose.config.parts import is_detector
from fashion_mmpose.evaluation.functional.samples import predicted_garment
from fashion_mmpose.pretrained import names_folder
from fashion_mmpose.visualization import ComparedGarment
from fashion_mmpose.weights.folders import weights_file
from fashion_mmpose.weights.read import load_weights, read_checkpoint
from fashion_mmpose.weights.trained_for import check_trained_for


def predict_random(cfg: Config, num: int, seed: int = 0) -> list[ComparedGarment]:
    """Predict random samples of the config's test set, in the order of the draw.

    Args:
        cfg: The config of a test run, see
            :func:`fashion_mmpose.commands.runs.running.set_testing`; its ``load_from``
            names the weights, if there are any to load.
        num: Number of samples, at most all there are.
        seed: Seed of the draw, which does not repeat a sample.

    Returns:
        list[ComparedGarment]: The garments, with the truth where the test set has it.

    Raises:
        ValueError: If the config is a detector's or has no test set, the test set is
            empty, the weights do not fit or were trained for other garments, or as
            :func:`fashion_mmpose.commands.runs.running.build_runner`.
    """
    if is_detector(cfg):
        raise ValueError(
            'a grid is of key points, which a detector does not tell; to fix it: '
            'tools/test.py with --show-dir draws its boxes'
        )
    if cfg.get('test_dataloader') is None:
        raise ValueError('the config has no test_dataloader to take pictures from')
    check_codecs(cfg, ('test',))
    check_members(cfg)
    init_default_scope(cfg.get('default_scope', 'mmpose'))
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    if not len(dataset):
        raise ValueError(f'the test set {dataset.ann_file} has no picture')
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(dataset))[:num].tolist()
    model = MODELS.build(cfg.model)
    if cfg.get('load_from') is not None:
        name, path = config_name(cfg), cfg.load_from
        if names_folder(path):
            path = weights_file(path, category=dataset.metainfo.get('category'))
        stored = read_checkpoint(path)
        check_trained_for(stored.meta, dataset.metainfo, name, path)
        load_weights(model, stored.tensors, name, path)
    model.to(get_device()).eval()
    batch_size = cfg.test_dataloader.get('batch_size', 1)
    benchmark = garments.benchmark_of(dataset.metainfo)
    shown = []
    with torch.no_grad():
        for start in range(0, len(chosen), batch_size):
            batch = [dataset[i] for i in chosen[start : start + batch_size]]
            for result in model.test_step(pseudo_collate(batch)):
                sample = result.to_dict()
                found = predicted_garment(sample, benchmark)
                annotation = sample.get('raw_ann_info')
                shown.append(ComparedGarment.with_annotation(found, annotation))
    return shown
