"""The package's errors: a file or a picture does not hold what it should."""


class FormatError(ValueError):
    """A file or folder cannot be used; it says where, why and how to fix it."""


class PictureError(ValueError):
    """A picture or a video cannot be read; the message names it."""


class RescuedError(RuntimeError):
    """A file could not be written to its place; the message says where it is."""


class TrainingError(RuntimeError):
    """A training cannot go on; the message says what happened, and what to do."""
