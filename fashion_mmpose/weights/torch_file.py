"""Looks through a file of ``torch.save`` before PyTorch reads it.

PyTorch's reader runs nothing that it does not know, but it believes the rest: it takes
flipped bits for weights, and a few bytes can make it hash or print without end, crash
the interpreter, or read behind a stored tensor.
"""

import mmap
import os
import pickletools
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

import torch

from fashion_mmpose.errors import FormatError

_MOST_DEEP = 64  # values in values; logs and optimizers need some ten
_SLACK = 2**16
_REPEATS = 64  # as often as all values may be named, on the average
_LEGACY_PICKLES = 5  # magic number, version, system, content, keys of the storages
_NAME = re.compile(r'[\w.]{1,200}')  # PyTorch's message takes long for longer ones
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_CHUNK = 2**24

_DAMAGED = 'it is not a file of torch.save, or is cut short or damaged'
_ITEMSIZES = {
    **dict.fromkeys(('Byte', 'Char', 'Bool', 'Untyped', 'QInt8', 'QUInt8'), 1),
    **dict.fromkeys(('Half', 'BFloat16', 'Short'), 2),
    **dict.fromkeys(('Float', 'Int', 'QInt32'), 4),
    **dict.fromkeys(('Double', 'Long', 'ComplexFloat'), 8),
    'ComplexDouble': 16,
}

# What builds containers of what lies on the stack, and what adds to one.
_BUILT = {'TUPLE1': 1, 'TUPLE2': 2, 'TUPLE3': 3}
_EMPTY = ('EMPTY_LIST', 'EMPTY_TUPLE', 'EMPTY_DICT', 'EMPTY_SET')
_ADDING = {'APPEND': 1, 'SETITEM': 2}
_ADDING_ALL = ('APPENDS', 'SETITEMS', 'ADDITEMS')
_GETTING = ('BINGET', 'LONG_BINGET', 'GET')
_PUTTING = ('BINPUT', 'LONG_BINPUT', 'PUT')
_CALLING = {'REDUCE': 'calls', 'NEWOBJ': 'makes an object of'}
_CONSTANTS = ('NONE', 'NEWTRUE', 'NEWFALSE')


@dataclass(eq=False)
class _Value:
    """A value that the file describes: what it is and what it is made of.

    ``deep`` and ``count`` are of the time when it was made; what is added to a list
    later counts in the end.
    """

    kind: str
    plain: object = None
    parts: list['_Value'] = field(default_factory=list)
    deep: int = 0
    count: int = 1


def check_torch_file(path: str | os.PathLike) -> None:
    """Refuse a file of ``torch.save`` that is damaged, or made to break its reader.

    Args:
        path: The file, a zip as PyTorch writes it since 1.6, or of the form before.

    Raises:
        FormatError: If it is neither, if a checksum or a size is wrong, or if what it
            describes is endless; the message says what, without the file.
        OSError: If it cannot be read.
    """
    with open(path, 'rb') as file:
        if file.read(4) == b'PK\x03\x04':
            _check_zip(file)
        else:
            file.seek(0)
            _check_legacy(file)


def check_tensors(tensors: list[torch.Tensor], size: int) -> None:
    """Refuse tensors that are more than a file of some bytes can hold.

    Args:
        tensors: What was read, which is not copied yet.
        size: Bytes of the file.

    Raises:
        FormatError: If one is not dense and on the CPU, or they are larger together
            than four times the file.
    """
    for tensor in tensors:
        if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_nested:
            raise FormatError(
                'it holds a sparse, quantized or nested tensor; to fix it: save dense '
                'ones, tensor.to_dense()'
            )
        if tensor.device.type != 'cpu':
            raise FormatError(f'it holds a tensor without numbers ({tensor.device})')
    total = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    if total > 4 * size + _SLACK:
        raise FormatError(
            f'its {size} bytes hold tensors of {total} bytes: they repeat their '
            'numbers; to fix it: save tensor.contiguous() of each'
        )


# ------------------------------------------------------------------------------ files


def _check_zip(file: BinaryIO) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = {info.filename: info for info in archive.infolist()}
            _check_entries(archive, entries)
            (name,) = (n for n in entries if n.endswith('/data.pkl'))
            folder = name.removesuffix('data.pkl')
            sizes = {
                key.removeprefix(f'{folder}data/'): info.file_size
                for key, info in entries.items()
            }
            program = archive.read(name)
            for key in entries:
                with archive.open(key) as entry:  # whose end checks the sum
                    while entry.read(_CHUNK):
                        pass
    except FormatError:
        raise
    except (
        zipfile.BadZipFile,
        EOFError,
        NotImplementedError,
        RuntimeError,  # of encrypted entries
        ValueError,
    ) as error:
        raise FormatError(f'{_DAMAGED}: {error}') from None
    _Program(len(program), sizes.get).run(program)


def _check_entries(archive: zipfile.ZipFile, entries: dict) -> None:
    infos = archive.infolist()
    # PyTorch's own reader of zips must find the same entries.
    if len(entries) < len(infos) or archive.comment or not infos:
        raise FormatError('it is a zip as torch.save does not write it')
    if min(info.header_offset for info in infos):
        raise FormatError('it has something in front of its zip')
    if any(info.compress_type != zipfile.ZIP_STORED for info in infos):
        raise FormatError(
            'its entries are compressed, which torch.save does not do; to fix it: '
            'save it again'
        )
    size = os.fstat(archive.fp.fileno()).st_size
    if sum(info.file_size for info in infos) > size:
        raise FormatError('its entries are larger than the file')


def _check_legacy(file: BinaryIO) -> None:
    size = os.fstat(file.fileno()).st_size
    if not size:
        raise FormatError(f'{_DAMAGED}: it is empty')
    # A storage comes as a number of values and these; more than all are not there.
    program = _Program(size, lambda key: size)
    # Asked for more than there is, a mapped file gives what there is; another one
    # makes room first.
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        for number in range(_LEGACY_PICKLES):
            value = program.run(mapped)
            if number == 0 and value.plain != _LEGACY_MAGIC:
                raise FormatError(_DAMAGED)


# --------------------------------------------------------------------------- programs


class _Program:
    """Follows a pickle without building what it describes.

    Args:
        size: Bytes of it.
        storage_size: Bytes of a storage by its key, None for an unknown one.
    """

    def __init__(self, size: int, storage_size: Callable[[str], int | None]) -> None:
        self.most = _REPEATS * size + _SLACK
        self.left = size  # bytes that may be made of texts
        self.storage_size = storage_size

    def run(self, program: bytes | mmap.mmap) -> _Value:
        """What the program describes.

        Raises:
            FormatError: If it is damaged, or made to break its reader.
        """
        self.stack: list[_Value] = []
        self.memo: dict[int, _Value] = {}
        try:
            for opcode, argument, _ in pickletools.genops(program):
                self._step(opcode.name, argument)
            (value,) = self.stack
        except FormatError:
            raise
        except (LookupError, TypeError, ValueError) as error:
            raise FormatError(f'{_DAMAGED}: {error}') from None
        _count(value, 0, {}, self.most)
        return value

    def _step(self, name: str, argument) -> None:
        stack = self.stack
        if name in _GETTING:
            stack.append(self.memo[argument])
        elif name in _PUTTING:
            self.memo[argument] = stack[-1]
        elif name in _EMPTY or name in _CONSTANTS:
            stack.append(_Value(name))
        elif name == 'MARK':
            stack.append(_Value('mark'))
        elif name in _BUILT:
            stack.append(self._tuple(self._take(_BUILT[name])))
        elif name == 'TUPLE':
            stack.append(self._tuple(self._since_mark()))
        elif name in _ADDING:
            parts = self._take(_ADDING[name])
            stack[-1].parts += parts
        elif name in _ADDING_ALL:
            parts = self._since_mark()
            stack[-1].parts += parts
        elif name == 'GLOBAL':
            name = argument.replace(' ', '.')
            if not _NAME.fullmatch(name):
                raise FormatError(f'{_DAMAGED}: it names {ascii(name[:80])}')
            stack.append(_Value('name', name))
        elif name in _CALLING:
            self._call(_CALLING[name])
        elif name == 'BUILD':
            self._build()
        elif name == 'BINPERSID':
            self._storage()
        elif name not in ('PROTO', 'STOP', 'FRAME'):
            if argument is None:
                raise FormatError(f'{_DAMAGED}: it has a step {name}')
            stack.append(_Value('plain', argument))

    def _take(self, count: int) -> list[_Value]:
        if len(self.stack) < count:
            raise ValueError('there is too little on the stack')
        parts = self.stack[-count:]
        del self.stack[-count:]
        return parts

    def _since_mark(self) -> list[_Value]:
        place = len(self.stack) - 1
        while self.stack[place].kind != 'mark':
            place -= 1
            if place < 0:
                raise ValueError('there is no mark')
        parts = self.stack[place + 1 :]
        del self.stack[place:]
        return parts

    def _tuple(self, parts: list[_Value]) -> _Value:
        # A tuple may become a key: to hash it takes all of its parts, in C.
        deep = 1 + max((part.deep for part in parts), default=0)
        count = 1 + sum(part.count for part in parts)
        _refuse_endless(deep, count, self.most)
        return _Value('tuple', None, parts, deep, count)

    def _call(self, verb: str) -> None:
        function, arguments = self._take(2)
        # PyTorch would print what it cannot call, however large it is.
        if function.kind != 'name' or arguments.kind not in ('tuple', 'EMPTY_TUPLE'):
            raise FormatError(f'it {verb} a value that is no function')
        plain = [part.plain for part in arguments.parts]
        name = str(function.plain)
        if name.endswith('encode') and plain and isinstance(plain[0], str):
            self.left -= len(plain[0])
        elif name.endswith(('.bytes', '.bytearray')) and plain:
            self.left -= plain[0] if isinstance(plain[0], int) else _SLACK
        elif name.endswith('multiarray._reconstruct'):
            shape = [part.plain for part in arguments.parts[1].parts]
            if shape != [0]:
                raise FormatError('it holds an array that is not empty at first')
        if self.left < 0:
            raise FormatError('it makes more bytes than it holds')
        made = _Value('made', name, [arguments], 1 + arguments.deep)
        made.count = 1 + arguments.count
        _refuse_endless(made.deep, made.count, self.most)
        self.stack.append(made)

    def _build(self) -> None:
        (state,) = self._take(1)
        made = self.stack[-1]
        if made.kind != 'made':
            raise FormatError('it sets the state of a value that has none')
        if made.plain == 'numpy.dtype':
            # The flags tell numpy to follow numbers as addresses.
            order = [part.plain for part in state.parts[2:5]]
            flags = [part.plain for part in state.parts[7:]]
            if any(order) or any(flags):
                raise FormatError('it holds an array with parts or flags')
        made.parts.append(state)

    def _storage(self) -> None:
        (described,) = self._take(1)
        if described.kind != 'tuple' or len(described.parts) < 5:
            raise FormatError('it refers to something outside of the file')
        _, kind, key, _, number = (part.plain for part in described.parts[:5])
        size = self.storage_size(_text(key))
        itemsize = _itemsize(str(kind))
        if (
            size is None
            or type(number) is not int
            or not 0 <= number * itemsize <= size
        ):
            raise FormatError(
                f'it describes {number!r} numbers of {_text(key)[:40]!r}, which are '
                'not there'
            )
        self.stack.append(_Value('storage'))


def _text(value) -> str:
    return value.decode('ascii', 'replace') if isinstance(value, bytes) else str(value)


def _itemsize(name: str) -> int:
    """Bytes of a number by the name of its storage's class."""
    kind = name.rpartition('.')[2].removesuffix('Storage')
    if kind not in _ITEMSIZES:
        raise FormatError(f'it holds numbers of an unknown kind {kind[:40]!r}')
    return _ITEMSIZES[kind]


def _refuse_endless(deep: int, count: int, most: int) -> None:
    if deep > _MOST_DEEP:
        raise FormatError(f'it holds values in values, more than {_MOST_DEEP} deep')
    if count > most:
        raise FormatError('it names its values again and again')


def _count(value: _Value, deep: int, known: dict[int, int], most: int) -> int:
    """Values that one has, as often as they are named."""
    if not value.parts:
        return 1
    _refuse_endless(deep, 0, most)
    if id(value) not in known:
        known[id(value)] = 0
        known[id(value)] = 1 + sum(
            _count(part, deep + 1, known, most) for part in value.parts
        )
        _refuse_endless(deep, known[id(value)], most)
    elif known[id(value)] == 0:
        raise FormatError('it holds a value that holds itself')
    return known[id(value)]
