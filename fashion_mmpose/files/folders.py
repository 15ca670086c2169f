"""Folders: what lies in them, and what paths share."""

import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

# What systems leave behind in folders and archives, in lower case.
_CLUTTER = frozenset(
    (
        '__macosx',
        'thumbs.db',
        'ehthumbs.db',
        'desktop.ini',
        '$recycle.bin',
        'system volume information',
        '@eadir',
    )
)


def is_clutter(name: str) -> bool:
    """Whether a file or folder is hidden, or a system left it behind."""
    return name.startswith('.') or name.lower() in _CLUTTER


def files_below(
    root: str | os.PathLike,
    suffixes: Collection[str] | None,
    enters: Callable[[str, int], bool] = lambda name, depth: True,
) -> list[str]:
    """The files of some kinds in a folder and in those below it.

    Links to folders are followed, and a folder is entered once, however it is linked.
    Hidden files and folders are left out, and so is what systems leave behind, such as
    ``__MACOSX`` and ``Thumbs.db``.

    Args:
        root: The folder.
        suffixes: Lower case, with the dot; capitals in names do not matter. None for
            files of any kind.
        enters: Of a folder's name and of how many folders lie between it and the root,
            whether its files count. Defaults to all.

    Returns:
        list[str]: Paths that begin with ``root``, sorted folder by folder.
    """
    paths = []
    seen = {_identity(root)}
    for parent, folders, names in os.walk(root, followlinks=True):
        depth = len(Path(parent).relative_to(root).parts)
        entered = []
        # Links come last, so that a folder is called by its own path where it can be.
        for name in sorted(folders, key=lambda n: (_is_link(parent, n), n)):
            if is_clutter(name) or not enters(name, depth):
                continue
            identity = _identity(os.path.join(parent, name))
            if identity not in seen:
                seen.add(identity)
                entered.append(name)
        folders[:] = entered
        paths += [
            os.path.join(parent, name)
            for name in names
            if not is_clutter(name)
            and (suffixes is None or Path(name).suffix.lower() in suffixes)
        ]
    return sorted(paths, key=lambda path: Path(path).parts)


def _is_link(parent: str, name: str) -> bool:
    return os.path.islink(os.path.join(parent, name))


def _identity(folder: str | os.PathLike) -> tuple[int, int] | str:
    """What two paths of one folder have in common."""
    try:
        status = os.stat(folder)
    except OSError:  # os.walk passes over it, too
        return os.fspath(folder)
    return status.st_dev, status.st_ino


def relative_names(paths: Sequence[str]) -> dict[str, str]:
    """For each path the one below the deepest folder that all of them share.

    Pictures of the same name in different folders stay apart.
    """
    absolute = {path: os.path.abspath(path) for path in paths}
    folders = {os.path.dirname(path) for path in absolute.values()}
    root = os.path.commonpath(folders) if folders else ''
    return {path: os.path.relpath(full, root) for path, full in absolute.items()}
