"""Weights that a config names by an address: fetched before they are needed.

MMEngine downloads them while it builds a network, on the first process while the others
wait. Without a network that ends in a long traceback, and in one more for every process
that waited in vain. Here all processes learn the reason and say the same line.
"""

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlparse
from urllib.request import Request, urlopen

import torch
from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.runner import checkpoint as mmengine_checkpoint

from fashion_mmpose.config.loading import is_address

TIMEOUT = 20.0  # seconds without an answer
# PyTorch keeps files by their names alone, and many are called best.pth. Beside each
# lies where it came from.
SOURCE = '.source'

_MODEL_LISTS = {
    'torchvision': mmengine_checkpoint.get_torchvision_models,
    'modelzoo': mmengine_checkpoint.get_torchvision_models,
    'open-mmlab': mmengine_checkpoint.get_external_models,
    'openmmlab': mmengine_checkpoint.get_external_models,
    'mmcls': mmengine_checkpoint.get_mmcls_models,
}


@dataclass(frozen=True)
class Download:
    """A file of weights that lies elsewhere.

    Attributes:
        key: What names it, e.g. an entry of the config.
        url: Where it is.
        way_out: What to do where it can neither be fetched nor put in its place.
    """

    key: str
    url: str
    way_out: str

    @property
    def path(self) -> Path:
        """Where PyTorch keeps it."""
        name = os.path.basename(urlparse(self.url).path)
        return Path(torch.hub.get_dir(), 'checkpoints', name)

    @property
    def place(self) -> str:
        """The URL without what changes from one download to the next."""
        return urlparse(self.url)._replace(query='', fragment='').geturl()


def downloads_of(
    model: Mapping | None, load_from: str | os.PathLike | None
) -> list[Download]:
    """What a training fetches before it begins.

    Args:
        model: The settings of the network.
        load_from: The weights that it begins with, if there are any.

    Raises:
        ValueError: If an address names weights that nobody knows.
    """
    found = [
        Download(f'{key}.checkpoint', url, f'go without: --cfg-options {key}=None')
        for key, address in _addresses(model or {}, 'model')
        if (url := resolve(address))
    ]
    if load_from is not None and (url := resolve(os.fspath(load_from))):
        way_out = 'go without: --cfg-options load_from=None'
        found.append(Download('load_from', url, way_out))
    return found


def resolve(address: str) -> str | None:
    """The URL of an address; None for a place that is not reached by HTTP.

    Raises:
        ValueError: If it names weights that MMEngine does not know.
    """
    scheme, separator, name = address.partition('://')
    if not separator:
        return None
    if scheme in ('http', 'https'):
        return address
    if scheme not in _MODEL_LISTS:
        return None
    known = _MODEL_LISTS[scheme]()
    name = mmengine_checkpoint.get_deprecated_model_names().get(name, name)
    if name not in known:
        raise ValueError(f'{address}: there are no weights of that name')
    # MMEngine looks for some in a folder of its own.
    return known[name] if known[name].startswith('http') else None


def fetch(downloads: Sequence[Download]) -> None:
    """Fetch what is not there yet; to be called by all processes of a run.

    Raises:
        ConnectionError: If something cannot be downloaded. The message names each file,
            where it comes from, where to put it, and what goes without it.
    """
    problems = {}
    for each in downloads:
        # The first process of all, then those on machines that do not see its file.
        reason = [_download(each) if is_main_process() else None]
        broadcast_object_list(reason)
        if reason := reason[0] or _download(each):
            problems[each] = reason
    if problems:
        raise ConnectionError(
            'no download: '
            + '; '.join(
                f'{each.path.name} ({each.key}) from {each.url} ({reason}); to fix it: '
                f'put the file at {each.path}, or {each.way_out}'
                for each, reason in problems.items()
            )
        )


def unreachable(url: str) -> str:
    """Why a server does not answer; empty if it does, whatever it says."""
    try:
        with urlopen(Request(url, method='HEAD'), timeout=TIMEOUT):
            return ''
    except HTTPError:
        return ''
    except (OSError, HTTPException) as error:
        return _reason(error)


def _download(wanted: Download) -> str | None:
    """Download a file, unless it is there; why that failed, None if it did not."""
    path = wanted.path
    try:
        if path.is_file():
            other = _source(path)
            if other in (None, wanted.place):
                return None
            return f'the file there came from {other}; move it away'
        path.parent.mkdir(parents=True, exist_ok=True)
        with _socket_timeout(TIMEOUT):
            torch.hub.download_url_to_file(wanted.url, str(path))
        note = f'{path.stat().st_mtime_ns} {wanted.place}'
        path.with_name(path.name + SOURCE).write_text(note)
    except (OSError, HTTPException) as error:
        return _reason(error)
    return None


def _source(path: Path) -> str | None:
    """Where a file came from, as far as that is known."""
    note = path.with_name(path.name + SOURCE)
    if not note.is_file():
        return None
    written, _, place = note.read_text().partition(' ')
    # Another file has been put there since.
    return place if written == str(path.stat().st_mtime_ns) else None


def _reason(error: Exception) -> str:
    return str(getattr(error, 'reason', None) or error) or type(error).__name__


def _addresses(settings, key: str) -> Iterator[tuple[str, str]]:
    """The ``init_cfg`` with an address below some settings: key and address of each."""
    if isinstance(settings, Mapping):
        address = settings.get('checkpoint')
        if isinstance(address, str) and is_address(address):
            yield key, address
        entries = settings.items()
    elif isinstance(settings, list | tuple):
        entries = enumerate(settings)
    else:
        return
    for name, value in entries:
        yield from _addresses(value, f'{key}.{name}')


@contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
