"""What training and using the networks of configs costs on a GPU."""

import gc
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle, islice

import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper

from fashion_mmpose.commands.runs.running import set_training
from fashion_mmpose.engine.optim.compiling import compile_losses

from .costs import CONFIGS, Drawn, build, first_batch
from .report import Figures
from .timing import alternate

BATCH_SIZE = 32


def gpu_costs(
    rounds: int,
    configs: Sequence[str] = CONFIGS,
    batch_size: int = BATCH_SIZE,
    device: str = 'cuda',
) -> Figures:
    """Pictures a second and memory of training steps and of tests.

    Loading is left out: a batch waits in the host's memory as a loader's workers hand
    it over, and what is measured begins with its way to the GPU.

    Args:
        rounds: Steps of each kind, after one that is not counted.
        configs: Names of configs.
        batch_size: Pictures of a batch. Defaults to 32.
        device: PyTorch's name of it. Defaults to ``'cuda'``.

    Returns:
        Figures: For every config ``train_per_second`` and ``train_mb`` in float32,
        ``amp_per_second`` and ``amp_mb`` with ``--amp`` and channels last, the peak of
        the GPU's memory with the network and the optimizer's state (0 on a CPU), and
        ``test_per_second``, from pictures to points or boxes in float32, with the
        config's flip test.
    """
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        drawn = Drawn(folder)
        for name in configs:
            cfg = drawn.config(name)
            batch = repeated(first_batch(cfg.train_dataloader, batch_size), batch_size)
            known = {}
            for precision in ('train', 'amp'):
                prepare = partial(
                    training_step, cfg, batch, device, amp=precision == 'amp'
                )
                speed, memory = measured(prepare, rounds, device)
                known |= {f'{precision}_per_second': speed, f'{precision}_mb': memory}
            cfg.test_dataloader.dataset = cfg.val_dataloader.dataset
            batch = repeated(first_batch(cfg.test_dataloader, batch_size), batch_size)
            prepare = partial(_test_step, cfg, batch, device)
            known['test_per_second'], _ = measured(prepare, rounds, device)
            figures[name] = known
    return figures


def repeated(batch: dict, size: int) -> dict:
    """A batch of as many items, those of another one by turns."""
    return {key: list(islice(cycle(each), size)) for key, each in batch.items()}


def training_step(
    cfg: Config,
    batch: dict,
    device: str,
    amp: bool = False,
    backend: str | None = None,
) -> Callable[[], int]:
    """The training step of a config's network, which has random weights.

    Args:
        cfg: The config.
        batch: What its loader hands over.
        device: Where the network is.
        amp: Whether it has mixed precision, as with ``--amp``, and channels last.
        backend: That of ``torch.compile``, for which ``compile=True`` hands it the
            way to the losses; None for a step that is not compiled.

    Returns:
        Callable: A step, which waits for the GPU and returns the number of pictures.
    """
    if amp:
        cfg = cfg.copy()
        set_training(cfg, amp=True)
    model = build(cfg).to(device)
    if amp:
        model.to(memory_format=torch.channels_last)
    optimizer = build_optim_wrapper(model, cfg.optim_wrapper)
    if backend:
        compile_losses(model, backend=backend)

    def step() -> int:
        model.train_step(dict(batch), optimizer)
        wait_for(device)
        return len(batch['inputs'])

    return step


def _test_step(cfg: Config, batch: dict, device: str) -> Callable[[], int]:
    model = build(cfg).to(device).eval()

    def step() -> int:
        with torch.no_grad():
            model.test_step(dict(batch))
        wait_for(device)
        return len(batch['inputs'])

    return step


def measured(
    prepare: Callable[[], Callable[[], int]], rounds: int, device: str
) -> tuple[float, float]:
    """Speed and memory of a step.

    Args:
        prepare: Builds its network, and returns the step.
        rounds: Steps, after one that is not counted.
        device: Where it runs.

    Returns:
        tuple: Pictures a second, and the megabytes of the GPU that the step and its
        network need.
    """
    before = _free(device)
    (ms,) = alternate({'step': prepare()}, rounds).values()
    peak = torch.cuda.max_memory_allocated() if device.startswith('cuda') else before
    return 1e3 / ms, (peak - before) / 1e6


def _free(device: str) -> int:
    """Let go of what nobody needs any more; what stays, in bytes of the GPU."""
    gc.collect()
    if not device.startswith('cuda'):
        return 0
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    return torch.cuda.memory_allocated()


def wait_for(device: str) -> None:
    """Wait until a GPU has done what it was given."""
    if device.startswith('cuda'):
        torch.cuda.synchronize()
