"""Pictures of every kind that a decoder accepts, and damaged copies of them.

As a script it reads damaged pictures in child processes of bounded memory, and reports
what became of them::

    python tests/helpers/picture_fuzz.py --inputs 20000
"""

import argparse
import io
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from fashion_mmpose.errors import PictureError
from fashion_mmpose.files.pictures.pixels import image_size, read_picture

MEMORY_BYTES = 3 << 30
SIZE_WH = (72, 56)
_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
_INTACT = 40  # of so many inputs one is not damaged


def scene() -> np.ndarray:
    """A picture without a symmetry: RGB, uint8."""
    width, height = SIZE_WH
    y, x = np.mgrid[:height, :width]
    channels = (x * 255 // width, y * 255 // height, (x * y) % 256)
    return np.dstack(channels).astype(np.uint8)


@lru_cache(maxsize=1)
def whole_pictures() -> dict[str, bytes]:
    """An undamaged file of each kind, by a name whose suffix is the kind's."""
    rgb = scene()
    colour = Image.fromarray(rgb)
    grey = colour.convert('L')
    deep = Image.fromarray(np.asarray(grey, np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112] = 6
    frames = [colour.rotate(90 * n).resize(SIZE_WH) for n in range(3)]
    animated = dict(save_all=True, append_images=frames[1:])
    files = {
        'plain.jpg': _saved(colour, 'JPEG', exif=exif),
        'progressive.jpg': _saved(colour, 'JPEG', progressive=True),
        'cmyk.jpg': _saved(colour.convert('CMYK'), 'JPEG'),
        'plain.png': _saved(colour, 'PNG', exif=exif),
        'deep.png': _saved(deep, 'PNG'),
        'palette.png': _saved(colour.quantize(16), 'PNG'),
        'animated.png': _saved(frames[0], 'PNG', **animated),
        'plain.webp': _saved(colour, 'WEBP', exif=exif),
        'lossless.webp': _saved(colour.convert('RGBA'), 'WEBP', lossless=True),
        'animated.webp': _saved(frames[0], 'WEBP', **animated),
        'plain.bmp': _saved(colour, 'BMP'),
        'palette.bmp': _saved(colour.quantize(16), 'BMP'),
        'plain.tif': _saved(colour, 'TIFF', exif=exif),
        'deep.tif': _saved(deep, 'TIFF'),
        'float.tif': _saved(grey.convert('F'), 'TIFF'),
        'lzw.tif': _saved(colour, 'TIFF', compression='tiff_lzw'),
        'jpeg.tif': _saved(colour, 'TIFF', compression='jpeg'),
        'plain.ppm': _saved(colour, 'PPM'),
        'deep.pgm': _saved(deep.convert('I'), 'PPM'),
        'bits.pbm': _saved(grey.convert('1'), 'PPM'),
        'plain.gif': _saved(colour.quantize(64), 'GIF'),
        'animated.gif': _saved(frames[0].quantize(64), 'GIF', **animated),
        'plain.jp2': _saved(colour, 'JPEG2000'),
        'stream.j2k': _saved(grey, 'JPEG2000', no_jp2=True),
        'plain.tga': _saved(colour, 'TGA'),
        'plain.ico': _saved(colour, 'ICO'),
    }
    if Image.registered_extensions().get('.avif') and 'AVIF' in Image.SAVE:
        files['plain.avif'] = _saved(colour, 'AVIF', exif=exif)
    # What OpenCV writes and would decode; the rest has no writer everywhere.
    for suffix, pixels in (('.hdr', rgb.astype(np.float32)), ('.ras', rgb)):
        files[f'plain{suffix}'] = cv2.imencode(suffix, pixels)[1].tobytes()
    files['plain.pfm'] = b'PF\n72 56\n-1.0\n' + rgb.astype(np.float32).tobytes()
    files['plain.exr'] = b'\x76\x2f\x31\x01\x02\0\0\0' + bytes(400)
    return files


def _saved(picture: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def damaged_picture(seed: int) -> tuple[str, bytes]:
    """The file of a number: its name, whose suffix may be wrong, and its bytes."""
    rng = np.random.default_rng(seed)
    files = whole_pictures()
    names = list(files)
    name = names[rng.integers(len(names))]
    data = bytearray(files[name])
    if rng.integers(_INTACT):
        for _ in range(rng.integers(1, 5)):
            _DAMAGES[rng.integers(len(_DAMAGES))](data, rng)
    suffix = Path(names[rng.integers(len(names))] if rng.integers(2) else name).suffix
    return f'{seed}_{Path(name).stem}{suffix}', bytes(data)


def _place(data: bytearray, rng: np.random.Generator) -> int:
    """Somewhere; every other time in the header, where the sizes are."""
    end = len(data) if rng.integers(2) else min(len(data), 128)
    return int(rng.integers(max(end, 1)))


def _flip_bit(data: bytearray, rng: np.random.Generator) -> None:
    if data:
        data[_place(data, rng)] ^= 1 << int(rng.integers(8))


def _put_bytes(data: bytearray, rng: np.random.Generator) -> None:
    at = _place(data, rng)
    data[at : at + 8] = rng.bytes(int(rng.integers(1, 9)))


def _put_number(data: bytearray, rng: np.random.Generator) -> None:
    at = _place(data, rng)
    width = int(rng.choice([1, 2, 4]))
    number = int(rng.choice(_NUMBERS)) & ((1 << 8 * width) - 1)
    order = 'big' if rng.integers(2) else 'little'
    data[at : at + width] = number.to_bytes(width, order)


def _cut(data: bytearray, rng: np.random.Generator) -> None:
    del data[_place(data, rng) :]


def _repeat(data: bytearray, rng: np.random.Generator) -> None:
    at = _place(data, rng)
    piece = data[at : at + int(rng.integers(1, 200))]
    data[at:at] = piece * int(rng.integers(1, 20))


def _leave_out(data: bytearray, rng: np.random.Generator) -> None:
    at = _place(data, rng)
    del data[at : at + int(rng.integers(1, 64))]


_DAMAGES = (_flip_bit, _flip_bit, _put_bytes, _put_number, _cut, _repeat, _leave_out)


def outcome(path: str | Path) -> str:
    """``'read'`` or ``'refused'``.

    Raises:
        AssertionError: If what is read is no picture, or of another size than said.
        Exception: Whatever else a reader lets through: a fault.
    """
    try:
        pixels = read_picture(path)
    except PictureError as error:
        assert str(path) in str(error)
        return 'refused'
    assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3
    assert image_size(path) == pixels.shape[1::-1]
    return 'read'


# -------------------------------------------------------------------------- the script


def _read_some(first: int, end: int, folder: Path) -> None:
    """In a child: read some inputs, and print a line for each."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for seed in range(first, end):
        name, data = damaged_picture(seed)
        path = folder / name
        path.write_bytes(data)
        print(seed, 'begun', name, 0, flush=True)
        begin = time.perf_counter()
        try:
            result = outcome(path)
        except BaseException as error:
            result = f'other:{type(error).__name__}'
        seconds = time.perf_counter() - begin
        print(seed, result, name, f'{seconds:.4f}', flush=True)
        path.unlink()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print('peak', peak, '-', 0, flush=True)


def _lines(first: int, end: int) -> Iterator[list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, '--child', str(first), str(end), folder]
        child = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=3600,
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
        )
    yield from (line.split() for line in child.stdout.splitlines())
    if child.returncode:
        yield ['exit', str(child.returncode), child.stderr[-200:], '0']


def run(inputs: int, first: int = 0, share: int = 500) -> dict:
    """Read damaged pictures; what became of them.

    Args:
        inputs: How many.
        first: Number of the first.
        share: So many are read by one process.
    """
    counts = Counter()
    others, slowest, peak = [], (0.0, ''), 0
    start = first
    while start < first + inputs:
        end = min(start + share, first + inputs)
        last = start - 1
        for entry in _lines(start, end):
            if entry[0] == 'peak':
                peak = max(peak, int(entry[1]))
            elif entry[0] == 'exit':
                counts['others'] += 1
                others.append(f'{last}: the process ended with {entry[1]}')
            elif entry[1] == 'begun':
                last = int(entry[0])
            else:
                is_other = entry[1].startswith('other')
                counts['others' if is_other else entry[1]] += 1
                others += [' '.join(entry)] * is_other
                slowest = max(slowest, (float(entry[3]), entry[2]))
        start = end if last >= end - 1 else last + 1
    return dict(
        tried=inputs,
        read=counts['read'],
        refused=counts['refused'],
        others=counts['others'],
        peak_mb=peak // 1024,
        slowest=slowest,
        which=others,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description='Read damaged pictures.')
    parser.add_argument('--inputs', type=int, default=20_000, help='how many')
    parser.add_argument('--first', type=int, default=0, help='number of the first')
    parser.add_argument('--child', nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        first, end, folder = args.child
        _read_some(int(first), int(end), Path(folder))
        return 0
    result = run(args.inputs, args.first)
    for key, value in result.items():
        print(f'{key}: {value}')
    return 1 if result['others'] else 0


if __name__ == '__main__':
    sys.exit(main())
