"""Variables of a TensorFlow V2 checkpoint, read without TensorFlow.

Such a checkpoint (a tensor bundle) is ``PREFIX.index``, which says where each variable
is, and the raw tensors in ``PREFIX.data-0000i-of-0000n``:
https://github.com/tensorflow/tensorflow/blob/v1.15.0/tensorflow/core/util/tensor_bundle/tensor_bundle.cc
"""

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from fashion_mmpose.errors import FormatError

from .crc32c import crc32c
from .index import (
    SAVE_AS_V2,
    STORAGE,
    TensorflowCheckpointError,
    Variable,
    located,
    parse_index,
)
from .sstable import is_table

_GIVE_PREFIX = (
    'give the prefix of a V2 checkpoint, that is, the path of its .index without this '
    'ending'
)


def list_variables(prefix: str | os.PathLike) -> dict[str, Variable]:
    """What a checkpoint holds, by name and in its order; needs ``.index`` only.

    Args:
        prefix: The checkpoint's prefix, its ``.index`` or one of its data files.

    Raises:
        TensorflowCheckpointError: If there is no V2 checkpoint, or its index is
            damaged.
    """
    return _read_index(_find_prefix(prefix))[1]


def read_variables(
    prefix: str | os.PathLike, names: Iterable[str] | None = None
) -> dict[str, np.ndarray]:
    """Values of a checkpoint's variables; each one's checksum is verified.

    Numbers keep their type; bfloat16, which numpy does not have, becomes float32
    without loss.

    Args:
        prefix: As in :func:`list_variables`.
        names: Those to read, in this order; None is all.

    Raises:
        TensorflowCheckpointError: If there is no V2 checkpoint, a file is missing or
            damaged, a name is unknown, or a variable is not made of numbers or is
            partitioned.
    """
    prefix = _find_prefix(prefix)
    num_shards, variables = _read_index(prefix)
    names = list(variables if names is None else dict.fromkeys(names))
    _check_readable(_index_path(prefix), variables, names)
    shards = sorted({variables[name].shard for name in names})
    paths = {shard: _shard_path(prefix, shard, num_shards) for shard in shards}
    missing = [path.name for path in paths.values() if not path.is_file()]
    if missing:
        raise TensorflowCheckpointError(
            f'{prefix}: {len(missing)} of its {num_shards} data files are missing, '
            f'e.g. {missing[:3]}; put them beside {_index_path(prefix).name}'
        )
    values = {}
    for shard, path in paths.items():
        with open(path, 'rb') as file:
            size = os.fstat(file.fileno()).st_size
            left = size
            for name in names:
                if variables[name].shard == shard:
                    with located(f'{path}: variable {name!r}'):
                        values[name] = _read_values(file, size, variables[name])
                        left -= variables[name].size
                        if left < 0:
                            raise FormatError('it shares its bytes with others')
    return {name: values[name] for name in names}


def _find_prefix(path: str | os.PathLike) -> Path:
    """The prefix that a path means, with the ``.index`` being there."""
    path = Path(path)
    prefix = Path(re.sub(r'\.(index|data-\d{5}-of-\d{5})$', '', str(path)))
    if _index_path(prefix).is_file():
        return prefix
    if path.is_dir():
        found = sorted(index.stem for index in path.glob('*.index'))
        raise TensorflowCheckpointError(
            f'{path} is a folder, with the checkpoints {found[:5]}; {_GIVE_PREFIX}'
        )
    if path != prefix or not path.exists():
        raise TensorflowCheckpointError(
            f'{_index_path(prefix)} is missing; {_GIVE_PREFIX}'
        )
    if path.suffix == '.meta':
        raise TensorflowCheckpointError(
            f'{path} is a graph, without the values of variables; {_GIVE_PREFIX}'
        )
    if is_table(path):
        raise TensorflowCheckpointError(f'{path} is a V1 checkpoint; {SAVE_AS_V2}')
    raise TensorflowCheckpointError(
        f'{path} is no V2 checkpoint: {_index_path(path)} is missing; {_GIVE_PREFIX}'
    )


def _index_path(prefix: Path) -> Path:
    return Path(f'{prefix}.index')


def _shard_path(prefix: Path, shard: int, num_shards: int) -> Path:
    return Path(f'{prefix}.data-{shard:05d}-of-{num_shards:05d}')


def _read_index(prefix: Path) -> tuple[int, dict[str, Variable]]:
    """The number of data files, and the variables."""
    path = _index_path(prefix)
    # The end tells before a large file of another kind is read.
    if not is_table(path):
        raise TensorflowCheckpointError(
            f'{path} is not the index of a V2 checkpoint, or it is cut short: it does '
            'not end as a string table; copy it again from its source'
        )
    with located(str(path)):
        return parse_index(path.read_bytes())


def _check_readable(
    path: Path, variables: Mapping[str, Variable], names: Iterable[str]
) -> None:
    for name in names:
        if name not in variables:
            close = difflib.get_close_matches(name, variables, n=3)
            raise TensorflowCheckpointError(
                f'{path}: there is no variable {name!r} among its {len(variables)}'
                + (f'; similar are {close}' if close else '')
            )
        variable = variables[name]
        if variable.num_slices:
            raise TensorflowCheckpointError(
                f'{path}: variable {name!r} is partitioned into {variable.num_slices} '
                'parts, which are not read; save it again without a partitioner'
            )
        if variable.dtype not in STORAGE:
            raise TensorflowCheckpointError(
                f'{path}: variable {name!r} is of type {variable.dtype}, which is not '
                'read; leave it out by giving the names of the others'
            )


def _read_values(file: BinaryIO, file_size: int, variable: Variable) -> np.ndarray:
    """The values of one variable; a size that the file has not is not allocated."""
    if variable.offset + variable.size > file_size:
        raise FormatError(
            f'its {variable.size} bytes at byte {variable.offset} end behind the file '
            f'of {file_size} bytes'
        )
    octets = np.empty(variable.size, np.uint8)
    file.seek(variable.offset)
    if file.readinto(octets) != variable.size:
        raise FormatError(f'its bytes at byte {variable.offset} cannot be read')
    actual = crc32c(octets)
    if actual != variable.crc32c:
        raise FormatError(
            f'the checksum of its {variable.size} bytes at byte {variable.offset} is '
            f'{actual:08x}, not {variable.crc32c:08x} as stored'
        )
    values = octets.view(STORAGE[variable.dtype])
    if variable.dtype == 'bfloat16':
        # It is the upper half of a float32.
        values = (values.astype(np.uint32) << 16).view(np.float32)
    elif variable.dtype == 'bool':
        values = values != 0
    try:
        return values.reshape(variable.shape)
    except ValueError as error:
        # numpy has fewer axes than TensorFlow, and shorter ones.
        raise FormatError(
            f'its shape {variable.shape} is too large: {error}'
        ) from error
