"""Folders: what lies in them, and what paths share."""

import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path


def files_below(
    root: str | os.PathLike,
    suffixes: Collection[str],
    enters: Callable[[str, int], bool] = lambda name, depth: True,
) -> list[str]:
    """The files of some kinds in a folder and in those below it.

    Links to folders are followed; hidden files and folders are left out.

    Args:
        root: The folder.
        suffixes: Lower case, with the dot; capitals in names do not matter.
        enters: Of a folder's name and of how many folders lie between it and the root,
            whether its files count. Defaults to all.

    Returns:
        list[str]: Paths that begin with ``root``, sorted folder by folder.
    """
    paths = []
    for parent, folders, names in os.walk(root, followlinks=True):
        depth = len(Path(parent).relative_to(root).parts)
        folders[:] = [
            name for name in folders if not name.startswith('.') and enters(name, depth)
        ]
        paths += [
            os.path.join(parent, name)
            for name in names
            if not name.startswith('.') and Path(name).suffix.lower() in suffixes
        ]
    return sorted(paths, key=lambda path: Path(path).parts)


def relative_names(paths: Sequence[str]) -> dict[str, str]:
    """For each path the one below the deepest folder that all of them share.

    Pictures of the same name in different folders stay apart.
    """
    absolute = {path: os.path.abspath(path) for path in paths}
    folders = {os.path.dirname(path) for path in absolute.values()}
    root = os.path.commonpath(folders) if folders else ''
    return {path: os.path.relpath(full, root) for path, full in absolute.items()}
