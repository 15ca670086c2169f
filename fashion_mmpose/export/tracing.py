"""Modules of PyTorch written as ONNX files."""

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType

import torch
from torch import Tensor, nn

from fashion_mmpose.errors import extra_needed

OPSET = 20  # what onnxruntime 1.17 and later read


def require_onnx() -> ModuleType:
    """onnx, which only the export needs.

    Raises:
        ImportError: If it or what PyTorch's exporter needs is missing.
    """
    with extra_needed(
        'the export needs onnx and onnxscript, which do not load', 'export'
    ):
        import onnx
        import onnxscript  # noqa: F401
    return onnx


def trace(
    graph: nn.Module,
    examples: Mapping[str, Tensor],
    dynamic: Mapping[str, Mapping[int, str]],
    outputs: Sequence[str],
    fold_norms: bool = True,
):
    """Trace a module with PyTorch's exporter.

    Args:
        graph: The module, in evaluation mode.
        examples: Its inputs by name, in their order.
        dynamic: Of each input, which of its dimensions are free, and their names.
        outputs: Names of what it gives.
        fold_norms: Whether normalisations by fixed statistics may be folded into the
            convolutions before them. Without, weights stay as they are, and
            onnxruntime folds them when it opens the file. Defaults to True.

    Returns:
        onnx.ModelProto: The graph, without what PyTorch notes about its own source.
    """
    require_onnx()
    with torch.no_grad(), _quiet(), _out_of_place(graph):
        program = torch.onnx.export(
            graph,
            tuple(examples.values()),
            dynamo=True,
            input_names=list(examples),
            output_names=list(outputs),
            dynamic_shapes=dict(dynamic),
            opset_version=OPSET,
            verbose=False,
            optimize=False,
        )
    _tidy(program.model, fold_norms)
    model = program.model_proto
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ''
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del value.metadata_props[:]
        value.doc_string = ''
    del model.graph.metadata_props[:]
    return model


def _tidy(model, fold_norms: bool) -> None:
    """What shortens a graph; all of onnxscript takes up to a third of an export.

    One of its rules compares every node with every other. Without them onnxruntime
    reads the same: what else they join it joins when it opens the file.
    """
    from onnxscript import optimizer, rewriter
    from onnxscript.rewriter.rules import common

    optimizer.inline(model)
    optimizer.fold_constants(model)
    # PyTorch's exporter gives zeros to convolutions without a bias.
    rules = [
        common.remove_optional_bias_from_conv_rule,
        common.remove_optional_bias_from_conv_transpose_rule,
    ]
    if fold_norms:
        rules += [
            common.fuse_batchnorm_into_conv_rule,
            common.fuse_batchnorm_into_conv_transpose_rule,
            common.fuse_batchnorm_into_gemm_rule,
        ]
    rewriter.rewrite(model, rules)
    optimizer.remove_unused_nodes(model)


@contextmanager
def _out_of_place(graph: nn.Module) -> Iterator[None]:
    """With activations that write nothing into their input.

    The exporter takes those apart that do, one by one: a third of its time with a
    network of many. A network that uses its input after it was written over gives other
    values so, which the comparison with PyTorch tells.
    """
    changed = [each for each in graph.modules() if getattr(each, 'inplace', False)]
    for each in changed:
        each.inplace = False
    try:
        yield
    finally:
        for each in changed:
            each.inplace = True


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
