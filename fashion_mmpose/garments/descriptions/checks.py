"""What descriptions are checked for: their names, lists and keys."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from reprlib import repr as short
from typing import Any

from fashion_mmpose.errors import FormatError

_QUOTE = 'to fix it: write text (in YAML, quote no, yes, on, off and numbers)'


def is_list(value: Any) -> bool:
    """Whether it is a list as JSON, YAML and configs have it."""
    return isinstance(value, list | tuple)


def checked_name(value: Any, where: str) -> str:
    """The name of a benchmark or a category, which becomes part of file names.

    Raises:
        FormatError: If it is none; the message names ``where``.
    """
    if not isinstance(value, str) or not value.strip():
        raise FormatError(f'{where}: {short(value)} is no name; {_QUOTE}')
    # {category} in the paths of configs is replaced by a category, or by 'all'.
    if not value.isprintable() or set(value) & set('/\\{}') or value[0] == '.':
        raise FormatError(
            f'{where}: the name {value!r} becomes part of file names; to fix it: use '
            'letters, digits, spaces, _ and -'
        )
    if value == 'all':
        raise FormatError(
            f"{where}: 'all' stands for all categories; to fix it: choose another name"
        )
    return value


def checked_names(
    value: Any,
    where: str,
    known: Sequence[str] | None = None,
    once: bool = True,
) -> tuple[str, ...]:
    """A list of key points.

    Args:
        value: What should be a list of names.
        where: Its place, for the error.
        known: The names that may be there; None for any, but at least one.
        once: Whether no name may be there twice.

    Raises:
        FormatError: If it is no such list.
    """
    if not is_list(value) or not (value or known):
        raise FormatError(
            f'{where}: {short(value)} is no list of key points; to fix it: write, for '
            'example, [brim_left, brim_right, top]'
        )
    for name in value:
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise FormatError(f'{where}: {short(name)} is no key point; {_QUOTE}')
        if known is not None and name not in known:
            raise FormatError(
                f'{where}: there is no key point {name!r}{_nearest(name, known)}'
            )
    if once and len(set(value)) < len(value):
        double = next(name for name in value if value.count(name) > 1)
        raise FormatError(
            f'{where} has the key point {double!r} twice; to fix it: remove or rename '
            'one'
        )
    return tuple(value)


def checked_keys(
    value: Any, where: str, known: Sequence[str], needed: Sequence[str]
) -> Mapping:
    """A mapping that has known keys only, and those that are needed.

    Raises:
        FormatError: If it is none; the message names ``where`` and the nearest key.
    """
    if not isinstance(value, Mapping):
        raise FormatError(
            f'{where}: {short(value)} is no mapping of {", ".join(known)}'
        )
    for key in value:
        if key not in known:
            raise FormatError(
                f'{where}: unknown key {short(key)}{_nearest(str(key), known)}'
            )
    for key in needed:
        if key not in value:
            raise FormatError(f'{where} lacks the key {key!r}')
    return value


def _nearest(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        return f'; did you mean {near[0]!r}?'
    return f'; choose from {short(list(known))}'
