"""JSON and YAML files in which users describe things by name."""

import json
import os
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any

from fashion_mmpose.errors import FormatError

SUFFIXES = ('.json', '.yaml', '.yml')


def is_description_file(name: str | os.PathLike) -> bool:
    """Whether a name is that of a file with a description, by its suffix."""
    return os.fspath(name).lower().endswith(SUFFIXES)


def read_description(path: str | os.PathLike) -> Any:
    """The content of a JSON or YAML file, in which no key stands twice.

    Both formats keep the last of equal keys and lose the others in silence; here they
    are an error.

    Args:
        path: The file; its suffix tells the format.

    Raises:
        FileNotFoundError: If it does not exist.
        FormatError: If it is not what its suffix says, or a key stands twice in it.
        ImportError: If it is YAML and PyYAML is not installed.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise FormatError(
            f'{path}: a description is read from {", ".join(SUFFIXES)}, not from '
            f'{suffix or "a file without suffix"}; to fix it: rename the file'
        )
    if not Path(path).is_file():
        raise FileNotFoundError(f'{path} does not exist, or is no file')
    try:
        # Editors on Windows write a byte order mark.
        text = Path(path).read_text(encoding='utf-8-sig')
    except UnicodeDecodeError as error:
        raise FormatError(
            f'{path} is not UTF-8 text: {error}; to fix it: save it as UTF-8'
        ) from None
    return _from_json(path, text) if suffix == '.json' else _from_yaml(path, text)


def _from_json(path: str | os.PathLike, text: str) -> Any:
    def checked(pairs: list[tuple[str, Any]]) -> dict:
        _refuse_doubles(path, (key for key, _ in pairs))
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=checked)
    except FormatError:
        raise
    except (ValueError, RecursionError) as error:
        raise FormatError(f'{path} is not valid JSON: {error}') from None


def _from_yaml(path: str | os.PathLike, text: str) -> Any:
    # The core does without PyYAML, which comes with MMEngine.
    try:
        import yaml
    except ImportError:
        raise ImportError(
            f'{path} is YAML, which needs PyYAML; to fix it: pip install pyyaml, or '
            'write the description as JSON'
        ) from None

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
            keys = [self.construct_object(key, deep=True) for key, _ in node.value]
            _refuse_doubles(path, (key for key in keys if isinstance(key, Hashable)))
            return super().construct_mapping(node, deep)

    try:
        return yaml.load(text, Loader)
    except (yaml.YAMLError, RecursionError) as error:
        raise FormatError(f'{path} is not valid YAML: {error}') from None
    except ValueError as error:
        if isinstance(error, FormatError):
            raise
        # A date of the 31st of February, for example.
        raise FormatError(f'{path} is not valid YAML: {error}') from None


def _refuse_doubles(path: str | os.PathLike, keys: Iterable[Hashable]) -> None:
    seen = set()
    for key in keys:
        if key in seen:
            raise FormatError(
                f'{path} has the key {key!r} twice in one place; to fix it: remove or '
                'rename one'
            )
        seen.add(key)
