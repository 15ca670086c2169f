"""Paths that a file names: they lead to places below a folder, and nowhere else."""

import os
import re

from fashion_mmpose.errors import FormatError

# What every path with a fault has, and hardly any other.
_SUSPECT = re.compile(r'[\x00-\x1f\x7f]|^[/\\]|^.:|\.\.')
_CONTROLS = re.compile(r'[\x00-\x1f\x7f]')
_ABSOLUTE = re.compile(r'[/\\]|[A-Za-z]:[/\\]')
_UPWARDS = re.compile(r'(?:^|[/\\])\.\.(?:[/\\]|$)')


def has_controls(path: str) -> bool:
    """Whether a path has control characters."""
    return _CONTROLS.search(path) is not None


def is_utf8(path: str) -> bool:
    """Whether a path is text: the bytes of a system's names may be none."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def with_slashes(path: str, root: str | os.PathLike) -> str:
    """A path that is written as on Windows, as it is here.

    Args:
        path: The path that a file names; others, and what is there, stay as they are.
        root: The folder that it leads from.
    """
    if '\\' not in path or os.path.exists(os.path.join(root, path)):
        return path
    told = path.replace('\\', '/')
    return told if os.path.exists(os.path.join(root, told)) else path


def path_fault(path: str) -> str:
    """Why a path does not lead to a place below a folder, as of any system; or ''."""
    if not path:
        return 'is empty'
    if _SUSPECT.search(path) is None:
        return ''
    if has_controls(path):
        return 'has control characters'
    if _ABSOLUTE.match(path):
        return 'is absolute'
    if _UPWARDS.search(path):
        return "leads upwards by '..'"
    return ''


def inner_path(
    path: str, root: str | os.PathLike | None = None, where: str = 'a file'
) -> str:
    """A path as it leads from a folder, if it leads to a place below it.

    Args:
        path: The path that a file names.
        root: The folder; an absolute path below it is taken, too. None if it is not
            known. Defaults to None.
        where: What names the path, for the error.

    Raises:
        FormatError: If it leads elsewhere, or has control characters.
    """
    fault = path_fault(path)
    if not fault:
        return path
    if fault == 'is absolute' and root and os.path.isabs(path):
        base = os.path.abspath(root)
        found = os.path.normpath(path)
        if found != base and os.path.commonpath([base, found]) == base:
            return os.path.relpath(found, base)
    mend = 'write paths that lead from the folder of the pictures'
    if fault == 'is absolute':
        mend += (
            ', or give a folder that they all lie below as that folder '
            "(data_prefix=dict(img='/photos') in a config, --img-root /photos, "
            '--images /photos)'
        )
    raise FormatError(
        f'{where} names the picture {path[:200]!r}, which {fault}; to fix it: {mend}'
    )
