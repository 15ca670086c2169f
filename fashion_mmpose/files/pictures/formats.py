"""What a file of pictures is, by its first bytes; by its suffix if it is unread."""

from dataclasses import dataclass

HEAD_BYTES = 64  # so many tell every format below
# Files are told by their content; these names say what a damaged or missing one is.
PICTURE_SUFFIXES = frozenset(
    '.avif .bmp .exr .gif .hdr .heic .heif .j2k .jfif .jpe .jpeg .jpg .jp2 .jxl .pbm '
    '.pfm .pgm .png .pnm .ppm .psd .tga .tif .tiff .webp'.split()
)


@dataclass(frozen=True)
class PictureFormat:
    """A format of still pictures.

    Attributes:
        name: What people call it.
        opener: Pillow's name of it; empty where it is not read.
        reason: Why it is not read, or what reading it may need.
    """

    name: str
    opener: str = ''
    reason: str = ''


JPEG = PictureFormat('JPEG', 'JPEG')
PNG = PictureFormat('PNG', 'PNG')
_AVIF = PictureFormat('AVIF', 'AVIF', 'it needs Pillow 11.3 or later')
HEIF = PictureFormat('HEIC', 'HEIF')
_TIFF = PictureFormat('TIFF', 'TIFF')
_JPEG_2000 = PictureFormat('JPEG 2000', 'JPEG2000')
_NO_DEPTH = 'its numbers are amounts of light on no known scale'
_NO_READER = 'no reader here decodes it'
_NO_PIXELS = 'it holds drawings or pages, no pixels'
_JPEG_XL = PictureFormat('JPEG XL', reason=_NO_READER)

_BEGINNINGS = (
    (b'\xff\xd8\xff', JPEG),
    (b'\x89PNG\r\n\x1a\n', PNG),
    (b'GIF87a', PictureFormat('GIF', 'GIF')),
    (b'GIF89a', PictureFormat('GIF', 'GIF')),
    (b'BM', PictureFormat('BMP', 'BMP')),
    (b'II*\0', _TIFF),
    (b'MM\0*', _TIFF),
    (b'II+\0', _TIFF),
    (b'MM\0+', _TIFF),
    (b'\0\0\0\x0cjP  \r\n\x87\n', _JPEG_2000),
    (b'\xff\x4f\xff\x51', _JPEG_2000),
    (b'\0\0\0\x0cJXL \r\n\x87\n', _JPEG_XL),
    (b'\xff\x0a', _JPEG_XL),
    (b'\x76\x2f\x31\x01', PictureFormat('OpenEXR', reason=_NO_DEPTH)),
    (b'#?RADIANCE', PictureFormat('Radiance HDR', reason=_NO_DEPTH)),
    (b'#?RGBE', PictureFormat('Radiance HDR', reason=_NO_DEPTH)),
    (b'PF\n', PictureFormat('PFM', reason=_NO_DEPTH)),
    (b'Pf\n', PictureFormat('PFM', reason=_NO_DEPTH)),
    (b'P7\n', PictureFormat('PAM', reason=_NO_READER)),
    (b'\x59\xa6\x6a\x95', PictureFormat('Sun raster', reason=_NO_READER)),
    (b'8BPS', PictureFormat('Photoshop', reason=_NO_READER)),
    (b'qoif', PictureFormat('QOI', reason=_NO_READER)),
    (b'DDS ', PictureFormat('DDS', reason=_NO_READER)),
    (b'%PDF', PictureFormat('PDF', reason=_NO_PIXELS)),
    (b'%!PS', PictureFormat('PostScript', reason=_NO_PIXELS)),
    (b'<svg', PictureFormat('SVG', reason=_NO_PIXELS)),
)
_PNM = PictureFormat('PNM', 'PPM')
_WEBP = PictureFormat('WebP', 'WEBP')
_HEIF_BRANDS = frozenset(
    b'heic heix heim heis hevc hevx hevm hevs mif1 msf1 mif2'.split()
)
_VIDEO_BEGINNINGS = (
    b'\x1a\x45\xdf\xa3',  # Matroska, WebM
    b'FLV\x01',
    b'\0\0\x01\xba',  # MPEG
    b'\0\0\x01\xb3',
    b'\x30\x26\xb2\x75\x8e\x66\xcf\x11',  # Windows Media
    b'OggS',
)
_QUICKTIME_BOXES = (b'moov', b'mdat', b'wide', b'free', b'skip')


def picture_format(head: bytes) -> PictureFormat | None:
    """The format that the first bytes of a file say; None for none of pictures.

    Args:
        head: At least ``HEAD_BYTES`` bytes, or the whole of a shorter file.
    """
    for beginning, found in _BEGINNINGS:
        if head.startswith(beginning):
            return found
    if head[:1] == b'P' and head[1:2] in b'123456' and head[2:3] in b' \t\r\n#':
        return _PNM if len(head) > 2 else None
    if head[:4] == b'RIFF' and head[8:12] == b'WEBP':
        return _WEBP
    brands = _brands(head)
    if {b'avif', b'avis'} & brands:
        return _AVIF
    return HEIF if _HEIF_BRANDS & brands else None


def is_video(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a video.

    Args:
        head: As of :func:`picture_format`.
    """
    if head.startswith(_VIDEO_BEGINNINGS):
        return True
    if head[:4] == b'RIFF' and head[8:11] == b'AVI':
        return True
    brands = _brands(head)
    if brands:
        return not brands & ({b'avif', b'avis'} | _HEIF_BRANDS)
    return head[4:8] in _QUICKTIME_BOXES


def _brands(head: bytes) -> set[bytes]:
    """What a file of ISO's media format says that it is: MP4, AVIF, HEIC, ..."""
    if head[4:8] != b'ftyp':
        return set()
    end = min(int.from_bytes(head[:4], 'big'), len(head))
    compatible = (head[at : at + 4] for at in range(16, end - 3, 4))
    return {head[8:12], *compatible}
