"""torchvision's operators in the place of mmcv's compiled ones, which mmcv-lite lacks.

``mmpose.models`` and ``mmdet`` import ``mmcv.ops``, which imports the extension
``mmcv._ext``. :func:`serve_operators` puts a module of that name into the process;
:func:`write_extension` puts a file of that name beside mmcv-lite, so that programs that
import MMPose before this package find it too. ``make setup`` does so in the environment
that it makes.
"""

import importlib
import importlib.util
import sys
import types
from importlib.machinery import ModuleSpec
from pathlib import Path

INSTALL_HINT = 'see docs/installation.md'
_EXTENSION = 'mmcv._ext'
_FILE = '''"""Stands in for mmcv's compiled operators, which mmcv-lite lacks.

Written by `make setup` of fashion_mmpose, whose operators it serves: those of
torchvision, and for every other one an error when it is called. A compiled mmcv does
not look at it. It may be deleted.
"""

import sys

from fashion_mmpose.operators import torchvision_operators

sys.modules[__name__] = torchvision_operators()
'''


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


def torchvision_operators() -> types.ModuleType:
    """A module in the place of ``mmcv._ext``."""
    served = _TorchvisionOperators(_EXTENSION)
    # MMEngine probes the module by its spec. No loader is the truth: there is no
    # compiled extension.
    served.__spec__ = ModuleSpec(_EXTENSION, loader=None)
    for operator in (
        nms,
        roi_align_forward,
        roi_align_backward,
        sigmoid_focal_loss_forward,
        sigmoid_focal_loss_backward,
        get_compiler_version,
        get_compiling_cuda_version,
    ):
        setattr(served, operator.__name__, operator)
    return served


def serve_operators() -> bool:
    """Serve ``mmcv._ext`` from torchvision if mmcv has no compiled operators.

    Returns:
        bool: Whether torchvision's operators are in use.
    """
    loaded = sys.modules.get(_EXTENSION)
    if loaded is None:
        found = importlib.util.find_spec(_EXTENSION)
        if found is not None and not _is_written(found):
            return False
        loaded = sys.modules[_EXTENSION] = torchvision_operators()
    return isinstance(loaded, _TorchvisionOperators)


def write_extension(folder: Path | None = None) -> Path | None:
    """Put a file that serves ``mmcv._ext`` from torchvision beside mmcv-lite.

    Args:
        folder: That of the package mmcv; by default the installed one.

    Returns:
        Path | None: The file; None where mmcv has compiled operators, which stay.

    Raises:
        ImportError: If there is no mmcv.
    """
    if folder is None:
        package = importlib.util.find_spec('mmcv')
        if package is None or package.origin is None:
            raise ImportError('mmcv is not installed; to fix it: run `make setup`')
        folder = Path(package.origin).parent
    if any(path.suffix in ('.so', '.pyd') for path in folder.glob('_ext.*')):
        return None
    path = folder / '_ext.py'
    path.write_text(_FILE, encoding='utf-8')
    return path


def _is_written(found: ModuleSpec) -> bool:
    """Whether this is the file of :func:`write_extension`, not a compiled one."""
    path = Path(found.origin or '')
    return path.suffix == '.py' and __package__ in path.read_text(encoding='utf-8')


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


if __name__ == '__main__':
    write_extension()
