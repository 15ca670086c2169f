"""The files of labelled pictures, by the names that tools have for them."""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import PurePosixPath

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.inner_paths import path_fault
from fashion_mmpose.files.pictures.pixels import image_size


class PictureFolder:
    """Finds pictures in a folder and in those below it; never outside of it.

    Args:
        root: The folder.

    Raises:
        NotADirectoryError: If there is none.
    """

    def __init__(self, root: str | os.PathLike) -> None:
        self.root = os.fspath(root)
        if not os.path.isdir(self.root):
            raise NotADirectoryError(f'the folder of pictures {self.root} is none')
        self._by_name: dict[str, list[str]] | None = None
        self._claims: dict[str, dict[str, None]] = {}

    def find(self, where: str, names: Sequence[str]) -> str:
        """The path of a picture below the folder, with slashes.

        Args:
            where: What names it, for errors.
            names: What it may be called; the first that leads to a file counts, whole
                or without its first folders, then the first whose file name one file
                of the folder alone has.

        Raises:
            FormatError: If there is none, or several have its name.
        """
        # Tools on Windows write backslashes, which elsewhere are a part of a name.
        names = (*names, *(each.replace('\\', '/') for each in names if '\\' in each))
        for name in names:
            for tail in _tails(name):
                if _is_inside(tail) and os.path.isfile(os.path.join(self.root, tail)):
                    return tail
        several: list[str] = []
        for name in names:
            found = self._files().get(PurePosixPath(name).name, [])
            if len(found) == 1:
                return found[0]
            several = several or found
        if several:
            raise FormatError(
                f'{where}: {len(several)} files below {self.root} have its name: '
                f'{", ".join(several[:3])}; to fix it: give the folder that its path '
                'leads from'
            )
        raise FormatError(
            f'{where}: no picture {names[0]!r} below {self.root}; to fix it: give the '
            'folder of the pictures with --images'
        )

    def expect(self, pictures: Iterable[Sequence[str]]) -> None:
        """Note to which file each picture of an export leads, for ``refuse_shared``.

        Args:
            pictures: What each of them may be called, as for :meth:`find`.
        """
        self._claims.clear()
        for names in pictures:
            # What is missing is told when it is asked for.
            with suppress(FormatError):
                path = self.find('', names)
                self._claims.setdefault(path, {})[_plain(names[0])] = None

    def refuse_shared(self, where: str, names: Sequence[str], path: str) -> None:
        """Refuse a file that other pictures of the export lead to as well.

        It is that of the picture whose very path it has. Where a picture is missing,
        another one's file may have its name.

        Args:
            where: What names the picture, for errors.
            names: What it may be called, as for :meth:`find`.
            path: The file that was found for it.

        Raises:
            FormatError: If it may be another one's.
        """
        own = _plain(names[0])
        others = [name for name in self._claims.get(path, ()) if name != own]
        if others and own != path:
            raise FormatError(
                f'{where}: {names[0]!r} and {others[0]!r} both lead to '
                f'{os.path.join(self.root, path)}, though they are two pictures; to '
                'fix it: give the folder that their paths lead from, with both in it'
            )

    def check_size(
        self, where: str, path: str, size: tuple[int, int] | None
    ) -> tuple[int, int]:
        """Width and height of a picture, which must be what the tool says.

        Raises:
            FormatError: If the picture cannot be read, or has another size.
        """
        file = os.path.join(self.root, path)
        try:
            real = image_size(file)
        except (OSError, ValueError) as error:
            raise FormatError(f'{file} is no readable picture: {error}') from None
        if size is not None and size != real:
            turned = size == real[::-1]
            raise FormatError(
                f'{where}: it was labelled with {size[0]} x {size[1]} px, but {file} '
                f'has {real[0]} x {real[1]} px; to fix it: '
                + (
                    'exchange width and height, if the picture was not turned, or '
                    if turned
                    else ''
                )
                + 'give the pictures that were labelled'
            )
        return real

    def _files(self) -> dict[str, list[str]]:
        if self._by_name is None:
            self._by_name = {}
            for parent, folders, names in os.walk(self.root):
                folders[:] = sorted(f for f in folders if not _is_hidden(f))
                for name in sorted(n for n in names if not _is_hidden(n)):
                    path = os.path.relpath(os.path.join(parent, name), self.root)
                    plain = PurePosixPath(path).as_posix()
                    self._by_name.setdefault(name, []).append(plain)
        return self._by_name


def refuse_outside(where: str, name: str) -> None:
    """Refuse the name of a picture that leads out of the folder of the pictures.

    Raises:
        FormatError: If it does.
    """
    if not _is_inside(name):
        raise FormatError(
            f'{where}: its picture {name!r} leads out of the folder of the pictures; '
            'to fix it: give that folder with --images'
        )


def _tails(name: str) -> list[str]:
    """The path, and what is left of it without its first folders, but for one."""
    path = PurePosixPath(name)
    parts = path.parts
    return [
        path.as_posix(),
        *('/'.join(parts[place:]) for place in range(1, len(parts) - 1)),
    ]


def _plain(name: str) -> str:
    return PurePosixPath(name).as_posix()


def _is_inside(name: str) -> bool:
    return not path_fault(name)


def _is_hidden(name: str) -> bool:
    return name.startswith('.') or name == '__MACOSX'
