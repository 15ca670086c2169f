"""A device that is not the CPU, on machines without a GPU.

Its tensors say that they lie on PyTorch's device ``meta`` and hold their numbers on the
CPU. As on a GPU, an operation takes tensors of one device only, and numpy takes those
of the CPU. So code that makes a tensor where it should have asked for the device fails
here, too.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

OTHER = torch.device('meta')
# Operations whose indices may lie on the CPU while what they index does not.
_INDEXING = ('aten.index.Tensor', 'aten.index_put', 'aten._index_put_impl')


class Elsewhere(torch.Tensor):
    """A tensor of the other device; ``held`` is on the CPU."""

    @staticmethod
    def __new__(cls, held: torch.Tensor):
        return torch.Tensor._make_wrapper_subclass(
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            layout=held.layout,
            device=OTHER,
            requires_grad=held.requires_grad,
        )

    def __init__(self, held: torch.Tensor):
        self.held = held

    def __repr__(self):
        return f'Elsewhere({self.held})'

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return _called(function, args, kwargs or {})


class _Mode(TorchDispatchMode):
    """Catches operations that make tensors on the other device."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        return _called(function, args, kwargs or {})


def _called(function, args, kwargs):
    tensors = [
        each for each in tree_leaves((args, kwargs)) if isinstance(each, torch.Tensor)
    ]
    there = [each for each in tensors if isinstance(each, Elsewhere)]
    here = [each for each in tensors if not isinstance(each, Elsewhere) and each.dim()]
    name = str(function)
    device = kwargs.get('device')
    copies = name.startswith(('aten._to_copy', 'aten.copy_'))
    indexed = name.startswith(_INDEXING) and isinstance(args[0], Elsewhere)
    if there and here and not copies and not indexed:
        raise RuntimeError(f'{name}: expected all tensors to be on the same device')
    goes = torch.device(device) == OTHER if device is not None else bool(there)
    if name.startswith('aten.copy_'):
        goes = isinstance(args[0], Elsewhere)
    if device is not None:
        kwargs = dict(kwargs, device='cpu')
    args, kwargs = tree_map_only(Elsewhere, lambda each: each.held, (args, kwargs))
    result = function(*args, **kwargs)
    if not goes:
        return result
    if there and any(result is each.held for each in there):  # in place
        return next(each for each in there if result is each.held)
    return tree_map_only(torch.Tensor, Elsewhere, result)


class _Literals(TorchFunctionMode):
    """Of numbers that become a tensor, ``meta`` would keep the shape alone."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if getattr(function, '__name__', '') == '__getitem__':
            args = args[0], tree_map_only(list, torch.tensor, args[1], is_leaf=_is_list)
        if getattr(function, '__name__', '') == 'new_tensor':
            like, data, *_ = args
            made = torch.tensor(data, dtype=kwargs.get('dtype', like.dtype))
            return made.to(like.device)
        if function in (torch.tensor, torch.as_tensor):
            device = kwargs.pop('device', None)
            made = function(*args, **kwargs)
            return made if device is None else made.to(device)
        return function(*args, **kwargs)


def _is_list(index) -> bool:
    return isinstance(index, list)


@contextmanager
def other_device() -> Iterator[torch.device]:
    """Within, the other device is there."""
    with _Mode(), _Literals():
        yield OTHER
