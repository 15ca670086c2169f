"""What training and using the networks of configs costs on this machine."""

import io
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path

import torch
from mmengine.analysis import FlopAnalyzer
from mmengine.config import Config, ConfigDict
from mmengine.logging import MMLogger
from mmengine.optim import build_optim_wrapper
from mmengine.registry import MODELS, init_default_scope
from mmengine.runner import Runner

from fashion_mmpose import garments
from fashion_mmpose.cli.convert.deepfashion2 import main as convert_deepfashion2
from fashion_mmpose.cli.convert.fashionai import main as convert_fashionai
from fashion_mmpose.commands.runs.data_root import set_data_root
from fashion_mmpose.config.dataset_settings import leaves
from fashion_mmpose.config.loading import load_config
from fashion_mmpose.synthetic import write_deepfashion2, write_fashionai

from .fresh_process import measure
from .report import Figures

BATCH_SIZE = 4
NUM_PICTURES = 16
CONFIGS = (
    'small/cpn_r18_all',
    'cpm_fashionai_blouse',
    'cpn_r50_fashionai_blouse',
    'cpn_convnext_tiny_fashionai_blouse',
    'cpn_r152_fashionai_blouse',
    'cpn_senet154_fashionai_blouse',
    'starter/fashionai',
    'small/res18_deepfashion2',
    'small/lite0_deepfashion2',
    'res50_deepfashion2_256x192',
    'cpn_r50_deepfashion2',
    'hrnet_w48_deepfashion2_384x288',
    'starter/deepfashion2',
    'detection/rtmdet_tiny_fashionai',
    'detection/rtmdet_s_deepfashion2',
    'starter/detector',
)


def costs(rounds: int, configs: Sequence[str] = CONFIGS) -> Figures:
    """Time and memory of training steps and of tests, on drawn pictures.

    Every network has random weights and a process of its own.

    Args:
        rounds: Steps, and pictures of a test, after one that is not counted.
        configs: Names of configs.

    Returns:
        Figures: For every config ``parameters_m``, millions; ``multiply_adds_g``,
        billions of the network for one input, without the flip test; ``train_ms``,
        processor time of a step for a picture, in batches of four, its loading left
        out; ``train_mb``, memory of such steps above that of a process that has loaded
        PyTorch and MMPose; ``test_per_second``, pictures that a second of processor
        time takes from the input to points or boxes, one by one, with the config's
        flip test. Processor time is what one thread takes on an idle machine; other
        programs hardly change it.
    """
    with tempfile.TemporaryDirectory() as folder:
        drawn = Drawn(folder)
        figures = {}
        for name in configs:
            measured = measure(_prepare, name, drawn, rounds, torch.get_num_threads())
            measured.pop('seconds')
            figures[name] = measured | dict(train_mb=measured.pop('peak_mb'))
    return figures


class Drawn:
    """Drawn pictures of both benchmarks, for configs to load.

    Args:
        folder: Where they are written.
    """

    def __init__(self, folder: str | Path) -> None:
        with redirect_stdout(io.StringIO()):  # what the converters report
            self._roots = {
                'fashionai': _draw_fashionai(Path(folder, 'fashionai')),
                'deepfashion2': _draw_deepfashion2(Path(folder, 'deepfashion2')),
            }

    def config(self, name: str) -> Config:
        """A config that takes them as its data, and whose names are found."""
        cfg = load_config(name, None, None, 'none')
        init_default_scope(cfg.get('default_scope', 'mmpose'))
        (training,) = leaves(cfg.train_dataloader.dataset)
        of_outfits = 'deepfashion2' in training.data_root
        set_data_root(cfg, self._roots['deepfashion2' if of_outfits else 'fashionai'])
        return cfg


def _draw_fashionai(root: Path) -> str:
    categories = garments.categories('fashionai')
    write_fashionai(root / 'r1_train', categories, NUM_PICTURES // 2)
    out = ['--out', str(root / 'annotations')]
    convert_fashionai([str(root), *out, '--val-fraction', '0.5', '--workers', '1'])
    return str(root)


def _draw_deepfashion2(root: Path) -> str:
    for part in ('train', 'validation'):
        folder = root / part
        write_deepfashion2(folder, NUM_PICTURES, balanced=True)
        paths = ['--annos', str(folder / 'annos'), '--images', str(folder / 'image')]
        convert_deepfashion2([*paths, '--out', str(root / f'{part}.json')])
    return str(root)


def _prepare(
    name: str, drawn: Drawn, rounds: int, threads: int
) -> Callable[[], dict[str, float]]:
    """Build a config's network, and load what it is trained and tested with."""
    torch.set_num_threads(threads)
    cfg = drawn.config(name)
    model = build(cfg)
    optimizer = build_optim_wrapper(model, cfg.optim_wrapper)
    batch = first_batch(cfg.train_dataloader, BATCH_SIZE)
    cfg.test_dataloader.dataset = cfg.val_dataloader.dataset
    picture = first_batch(cfg.test_dataloader, 1)

    def work() -> dict[str, float]:
        parameters = sum(each.numel() for each in model.parameters())
        train_s = _seconds(lambda: model.train_step(batch, optimizer), rounds)
        model.eval()
        with torch.no_grad():
            test_s = _seconds(lambda: model.test_step(picture), rounds)
        return dict(
            parameters_m=parameters / 1e6,
            multiply_adds_g=_multiply_adds(model, picture) / 1e9,
            train_ms=1e3 * train_s / BATCH_SIZE,
            test_per_second=1 / test_s,
        )

    return work


def build(cfg: Config) -> torch.nn.Module:
    """A config's network with random weights."""
    # The optimiser would tell the rate of every parameter.
    MMLogger.get_current_instance().setLevel('ERROR')
    torch.manual_seed(0)
    return MODELS.build(_untrained(cfg.model))


def _untrained(model: ConfigDict) -> ConfigDict:
    """The network without a file of weights, in place."""
    if 'pretrained' in model:
        model.pretrained = False
    model.pop('init_cfg', None)
    for part in model.values():
        if isinstance(part, dict):
            _untrained(part)
    return model


def first_batch(settings: dict, batch_size: int) -> dict:
    """What a loader hands over first, loaded in this process.

    Args:
        settings: The loader, as a config has it.
        batch_size: Samples of the batch, or all that there are.
    """
    changed = dict(
        batch_size=batch_size, num_workers=0, persistent_workers=False, drop_last=False
    )
    settings = {**settings, **changed}
    settings.pop('worker_init_fn', None)
    return next(iter(Runner.build_dataloader(settings, seed=0)))


def _seconds(step: Callable[[], object], rounds: int) -> float:
    step()
    times = []
    for _ in range(rounds):
        start = time.process_time()
        step()
        times.append(time.process_time() - start)
    return statistics.median(times)


def _multiply_adds(model: torch.nn.Module, batch: dict) -> float:
    """Those of the layers alone, for one input."""
    inputs = model.data_preprocessor(batch, training=False)['inputs']
    counting = FlopAnalyzer(_Layers(model), (inputs[:1],))
    counting.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    return counting.total()


class _Layers(torch.nn.Module):
    """A network from its input to what its head gives, without decoding."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: torch.Tensor):
        return self.model(inputs, None, mode='tensor')
