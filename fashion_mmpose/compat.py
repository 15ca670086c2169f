"""The one place that checks and adapts the OpenMMLab stack.

:func:`setup` runs when the package is imported, before anything of MMPose is:

- It checks that MMEngine, MMCV, MMPose and torchvision are there and load, and
  raises an ImportError that says how to fix it otherwise.
- mmcv-lite has no compiled operators, but ``mmpose.models`` and ``mmdet`` import
  ``mmcv.ops``. :func:`serve_operators` answers those imports with torchvision's
  operators. Where a compiled mmcv is installed, nothing is touched.
- Since PyTorch 2.6 ``torch.load`` reads tensors and plain containers only.
  :func:`allow_checkpoints` adds the few classes that MMEngine's checkpoints hold.
"""

import codecs
import importlib
import importlib.util
import os
import sys
import types
from importlib.machinery import ModuleSpec

MMCV_RANGE = ('2.0.0', '2.2.0')  # MMDetection 3.3 refuses 2.2
MMPOSE_RANGE = ('1.2.0', '2.0.0')
INSTALL_HINT = 'see docs/installation.md'
# What an error of something that the stack imports says, and what mends it.
_DEEPER_MENDS = {
    'pkg_resources': "pip install 'setuptools<81'",
    'numpy.dtype size changed': "pip install 'numpy<2'",
    'numpy.core.multiarray failed to import': "pip install 'numpy<2'",
    '_ARRAY_API not found': "pip install 'numpy<2'",
    'compiled using NumPy 1': "pip install 'numpy<2'",
}


def setup() -> None:
    """Check the stack and adapt it; calling it again changes nothing.

    Raises:
        ImportError: If a part is missing, too old or does not load.
    """
    check_stack()
    serve_operators()
    allow_checkpoints()


# ------------------------------------------------------------------------ checks


def check_stack() -> None:
    """Raise an ImportError that says what to do if the stack is not usable."""
    _require('torch', 'pip install torch torchvision')
    try:
        importlib.import_module('torchvision')
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        # A torchvision built for another torch fails in one of these ways.
        raise ImportError(
            f'torchvision does not load ({error}); install the pair that belongs '
            'together, e.g. `pip install torch==2.14.1 torchvision==0.29.1`; '
            f'{INSTALL_HINT}'
        ) from error
    _require('mmengine', 'pip install mmengine')
    _require('mmcv', 'pip install mmcv-lite==2.1.0', MMCV_RANGE)
    _require('mmpose', 'pip install --no-deps mmpose==1.3.2', MMPOSE_RANGE)


def require_mmdet() -> types.ModuleType:
    """MMDetection, which only the crop stage needs.

    Raises:
        ImportError: If it is missing or does not load.
    """
    return _require('mmdet', 'pip install --no-deps mmdet==3.3.0')


def require_timm() -> types.ModuleType:
    """timm, which only the backbones of ``TimmFeatures`` need.

    Raises:
        ImportError: If it is missing, too old or does not load.
    """
    return _require('timm', 'pip install -e .[timm]', ('1.0.11', '2.0.0'))


def _require(
    name: str, mend: str, version_range: tuple[str, str] | None = None
) -> types.ModuleType:
    try:
        module = importlib.import_module(name)
    # OpenMMLab asserts versions; wheels of another numpy fail in all of these ways.
    except (ImportError, AssertionError, AttributeError, ValueError) as error:
        raise ImportError(
            f'fashion_mmpose needs {name}, which does not load ({error}); '
            f'to fix it: `{_mend_of(error) or mend}`; {INSTALL_HINT}'
        ) from error
    if version_range is not None:
        from mmengine.utils import digit_version

        low, high = version_range
        version = module.__version__
        if not digit_version(low) <= digit_version(version) < digit_version(high):
            raise ImportError(
                f'fashion_mmpose needs {name} >= {low}, < {high}, but {version} is '
                f'installed; to fix it: `{mend}`; {INSTALL_HINT}'
            )
    return module


def _mend_of(error: BaseException) -> str | None:
    """The command for what the stack's own imports fail by; None if unknown."""
    text = str(error)
    return next((mend for told, mend in _DEEPER_MENDS.items() if told in text), None)


# --------------------------------------------------------------------- operators

_EXTENSION = 'mmcv._ext'


class _TorchvisionOperators(types.ModuleType):
    """Stands in for ``mmcv._ext``, mmcv's compiled operators.

    Every operator that torchvision does not have is there by name, because
    ``mmcv.ops`` looks the names up on import, and raises when it is called.
    """

    def __getattr__(self, name: str):
        if name.startswith('__'):
            raise AttributeError(name)

        def unavailable(*args, **kwargs):
            raise NotImplementedError(
                f'operator {name!r} needs a compiled mmcv: mmcv-lite is installed, '
                'and torchvision has no such operator; install `mmcv` built for '
                f'this torch, or choose a model without it; {INSTALL_HINT}'
            )

        return unavailable


def serve_operators() -> bool:
    """Serve ``mmcv._ext`` from torchvision if mmcv has no compiled operators.

    Returns:
        bool: Whether torchvision's operators are in use.
    """
    loaded = sys.modules.get(_EXTENSION)
    if loaded is None:
        if importlib.util.find_spec(_EXTENSION) is not None:
            return False
        loaded = _TorchvisionOperators(_EXTENSION)
        # MMEngine probes the module by its spec. No loader is the truth: there is
        # no compiled extension.
        loaded.__spec__ = ModuleSpec(_EXTENSION, loader=None)
        for operator in (
            nms,
            roi_align_forward,
            roi_align_backward,
            sigmoid_focal_loss_forward,
            sigmoid_focal_loss_backward,
            get_compiler_version,
            get_compiling_cuda_version,
        ):
            setattr(loaded, operator.__name__, operator)
        sys.modules[_EXTENSION] = loaded
    return isinstance(loaded, _TorchvisionOperators)


def nms(boxes, scores, iou_threshold, offset):
    """mmcv's nms. With ``offset`` 1 a box's corners are pixels that it contains."""
    import torch
    from torchvision.ops import nms as torchvision_nms

    # Half precision is not enough to tell neighbouring boxes and scores apart.
    dtype = torch.promote_types(boxes.dtype, torch.float32)
    boxes, scores = boxes.to(dtype), scores.to(dtype)
    if offset:
        boxes = boxes + boxes.new_tensor([0, 0, offset, offset])
    return torchvision_nms(boxes, scores, iou_threshold)


def roi_align_forward(
    inputs,
    rois,
    output,
    argmax_y,
    argmax_x,
    aligned_height,
    aligned_width,
    spatial_scale,
    sampling_ratio,
    pool_mode,
    aligned,
):
    """mmcv's average RoIAlign; writes into ``output``."""
    from torchvision.ops import roi_align

    if pool_mode != 1:
        raise NotImplementedError(
            "RoIAlign with pool_mode='max' needs a compiled mmcv; use 'avg', or "
            f'install `mmcv` built for this torch; {INSTALL_HINT}'
        )
    # Mixed precision gives half precision features and single precision boxes.
    pooled = roi_align(
        inputs.to(rois.dtype),
        rois,
        (aligned_height, aligned_width),
        spatial_scale,
        sampling_ratio,
        aligned,
    )
    output.copy_(pooled)


def roi_align_backward(
    grad_output,
    rois,
    argmax_y,
    argmax_x,
    grad_input,
    aligned_height,
    aligned_width,
    spatial_scale,
    sampling_ratio,
    pool_mode,
    aligned,
):
    """Gradient of :func:`roi_align_forward`; writes into ``grad_input``."""
    import torch

    gradient = torch.ops.torchvision._roi_align_backward(
        grad_output.to(rois.dtype),
        rois,
        spatial_scale,
        aligned_height,
        aligned_width,
        *grad_input.shape,
        sampling_ratio,
        aligned,
    )
    grad_input.copy_(gradient)


def sigmoid_focal_loss_forward(inputs, target, weight, output, gamma, alpha):
    """mmcv's sigmoid focal loss, which MMDetection asks for on a GPU only.

    Args:
        inputs (Tensor): Logits, shape (N, C).
        target (Tensor): Classes, shape (N, ); C and above are background.
        weight (Tensor): One factor per class, shape (C, ), applied to the samples of
            that class; or empty.
        output (Tensor): Losses, shape (N, C), are written here.
        gamma (float): Exponent of the modulating factor.
        alpha (float): Share of the positives.
    """
    import torch
    from torch.nn.functional import logsigmoid

    logits, is_class, factors = _focal_terms(inputs, target, weight, alpha)
    positive = -(torch.sigmoid(-logits) ** gamma) * logsigmoid(logits)
    negative = -(torch.sigmoid(logits) ** gamma) * logsigmoid(-logits)
    output.copy_(factors * torch.where(is_class, positive, negative))


def sigmoid_focal_loss_backward(inputs, target, weight, grad_input, gamma, alpha):
    """Gradient of :func:`sigmoid_focal_loss_forward`; writes into ``grad_input``."""
    import torch
    from torch.nn.functional import logsigmoid

    logits, is_class, factors = _focal_terms(inputs, target, weight, alpha)
    p, q = torch.sigmoid(logits), torch.sigmoid(-logits)
    positive = q**gamma * (gamma * p * logsigmoid(logits) - q)
    negative = p**gamma * (p - gamma * q * logsigmoid(-logits))
    grad_input.copy_(factors * torch.where(is_class, positive, negative))


def _focal_terms(inputs, target, weight, alpha):
    """Logits, where they are of the sample's class, and the factor of every loss."""
    import torch

    logits = inputs.detach().float()
    is_class = target[:, None] == torch.arange(logits.shape[1], device=logits.device)
    factors = alpha * is_class + (1 - alpha) * ~is_class
    if weight.numel():
        # The last entry stands for background, which no class weighs.
        weights = torch.cat([weight.float(), logits.new_ones(1)])
        factors = factors * weights[target.clamp(max=logits.shape[1])][:, None]
    return logits, is_class, factors


def get_compiler_version() -> str:
    """What ``mmcv.utils.collect_env`` reports as mmcv's compiler."""
    return 'none (torchvision operators)'


def get_compiling_cuda_version() -> str:
    """What ``mmcv.utils.collect_env`` reports as mmcv's CUDA version."""
    return 'none (torchvision operators)'


# ------------------------------------------------------------------- checkpoints


def allow_checkpoints() -> None:
    """Let ``torch.load(weights_only=True)`` read MMEngine's checkpoints.

    Besides tensors they hold logs (``HistoryBuffer``) and numpy arrays. A
    pickled ``HistoryBuffer`` names ``getattr`` to find its own statistics; the
    real one could reach anything, so a function that knows these statistics
    only is served under that name.
    """
    import numpy as np
    import torch
    from mmengine.logging import HistoryBuffer

    if not hasattr(torch.serialization, 'add_safe_globals'):  # before PyTorch 2.4
        return
    # A file names numpy's functions as the numpy that wrote it did: 1 or 2.
    functions = (np.empty(0).__reduce__()[0], np.float64(0).__reduce__()[0])
    numpy_functions = [
        (function, f'numpy.{core}.multiarray.{function.__name__}')
        for function in functions  # _reconstruct and scalar
        for core in ('core', '_core')
    ]

    def history_statistic(owner, name):
        allowed = ('min', 'max', 'mean', 'current')
        if owner is not HistoryBuffer or name not in allowed:
            raise ValueError(
                f'the checkpoint asks for getattr({owner!r}, {name!r}); only the '
                f'statistics {allowed} of HistoryBuffer are allowed'
            )
        return getattr(HistoryBuffer, name)

    dtypes = {type(np.dtype(code)) for code in '?bhilqBHILQefdgU'}
    torch.serialization.add_safe_globals(
        [
            HistoryBuffer,
            np.ndarray,
            np.dtype,
            *sorted(dtypes, key=lambda dtype: dtype.__name__),
            *numpy_functions,
            bytes,
            codecs.encode,
            (history_statistic, 'builtins.getattr'),
        ]
    )


# ------------------------------------------------------------------- distributed


def prepare_distributed(cfg, launcher: str) -> None:
    """Let MMEngine's launchers run without a GPU.

    MMEngine selects a CUDA device when it initialises the process group, and
    gives DistributedDataParallel device ids; both fail on a CPU. Here the group
    is initialised with gloo before the Runner looks, and the wrapper is told to
    use no device ids. Batch norm that is synchronised, which PyTorch has for GPUs only,
    becomes each process's own. With a GPU nothing is changed.

    Args:
        cfg (Config): The run's config; ``model``, ``model_wrapper_cfg`` and the backend
            in ``env_cfg`` are set in place.
        launcher (str): ``'none'``, ``'pytorch'`` or ``'slurm'``.

    Raises:
        RuntimeError: If the launcher is not torchrun's and there is no GPU.
    """
    import torch
    import torch.distributed as dist

    if launcher == 'none' or torch.cuda.is_available():
        return
    if launcher != 'pytorch' or 'RANK' not in os.environ:
        raise RuntimeError(
            f'--launcher {launcher} needs GPUs or torchrun; without GPUs start '
            '`torchrun --nproc_per_node=N tools/train.py ... --launcher pytorch`'
        )
    if not dist.is_initialized():
        dist.init_process_group('gloo')
    cfg.merge_from_dict({'env_cfg.dist_cfg': dict(backend='gloo')})
    cfg.model_wrapper_cfg = dict(type='MMDistributedDataParallel', device_ids=None)
    _unsynchronise(cfg.get('model'))


def _unsynchronise(part) -> None:
    """Replace SyncBN by BN in the settings of a network, in place."""
    if isinstance(part, dict):
        if part.get('type') == 'SyncBN':
            part['type'] = 'BN'
        part = part.values()
    elif not isinstance(part, (list, tuple)):
        return
    for each in part:
        _unsynchronise(each)
