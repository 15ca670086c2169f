"""Modules of PyTorch written as ONNX files."""

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType

import torch
from torch import Tensor, nn

OPSET = 20  # what onnxruntime 1.17 and later read


def require_onnx() -> ModuleType:
    """onnx, which only the export needs.

    Raises:
        ImportError: If it or what PyTorch's exporter needs is missing.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f'the export needs onnx and onnxscript, which do not load ({error}); to '
            "fix it: pip install 'fashion-mmpose[export]'"
        ) from error
    return onnx


def trace(
    graph: nn.Module,
    examples: Mapping[str, Tensor],
    dynamic: Mapping[str, Mapping[int, str]],
    outputs: Sequence[str],
):
    """Trace a module with PyTorch's exporter.

    Args:
        graph: The module, in evaluation mode.
        examples: Its inputs by name, in their order.
        dynamic: Of each input, which of its dimensions are free, and their names.
        outputs: Names of what it gives.

    Returns:
        onnx.ModelProto: The graph, without what PyTorch notes about its own source.
    """
    require_onnx()
    with torch.no_grad(), _quiet():
        program = torch.onnx.export(
            graph,
            tuple(examples.values()),
            dynamo=True,
            input_names=list(examples),
            output_names=list(outputs),
            dynamic_shapes=dict(dynamic),
            opset_version=OPSET,
            verbose=False,
        )
    model = program.model_proto
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ''
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del value.metadata_props[:]
        value.doc_string = ''
    del model.graph.metadata_props[:]
    return model


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporter tells about itself; its errors are raised."""
    logger = logging.getLogger('torch.onnx')
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    finally:
        logger.setLevel(level)
