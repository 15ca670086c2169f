"""The error of a file that does not hold what it should."""


class FormatError(ValueError):
    """A file or folder cannot be used; the message says where, why and the mend."""
