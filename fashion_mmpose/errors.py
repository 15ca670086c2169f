"""The package's errors: a file or a picture does not hold what it should."""


class FormatError(ValueError):
    """A file or folder cannot be used; the message says where, why and the mend."""


class PictureError(ValueError):
    """A picture or a video cannot be read; the message names it."""
