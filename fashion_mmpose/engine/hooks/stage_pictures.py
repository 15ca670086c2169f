"""One picture an epoch: what the stages of the network see in a fixed sample."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import cv2
import numpy as np
import torch
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmpose.registry import HOOKS
from torch import Tensor

from fashion_mmpose.models.heads.category_rows import own_channels
from fashion_mmpose.visualization.stages import stage_picture


@HOOKS.register_module()
class StagePictureHook(Hook):
    """Save, after validation, the heatmaps of the stages for a fixed sample.

    The picture shows the maximum over the sample's own key points of each stage, of
    the target, and the target over the input. It goes to every backend of the run's
    visualizer: ``vis_data/vis_image/stages_<epoch>.png`` with ``LocalVisBackend``, and
    TensorBoard with ``TensorboardVisBackend``; where a training counts by iterations,
    their number stands in the place of the epoch. The FashionAI CPM system saves such a
    picture every epoch; here it works for every head over :class:`PointHeatmap`.
    With EMAHook it is of the averaged weights, which the validation has tested. Weights
    and random numbers of the run are not touched; a pipeline that draws some draws the
    same for every picture.

    Args:
        index (int): The sample, of the validation set. Defaults to 0.
        stages (Sequence[int], optional): Numbers of the stages that are shown, from 1;
            all by default.
        interval (int): A validation draws a picture if its epoch is a multiple of
            this; in trainings that count by iterations, its iteration. Defaults to 1.

    Raises:
        ValueError: If the interval is less than 1. When training starts, if there is no
            validation, the head has no such stage, the validation set no such sample,
            or the sample no annotation.
    """

    # Before EMAHook gives the network its own weights back.
    priority = 'ABOVE_NORMAL'

    def __init__(
        self, index: int = 0, stages: Sequence[int] | None = None, interval: int = 1
    ) -> None:
        if interval < 1:
            raise ValueError(
                f'StagePictureHook: interval must be at least 1, got {interval}'
            )
        self.index = index
        self.stages = stages
        self.interval = interval

    def before_train(self, runner: Runner) -> None:
        """Check what the config asks for before hours of training."""
        if runner.val_loop is None:
            raise ValueError(
                'StagePictureHook draws after validation: give the config a '
                'val_dataloader, a val_cfg and a val_evaluator, or take the hook out'
            )
        head = getattr(_network(runner), 'head', None)
        if not hasattr(head, 'stage_losses'):
            raise ValueError(
                f'StagePictureHook needs a head over PointHeatmap, not '
                f'{type(head).__name__}'
            )
        number = len(head.stage_losses())
        wrong = [stage for stage in self.stages or () if not 1 <= stage <= number]
        if wrong:
            raise ValueError(
                f'StagePictureHook: the head has {number} stages, not {wrong}'
            )
        dataset = runner.val_dataloader.dataset
        if not 0 <= self.index < len(dataset):
            raise ValueError(
                f'StagePictureHook: the validation set has {len(dataset)} samples, '
                f'none has index {self.index}'
            )
        if not dataset.get_data_info(self.index).get('raw_ann_info'):
            raise ValueError(
                f'StagePictureHook: sample {self.index} of the validation set is not '
                'annotated; choose another index'
            )

    @master_only
    def after_val_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """Draw and send the picture."""
        # MMEngine's loop of iterations has one epoch, the first.
        by_epoch = isinstance(runner.train_loop, EpochBasedTrainLoop)
        step = runner.epoch if by_epoch else runner.iter
        if step % self.interval:
            return
        picture = self.draw(runner)
        runner.visualizer.add_image(
            'stages', np.ascontiguousarray(picture[..., ::-1]), step=step
        )

    @torch.no_grad()
    def draw(self, runner: Runner) -> np.ndarray:
        """The picture, BGR, uint8, with the weights as they are now."""
        network = _network(runner)
        head = network.head
        with _own_random_numbers():
            sample = runner.val_dataloader.dataset[self.index]
        image = sample['inputs'].permute(1, 2, 0).numpy()
        batch = dict(inputs=[sample['inputs']], data_samples=[sample['data_samples']])
        training = network.training
        network.eval()
        try:
            data = network.data_preprocessor(batch, False)
            stages = head.forward(network.extract_feat(data['inputs']))
        finally:
            network.train(training)
        stages = stages if isinstance(stages, tuple) else (stages,)
        target = _target(head, data['data_samples'][0].metainfo).to(stages[-1].device)
        mask = own_channels(data['data_samples'], target)
        own = slice(None) if mask is None else mask[0]
        names = [name.removeprefix('loss_') for name, _ in head.stage_losses()]
        codec = head.decoder
        chosen = self.stages or range(1, len(stages) + 1)
        shown = {
            names[number - 1].replace('_', ' '): _array(
                codec.pictures(stages[number - 1][0, : head.out_channels][own])
            )
            for number in chosen
        }
        image = cv2.convertScaleAbs(image)
        if image.shape[1::-1] != codec.input_size:  # in whose pixels the target lies
            image = cv2.resize(image, codec.input_size, interpolation=cv2.INTER_AREA)
        return stage_picture(
            image,
            shown,
            _array(codec.pictures(target[0][own])),
            offset=codec.origin,
        )


def _network(runner: Runner) -> torch.nn.Module:
    return runner.model.module if is_model_wrapper(runner.model) else runner.model


@contextmanager
def _own_random_numbers() -> Iterator[None]:
    """The same random numbers every time, and the run's as if none had been drawn."""
    python, numpy = random.getstate(), np.random.get_state()
    # Samples are made on the CPU; torch.manual_seed would seed the GPUs as well.
    with torch.random.fork_rng(devices=[]):
        random.seed(0)
        np.random.seed(0)
        torch.default_generator.manual_seed(0)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)


def _array(maps: Tensor) -> np.ndarray:
    return maps.float().cpu().numpy()


def _target(head: torch.nn.Module, metainfo: dict) -> Tensor:
    """Target (1, K, H, W) of a sample of the validation set, which packs none."""
    points = np.reshape(metainfo['raw_ann_info']['keypoints'], (1, -1, 3)).astype(float)
    scale = np.asarray(metainfo['input_scale'])
    corner = np.asarray(metainfo['input_center']) - scale / 2
    # Networks that look twice get a larger input than the codec's.
    pixels = (points[..., :2] - corner) / scale * np.asarray(head.decoder.input_size)
    encoded = head.decoder.encode(pixels, points[..., 2])
    labels, weights = (
        torch.from_numpy(encoded[key])
        for key in ('keypoint_labels', 'keypoint_weights')
    )
    maps = head.decoder.render(labels[0]) * (weights[0] > 0)[:, None, None]
    return maps[None]
