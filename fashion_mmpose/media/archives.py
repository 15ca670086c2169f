"""Pictures in tar archives, the shards of webdataset, read where they lie."""

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from fashion_mmpose.errors import FormatError, PictureError
from fashion_mmpose.files.folders import is_clutter
from fashion_mmpose.files.inner_paths import is_utf8, path_fault
from fashion_mmpose.files.pictures.formats import PICTURE_SUFFIXES

from .source import Source, Span

_SUFFIXES = (
    '.tar',
    '.tgz',
    '.tbz2',
    '.txz',
    '.tar.gz',
    '.tar.bz2',
    '.tar.xz',
    '.tar.zst',
)
_COMPRESSED = (b'\x1f\x8b', b'BZh', b'\xfd7zXZ\0', b'\x28\xb5\x2f\xfd')
_BLOCK = tarfile.BLOCKSIZE


def is_archive(path: str) -> bool:
    """Whether a file's name is that of a tar archive."""
    return path.lower().endswith(_SUFFIXES)


def is_tar(path: str) -> bool:
    """Whether a file begins with the header of a member, whatever its name."""
    try:
        with open(path, 'rb') as file:
            tarfile.TarInfo.frombuf(file.read(_BLOCK), 'utf-8', 'surrogateescape')
    except (OSError, tarfile.HeaderError):
        return False
    return True


def members_of(
    path: str, name: str, left_aside: list[str] | None = None
) -> Iterator[Source]:
    """The pictures in a tar archive, in its order, found as they are asked for.

    Headers alone are read; nothing is unpacked. Members are pictures by their suffix;
    others, such as the labels beside them, hidden ones and links are passed over. An
    archive that breaks off ends with a picture that says so.

    Args:
        path: The archive, not compressed.
        name: What it is called; the members' names follow it.
        left_aside: Gets a line that says how many members are no pictures. Defaults to
            None.

    Raises:
        FileNotFoundError: If it holds no picture.
        FormatError: If it is no such archive.
        OSError: If it cannot be opened.
    """
    num_found = num_others = 0
    with _opened(path) as archive:
        error = ''
        while True:
            try:
                member = archive.next()
            except tarfile.TarError as broken:
                error = str(broken)
                break
            if member is None:
                error = _fault_of_end(archive)
                break
            # It would keep all of them.
            archive.members.clear()  # pyright: ignore[reportAttributeAccessIssue]
            if member.isdir():
                continue
            if not _is_picture(member):
                num_others += 1
                continue
            num_found += 1
            yield _source(path, name, member)
    if error:
        fault = f'{path} breaks off after {num_found} pictures: {error}'
        yield Source(path, 'picture', name, fault=fault)
    elif not num_found:
        raise FileNotFoundError(f'{path} holds no picture')
    if num_others and left_aside is not None:
        left_aside.append(f'{num_others} members of {path} are no pictures by suffix')


def read_span(span: Span) -> bytes:
    """The bytes of a picture in an archive.

    Raises:
        PictureError: If they cannot be read, or the archive ends before.
    """
    try:
        with open(span.file, 'rb') as file:
            file.seek(span.offset)
            data = file.read(span.size)
    except OSError as error:
        raise PictureError(f'{span.file}: {error.strerror or error}') from error
    if len(data) < span.size:
        raise PictureError(
            f'{span.file} is cut short: {len(data)} of the {span.size} bytes of a '
            'picture are there'
        )
    return data


def _opened(path: str) -> tarfile.TarFile:
    with open(path, 'rb') as file:
        head = file.read(8)
    if head.startswith(_COMPRESSED):
        raise FormatError(
            f'{path} is compressed, and its pictures cannot be read where they lie; to '
            'fix it: decompress it (gunzip, unxz, ...), pictures hardly grow by that'
        )
    try:
        return tarfile.open(path, 'r:')
    except tarfile.TarError as error:
        raise FormatError(f'{path} is no tar archive: {error}') from error


def _fault_of_end(archive: tarfile.TarFile) -> str:
    """Why there is no further member, unless the archive's end is there."""
    file = archive.fileobj
    assert file is not None  # of an archive that is open
    file.seek(archive.offset)
    block = file.read(_BLOCK)
    if not block:
        return 'its end is missing'
    return 'the header of the next member is damaged' if block.strip(b'\0') else ''


def _is_picture(member: tarfile.TarInfo) -> bool:
    path = PurePosixPath(member.name)
    if path.suffix.lower() not in PICTURE_SUFFIXES or not member.isreg():
        return False
    return not any(is_clutter(part) for part in path.parts if part != '..')


def _source(path: str, name: str, member: tarfile.TarInfo) -> Source:
    inner = os.fspath(Path(member.name))  # without './'
    where = os.path.join(path, inner)
    fault = path_fault(inner)
    if not fault and not is_utf8(inner):
        fault = 'is not UTF-8'
    if fault:
        place = f'byte {member.offset_data}'
        told = f'{path}: the name of the member {inner[:200]!r} {fault}'
        return Source(f'{path}, {place}', 'picture', f'{name}, {place}', fault=told)
    if member.sparse is not None:
        told = f'{where} is stored with holes, and cannot be read where it lies'
        return Source(where, 'picture', f'{name}/{inner}', fault=told)
    span = Span(path, member.offset_data, member.size)
    return Source(where, 'picture', f'{name}/{inner}', span=span)
