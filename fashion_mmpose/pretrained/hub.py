"""Folders of networks by their names: paths, and ids of a model hub."""

import os
import re
from pathlib import Path

from fashion_mmpose.errors import extra_needed

# An owner and a name, as model hubs have it.
_ID = re.compile(r'[\w-][\w.-]*/[\w-][\w.-]*')
PATTERNS = ('*.json', '*.md', '*.onnx', '*.safetensors')


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
    return folder


def _first_line(error: Exception) -> str:
    return str(error).strip().partition('\n')[0]
