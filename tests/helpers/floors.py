"""The two floors of the package, and what its modules import."""

import ast
import functools
from collections.abc import Iterable, Iterator
from importlib.util import resolve_name
from pathlib import Path

PACKAGE = 'fashion_mmpose'
ROOT = Path(__file__).resolve().parents[2] / PACKAGE
TESTS = Path(__file__).resolve().parents[1]

PLUGIN_LIBRARIES = frozenset(
    'torch torchvision mmengine mmcv mmpose mmdet xtcocotools timm'.split()
)
# Each imports only what stands before it.
CORE = tuple(
    'errors version interrupts garments files formats evaluation measure synthetic '
    'media visualization starter pretrained tracking inference catalogue report web '
    'cli '
    '__main__'.split()
)
PLUGIN = tuple(
    'operators stand_ins stack config codecs datasets weights models '
    'evaluation.metrics engine plugin apis export commands'.split()
)
# Where tests need no library of the plugin to be collected.
CORE_TESTS = (
    *(
        f'test_{name}'
        for name in (
            'catalogue files formats garments measure media report synthetic web'
        ).split()
    ),
    'test_evaluation/test_functional',
    *(
        f'test_inference/test_{name}.py'
        for name in (
            'boxes/test_requests outputs/test_names outputs/test_saving prediction'
        ).split()
    ),
    'test_visualization',
    'test_floors.py',
)


def is_core_test(path: Path) -> bool:
    """Whether a file of tests is one of the core."""
    return any(path.is_relative_to(TESTS / place) for place in CORE_TESTS)


@functools.cache
def modules() -> dict[str, Path]:
    """Every module of the package by its name."""
    found = {}
    for path in sorted(ROOT.rglob('*.py')):
        parts = path.relative_to(ROOT.parent).with_suffix('').parts
        found['.'.join(parts[:-1] if path.stem == '__init__' else parts)] = path
    return found


def floor_of(name: str) -> str | None:
    """``core``, ``plugin``, or None for a module that the lists above do not place."""
    inner = name.removeprefix(PACKAGE).removeprefix('.')
    if _is_below(inner, PLUGIN):
        return 'plugin'
    return 'core' if not inner or _is_below(inner, CORE) else None


def place_of(name: str) -> int:
    """Where in the order of both floors a module's folder stands.

    The package itself imports its version and nothing else.

    Raises:
        ValueError: If the lists above do not place it.
    """
    inner = name.removeprefix(PACKAGE).removeprefix('.') or 'version'
    places = (*CORE, *PLUGIN)
    held = [place for place in places if _is_below(inner, [place])]
    return places.index(max(held, key=len))


def core_modules() -> dict[str, Path]:
    """The modules of the lower floor."""
    return {name: path for name, path in modules().items() if floor_of(name) == 'core'}


def _is_below(inner: str, places: Iterable[str]) -> bool:
    return any(inner == place or inner.startswith(f'{place}.') for place in places)


@functools.cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a module, which several tests go through."""
    return ast.parse(path.read_text('utf-8'))


def imports(name: str, path: Path, *, inside_functions: bool) -> Iterator[str]:
    """The full names of what a module imports, of this package or not."""
    package = name if path.stem == '__init__' else name.rpartition('.')[0]
    known = modules()
    for node in _nodes(parsed(path), inside_functions):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = resolve_name('.' * node.level + (node.module or ''), package)
            for alias in node.names:
                full = f'{source}.{alias.name}'
                yield full if full in known else source


def _nodes(tree: ast.AST, inside_functions: bool) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        yield node
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if inside_functions or not is_function:
            yield from _nodes(node, inside_functions)
