"""How far a long run is: a bar on a terminal, a line a minute elsewhere."""

import sys
import time
from datetime import timedelta

from tqdm import tqdm

_SECONDS = 60.0  # between two lines


class Progress:
    """Tells rate and time left on stderr; to be used in a ``with`` block.

    Args:
        total: How many there are; None where nobody knows.
        title: What is being done.
        unit: What is counted. Defaults to ``'picture'``.
    """

    def __init__(self, total: int | None, title: str, unit: str = 'picture') -> None:
        self._total = total
        self._title = title
        self._unit = unit
        self._count = 0
        self._begun = self._told = time.monotonic()
        self._bar = tqdm(
            total=total, desc=title, unit=unit, disable=None, dynamic_ncols=True
        )

    def __enter__(self) -> 'Progress':
        return self

    def __exit__(self, error_type, error, traceback) -> None:
        self._bar.close()

    def update(self, count: int = 1) -> None:
        """Count what was done."""
        self._count += count
        if not self._bar.disable:
            self._bar.update(count)
            return
        now = time.monotonic()
        if now - self._told >= _SECONDS:
            self._told = now
            print(self.line(now - self._begun), file=sys.stderr, flush=True)

    def line(self, seconds: float) -> str:
        """How far it is after so many seconds, in words."""
        rate = self._count / seconds
        text = f'{self._title}: {self._count}'
        if self._total is not None:
            text += f' of {self._total}'
        text += f' {self._unit}s, {rate:.1f} a second'
        if self._total is not None and rate > 0:
            left = timedelta(seconds=round((self._total - self._count) / rate))
            text += f', {left} left'
        return text
