"""What MMEngine asks pkg_resources, which setuptools 82 no longer has."""

from importlib import metadata
from pathlib import Path


class DistributionNotFound(Exception):
    """A package that is not installed."""


class Distribution:
    """An installed package.

    Attributes:
        location: Folder that its modules lie in.
        version: Its version.
    """

    def __init__(self, found: metadata.Distribution) -> None:
        self._found = found
        self.location = str(Path(str(found.locate_file(''))).resolve())
        self.version = found.version

    def has_metadata(self, name: str) -> bool:
        """Whether there is a file of this name about the package."""
        return self._found.read_text(name) is not None

    def get_metadata(self, name: str) -> str:
        """The content of that file.

        Raises:
            FileNotFoundError: If there is none.
        """
        text = self._found.read_text(name)
        if text is None:
            raise FileNotFoundError(f'{self._found.name}: no {name}')
        return text


def get_distribution(name: str) -> Distribution:
    """An installed package by its name.

    Raises:
        DistributionNotFound: If it is not installed.
    """
    try:
        return Distribution(metadata.distribution(name))
    except metadata.PackageNotFoundError as error:
        raise DistributionNotFound(name) from error
