"""What the headers of pictures say, checked before any decoder sees the file.

A decoder believes what a header says: a length that is a lie makes it ask for
gigabytes. Here sizes and lengths are held against the file's own length and against a
limit on pixels, which the environment variable ``FASHION_MMPOSE_MAX_PIXELS`` sets.
"""

import io
import os
import struct
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from fashion_mmpose.errors import PictureError

from .formats import HEIF, JPEG, PNG, PictureFormat, picture_format

MAX_PIXELS = 178_956_970  # twice what Pillow warns of
LIMIT_VARIABLE = 'FASHION_MMPOSE_MAX_PIXELS'

_ORIENTATION = 0x0112  # the Exif tag
_LONG = 4  # the Exif type
_QUARTER_TURNS = (5, 6, 7, 8)  # its values that exchange width and height
_TIFF_WIDTH, _TIFF_HEIGHT = 256, 257
_HEAD = 1 << 16  # bytes of a JPEG that hold its header in nearly every case

# Huffman coding spends a bit at least on a block of 64 pixels: 512 to a byte. Twice
# that leaves room.
_JPEG_PIXELS_PER_BYTE = 1024
_DEFLATE_RATIO = 1032  # bytes that one byte can unfold to, by the form of deflate
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


class _NeedsMore(Exception):
    """A header goes on beyond the bytes that were read."""


@dataclass(frozen=True)
class PictureHeader:
    """What a file says of its picture.

    Attributes:
        format: Its format.
        width: Columns as they are stored.
        height: Rows as they are stored.
        orientation: Exif's number, 1 to 8; 1 is upright.
        is_animated: Whether a PNG holds more than one picture.
        pixels_at: The byte where the pixels of a JPEG begin.
    """

    format: PictureFormat
    width: int
    height: int
    orientation: int = 1
    is_animated: bool = False
    pixels_at: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the upright picture."""
        if self.orientation in _QUARTER_TURNS:
            return self.height, self.width
        return self.width, self.height


def read_header(path: str | os.PathLike) -> PictureHeader:
    """The header of a file; no pixel is decoded.

    Raises:
        OSError: If the file cannot be read.
        PictureError: If it is no picture that is read here, or its header is damaged.
    """
    with open(path, 'rb') as file:
        head = file.read(_HEAD)
        try:
            return parse_header(head, os.fstat(file.fileno()).st_size, path)
        except _NeedsMore:
            data = head + file.read()
    return parse_header(data, len(data), path)


def parse_header(data: bytes, length: int, what: object) -> PictureHeader:
    """The header of a picture in memory.

    Args:
        data: The file, or its first bytes.
        length: Bytes of the whole file.
        what: What it is, for errors.

    Raises:
        PictureError: If it is no picture that is read here, or its header is damaged.
    """
    kind = picture_format(data[:64])
    if kind is None:
        raise PictureError(
            f'{what} is no picture of a kind that is read here, or is cut short or '
            'damaged'
        )
    if not kind.opener:
        raise PictureError(
            f'{what} is a picture of the kind {kind.name}, which is not read: '
            f'{kind.reason}; to fix it: save it as JPEG or PNG'
        )
    try:
        if kind is JPEG:
            header = _jpeg(data, length)
        elif kind is PNG:
            header = _png(data, length)
        elif len(data) < length:
            raise _NeedsMore
        else:
            with opened(data, kind, what) as image:
                header = header_of(image, kind)
    except (ValueError, struct.error) as error:
        if isinstance(error, PictureError):
            raise
        raise damaged(what, kind, error) from error
    check_limit(header, what)
    return header


def damaged(what: object, kind: PictureFormat, reason: object) -> PictureError:
    """The error of a picture that does not hold what it says."""
    return PictureError(f'{what} ({kind.name}) is cut short or damaged: {reason}')


def check_limit(header: PictureHeader, what: object) -> None:
    """Refuse a picture of no pixels or of too many.

    Raises:
        PictureError: If it has more than the limit.
    """
    width, height = header.width, header.height
    if width < 1 or height < 1:
        raise damaged(what, header.format, f'it says {width}x{height} pixels')
    if width * height > max_pixels():
        raise _too_large(what)


def _too_large(what: object) -> PictureError:
    return PictureError(
        f'{what} has more pixels than the {max_pixels()} that are read; to fix it: '
        f'make it smaller, or set {LIMIT_VARIABLE}'
    )


def max_pixels() -> int:
    """The most pixels that a picture may have.

    Raises:
        PictureError: If the environment variable is no number above 0.
    """
    text = os.environ.get(LIMIT_VARIABLE, '')
    if not text:
        return MAX_PIXELS
    if not text.isdecimal() or int(text) < 1:
        raise PictureError(f'{LIMIT_VARIABLE}={text}: must be a whole number above 0')
    return int(text)


@contextmanager
def opened(data: bytes, kind: PictureFormat, what: object):
    """A picture that Pillow has opened, as the one format that its bytes say.

    Whatever Pillow's readers raise, inside of the block too, is a PictureError.
    """
    if kind is HEIF:
        _register_heif(what)
    # Pillow refuses beyond twice its own limit.
    if max_pixels() > 2 * (Image.MAX_IMAGE_PIXELS or max_pixels()):
        Image.MAX_IMAGE_PIXELS = max_pixels() // 2 + 1
    try:
        with Image.open(io.BytesIO(data), formats=[kind.opener]) as image:
            yield image
    except PictureError:
        raise
    except Image.DecompressionBombError as error:
        raise _too_large(what) from error
    except UnidentifiedImageError as error:
        hint = f', or {kind.reason}' if kind.reason else ''
        raise damaged(what, kind, f'Pillow cannot open it{hint}') from error
    except Exception as error:
        # Readers of damaged files raise whatever their parsing stumbles over.
        reason = str(error).partition('\n')[0] or type(error).__name__
        raise damaged(what, kind, reason) from error


def header_of(image: Image.Image, kind: PictureFormat) -> PictureHeader:
    """The header of a picture that Pillow has opened."""
    width, height = image.size
    if isinstance(image, TiffImageFile):
        tags = image.tag_v2
        # Releases of Pillow differ in whether `size` is that of the upright picture.
        width, height = tags[_TIFF_WIDTH], tags[_TIFF_HEIGHT]
        # Pillow would leave black what no piece covers.
        pieces = (extents for _, extents, *_ in image.tile if extents)
        covered = sum((right - left) * (low - top) for left, top, right, low in pieces)
        if covered < width * height:
            raise ValueError(f'it lacks pieces of its {width}x{height} pixels')
        return PictureHeader(kind, width, height, _valid(tags.get(_ORIENTATION)))
    return PictureHeader(kind, width, height, _exif_turn(image.info.get('exif')))


def _register_heif(what: object) -> None:
    try:
        import pillow_heif  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise PictureError(
            f'{what} is a picture of the kind HEIC, which is read with the package '
            'pillow-heif; to fix it: `pip install pillow-heif`, or save it as JPEG'
        ) from error
    pillow_heif.register_heif_opener()


def _valid(orientation: object) -> int:
    if isinstance(orientation, int) and 1 <= orientation <= 8:
        return orientation
    return 1


def _exif_turn(block: bytes | None) -> int:
    """The orientation in a block of Exif; 1 where it is missing or damaged.

    Viewers pass over damaged Exif, too.
    """
    tags = (block or b'').removeprefix(b'Exif\0\0')
    order = {b'II*\0': '<', b'MM\0*': '>'}.get(tags[:4])
    if order is None:
        return 1
    try:
        (first,) = struct.unpack_from(f'{order}I', tags, 4)
        (number,) = struct.unpack_from(f'{order}H', tags, first)
        for at in range(first + 2, first + 2 + 12 * number, 12):
            tag, kind = struct.unpack_from(f'{order}HH', tags, at)
            if tag == _ORIENTATION:
                form = 'I' if kind == _LONG else 'H'  # a SHORT, but not of all writers
                (value,) = struct.unpack_from(f'{order}{form}', tags, at + 8)
                return _valid(value)
    except struct.error:
        pass
    return 1


# ------------------------------------------------------------------------ JPEG and PNG


def _jpeg(data: bytes, length: int) -> PictureHeader:
    """Walk through the segments before the pixels."""
    size = exif = None
    at = 2
    while True:
        marker, segment_length = _segment(data, length, at)
        if marker == 0xFF:  # filling
            at += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:  # these have no length
            at += 2
            continue
        if marker in (0xD8, 0xD9):
            raise ValueError('it ends before its pixels')
        body, end = at + 4, at + 2 + segment_length
        if segment_length < 2 or end > length:
            raise ValueError(f'a segment of {segment_length} bytes leads out of it')
        if marker == 0xDA:
            break
        if end > len(data):
            raise _NeedsMore
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and not size:
            size = struct.unpack_from('>HH', data, body + 1)
        elif marker == 0xE1 and exif is None and data[body : body + 6] == b'Exif\0\0':
            exif = data[body:end]
        at = end
    if size is None:
        raise ValueError('it does not say its size')
    height, width = size
    if width * height > _JPEG_PIXELS_PER_BYTE * length:
        raise ValueError(_too_many(width, height, length))
    return PictureHeader(JPEG, width, height, _exif_turn(exif), pixels_at=at)


def _segment(data: bytes, length: int, at: int) -> tuple[int, int]:
    """Marker and length of the segment at a place."""
    if at + 4 > length:
        raise ValueError('it ends before its pixels')
    if at + 4 > len(data):
        raise _NeedsMore
    if data[at] != 0xFF:
        raise ValueError(f'no segment begins at byte {at}')
    return data[at + 1], int.from_bytes(data[at + 2 : at + 4], 'big')


def _png(data: bytes, length: int) -> PictureHeader:
    """Walk through all chunks; Exif may come last."""
    if len(data) < length:
        raise _NeedsMore
    at = 8
    first = exif = None
    num_bytes = 0
    is_animated = False
    while True:
        if at + 12 > length:
            raise ValueError('it ends before its last chunk')
        chunk_length, kind = struct.unpack_from('>I4s', data, at)
        if at + 12 + chunk_length > length:
            raise ValueError(f'a chunk of {chunk_length} bytes leads out of it')
        body = slice(at + 8, at + 8 + chunk_length)
        if first is None:
            if kind != b'IHDR' or chunk_length != 13:
                raise ValueError('it does not begin with its size')
            first = data[body]
        elif kind == b'IDAT':
            num_bytes += chunk_length
        elif kind == b'eXIf' and exif is None:
            exif = data[body]
        elif kind == b'acTL':
            is_animated = True
        elif kind == b'IEND':
            break
        at += 12 + chunk_length
    width, height, depth, colour = struct.unpack_from('>IIBB', first)
    row_bytes = (width * depth * _PNG_CHANNELS.get(colour, 4) + 7) // 8
    if row_bytes * height > _DEFLATE_RATIO * num_bytes:
        raise ValueError(_too_many(width, height, num_bytes))
    return PictureHeader(PNG, width, height, _exif_turn(exif), is_animated)


def _too_many(width: int, height: int, num_bytes: int) -> str:
    return f'{num_bytes} bytes cannot hold the {width}x{height} pixels that it says'
