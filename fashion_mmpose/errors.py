"""The package's errors: a file or a picture does not hold what it should."""

from collections.abc import Iterator
from contextlib import contextmanager


class FormatError(ValueError):
    """A file or folder cannot be used; it says where, why and how to fix it."""


class PictureError(ValueError):
    """A picture or a video cannot be read; the message names it."""


class RescuedError(RuntimeError):
    """A file could not be written to its place; the message says where it is."""


class TrainingError(RuntimeError):
    """A training cannot go on; the message says what happened, and what to do."""


@contextmanager
def extra_needed(what: str, extra: str, otherwise: str = '') -> Iterator[None]:
    """Say how to get the package that is imported within.

    Args:
        what: What needs it.
        extra: The extra of this package that brings it.
        otherwise: What else helps; the end of the message.

    Raises:
        ImportError: If it is missing or does not load.
    """
    try:
        yield
    except ImportError as error:
        raise ImportError(
            f"{what} ({error}); to fix it: pip install 'fashion-mmpose[{extra}]'"
            f'{otherwise}'
        ) from error
