"""Folders of networks by their names: paths, and ids of a model hub."""

import os
import re
from pathlib import Path

from fashion_mmpose.errors import extra_needed
from fashion_mmpose.measure.uncertainty.calibration import beside

from .index import INDEX, read_index

# An owner and a name, as model hubs have it.
_ID = re.compile(r'[\w-][\w.-]*/[\w-][\w.-]*')
# What ends like this is the path of a file, though there is none.
_FILE = re.compile(
    r'\.(bin|ckpt|json|onnx|pt|pth|py|safetensors|tar|ya?ml|zip)', re.IGNORECASE
)
_PACKAGE = Path(__file__).resolve().parents[1]
# Where huggingface_hub notes which files of a folder it has fetched.
_NOTES = Path('.cache', 'huggingface', 'download')
PATTERNS = ('*.json', '*.md', '*.onnx', '*.safetensors')


def names_folder(name: object) -> bool:
    """Whether a name is that of a folder of networks, here or on a model hub.

    What looks like the path of a file, or lies in a folder that is here, is no id of a
    hub, nor is the name of a config. Nothing is fetched.

    Args:
        name: A path of a folder, ``'owner/name'`` or ``'owner/name@revision'``;
            anything else may be given.
    """
    if not isinstance(name, str | os.PathLike):
        return False
    path = Path(name)
    if path.exists():
        return (path / INDEX).is_file()
    identifier = os.fspath(name).partition('@')[0]
    if not isinstance(name, str) or not _ID.fullmatch(identifier):
        return False
    owner = identifier.partition('/')[0]
    places = (Path(), _PACKAGE / '.mim' / 'configs', _PACKAGE.parent / 'configs')
    if any((place / owner).is_dir() for place in places):
        return False
    return not _FILE.fullmatch(Path(identifier).suffix)


def named_folder(name: str | os.PathLike) -> Path:
    """The folder of a name that may tell the revision, ``'owner/name@revision'``.

    Raises:
        ConnectionError: See :func:`local_folder`.
        FileNotFoundError: See there.
        ImportError: See there.
    """
    if isinstance(name, os.PathLike):
        return local_folder(name)
    return local_folder(*name_and_revision(name))


def name_and_revision(name: str) -> tuple[str, str | None]:
    """A folder or an id, and the revision that ``'owner/name@revision'`` tells."""
    identifier, separator, revision = name.partition('@')
    if not separator or Path(name).is_dir():
        return name, None
    return identifier, revision


def local_folder(name: str | os.PathLike, revision: str | None = None) -> Path:
    """The folder of networks, fetched where it is one of a hub.

    Args:
        name: The path of a folder; or, if there is no such folder, an id of a model
            hub, ``'owner/name'``, which huggingface_hub downloads and keeps.
        revision: Of an id, a branch, a tag or the hash of a commit; the last of these
            alone can never change.

    Raises:
        ConnectionError: If the hub cannot be reached, and the folder was not fetched
            before.
        FileNotFoundError: If there is neither such a folder nor such an id.
        FormatError: If what is fetched is no folder of networks.
        ImportError: If huggingface_hub is missing.
        ValueError: If a folder is given a revision.
    """
    path = Path(name)
    if path.is_dir():
        if revision is not None:
            raise ValueError(
                f'{name} is a folder here, which has no revision {revision!r}'
            )
        return path
    if path.exists():
        raise FileNotFoundError(
            f'{name} is a file, and networks are read from the folder that it lies in; '
            f'to fix it: name that, {path.parent}'
        )
    if isinstance(name, os.PathLike) or not _ID.fullmatch(name):
        raise FileNotFoundError(
            f'{name} is no folder; an id of a model hub has the form owner/name'
        )
    return _fetch(name, revision)


def _fetch(repo_id: str, revision: str | None) -> Path:
    with extra_needed(
        f'{repo_id} is no folder here, and to fetch it from a model hub needs '
        'huggingface_hub',
        'hub',
    ):
        from huggingface_hub import constants, errors, snapshot_download
    asked = repo_id if revision is None else f'{repo_id}, revision {revision}'
    # A folder of its own: in the cache of all models, files are links to elsewhere, and
    # onnxruntime refuses weights that lie outside of their graph's folder.
    place = '--'.join((*repo_id.split('/'), *(revision or 'main').split('/')))
    folder = Path(constants.HF_HUB_CACHE, 'fashion_mmpose', place)
    try:
        snapshot_download(
            repo_id,
            revision=revision,
            local_dir=folder,
            allow_patterns=list(PATTERNS),
        )
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as error:
        raise FileNotFoundError(
            f'{asked}: there is no such folder here, nor on the hub, or it is private '
            f'({_first_line(error)})'
        ) from error
    # What is left when a hub does not answer and nothing is kept of the folder.
    except (errors.LocalEntryNotFoundError, OSError) as error:
        raise ConnectionError(
            f'{asked} is not on this machine, and the hub cannot be reached '
            f'({_first_line(error)}); to fix it: go online once, or copy the folder '
            'here and give its path'
        ) from error
    _drop_calibrations(folder)
    return folder


def _drop_calibrations(folder: Path) -> None:
    """Remove what networks were calibrated to that the folder had before.

    huggingface_hub leaves what a hub has no more, and the networks that came in the
    place of those would be taken for calibrated. What was fitted here stays.
    """
    for network in read_index(folder).pose:
        fitted = beside(folder / network.files[0])
        note = folder / _NOTES / f'{fitted.name}.metadata'
        if fitted.name not in network.files and note.is_file():
            fitted.unlink(missing_ok=True)
            note.unlink(missing_ok=True)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition('\n')[0]
