"""Files of the benchmarks, in and out: pure functions without MMPose."""

from .errors import FormatError
from .outputs import OutputFiles
from .tianchi import TianchiError, TianchiTable, read_tianchi, write_tianchi

__all__ = [
    'FormatError',
    'OutputFiles',
    'TianchiError',
    'TianchiTable',
    'read_tianchi',
    'write_tianchi',
]
