"""Training in bfloat16 on processors that compute in it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from mmengine.registry import OPTIM_WRAPPERS
from torch import nn

# PyTorch's own questions to the processor; not every release has them.
_QUESTIONS = ('_is_avx512_bf16_supported', '_is_amx_tile_supported')


def cpu_has_bfloat16() -> bool:
    """Whether the processor has instructions for bfloat16, as far as PyTorch tells."""
    known = (getattr(torch.cpu, name, None) for name in _QUESTIONS)
    return any(question() for question in known if question is not None)


@OPTIM_WRAPPERS.register_module()
class CpuAmpOptimWrapper(OptimWrapper):
    """Forward and loss in bfloat16 where PyTorch's autocast thinks it right.

    It is what MMEngine's ``AmpOptimWrapper`` is on a GPU. Parameters, gradients and the
    optimizer stay in float32, and bfloat16 has the range of float32, so that no loss
    has to be scaled. Processors without instructions for bfloat16 train so, too, but
    more slowly than without.

    Arguments are those of :class:`mmengine.optim.OptimWrapper`.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Forward and loss of a step belong within."""
        with super().optim_context(model), torch.autocast('cpu', torch.bfloat16):
            yield
