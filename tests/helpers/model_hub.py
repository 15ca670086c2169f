"""A model hub on this machine, which has one folder."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = 'a' * 40
_PROXIES = ('HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY')


class Hub(BaseHTTPRequestHandler):
    """As much of a model hub as huggingface_hub asks for, with one folder."""

    def __init__(self, folder: Path, *args) -> None:
        self.folder = folder
        super().__init__(*args)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, with_body: bool) -> None:
        kind, body = self._content()
        self.send_response(200 if body is not None else 404)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body or b'')))
        self.send_header('X-Repo-Commit', COMMIT)
        tag = hash((self.path, body)) & (2**64 - 1)
        self.send_header('ETag', f'"{tag:x}"')
        if body is None:
            self.send_header('X-Error-Code', 'RepoNotFound')
        self.end_headers()
        if with_body and body:
            self.wfile.write(body)

    def _content(self) -> tuple[str, bytes | None]:
        path = self.path.partition('?')[0]
        files = sorted(self.folder.iterdir())
        if path.startswith('/api/models/team/garments/revision/'):
            told = dict(
                id='team/garments',
                sha=COMMIT,
                siblings=[dict(rfilename=each.name) for each in files],
            )
            return 'application/json', json.dumps(told).encode()
        if path.startswith('/api/models/team/garments/tree/'):
            told = [
                dict(type='file', path=f.name, size=f.stat().st_size, oid=f'{i:040x}')
                for i, f in enumerate(files)
            ]
            return 'application/json', json.dumps(told).encode()
        if path.startswith('/team/garments/resolve/'):
            return 'application/octet-stream', (
                self.folder / path.rpartition('/')[2]
            ).read_bytes()
        return 'text/plain', None

    def log_message(self, *args) -> None:
        """Say nothing."""


@contextmanager
def model_hub(folder: Path, monkeypatch) -> Iterator[str]:
    """The address of a hub that has a folder as team/garments; processes ask it."""
    server = ThreadingHTTPServer(('127.0.0.1', 0), partial(Hub, folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f'http://127.0.0.1:{server.server_port}'
    monkeypatch.setenv('HF_ENDPOINT', address)
    for proxy in _PROXIES:
        monkeypatch.delenv(proxy, raising=False)
    yield address
    server.shutdown()
    server.server_close()
