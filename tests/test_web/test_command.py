"""The command: its options, its address, and how it ends."""

import re
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from fashion_mmpose.cli import web
from fashion_mmpose.cli.main import main

from .conftest import Command

pytest.importorskip('gradio')


@pytest.mark.parametrize(
    'options, reason',
    [
        (['--max-upload-mb', '0'], 'must be positive'),
        (['--max-megapixels', 'nan'], 'must be positive'),
        (['--port', '99999'], 'between 0 and 65535'),
        (['--pose', 'a.py', 'b.pth', '--benchmark', 'fashionai'], '--benchmark'),
    ],
)
def test_wrong_options(options: list[str], reason: str, capsys):
    with pytest.raises(SystemExit) as ended:
        main(['web', *options])
    assert ended.value.code == 2
    assert reason in capsys.readouterr().err


def test_defaults():
    args = web.parse_args([])
    assert (args.host, args.port, args.max_upload_mb) == ('127.0.0.1', 7860, 25)


def test_addresses():
    from fashion_mmpose.web import server

    with server.bind('127.0.0.1', 0) as bound:
        port = bound.getsockname()[1]
        assert server.address(bound) == f'http://127.0.0.1:{port}'
        bound.listen()
        with pytest.raises(OSError, match=f'127.0.0.1:{port}.*--port'):
            server.bind('127.0.0.1', port)
    with pytest.raises(OSError, match='cannot listen on 192.0.2.1'):
        server.bind('192.0.2.1', 0)


@pytest.mark.slow
def test_the_page_is_ready_soon_and_leaves_nothing(tmp_path: Path, monkeypatch):
    monkeypatch.setenv('TMPDIR', str(tmp_path))
    running = Command()
    try:
        page = urllib.request.urlopen(running.address, timeout=10).read().decode()
        assert 'Landmarks of garments' in page
        assert [path.name[:18] for path in tmp_path.iterdir()] == ['fashion_mmpose_web']
        # Nothing of the page is asked of other machines.
        assert not re.findall(r'<(?:script|link|img)[^>]+https?://', page)
        for path in ('/gradio_api/file=/etc/passwd', '/gradio_api/info'):
            with pytest.raises(urllib.error.HTTPError, match='404'):
                urllib.request.urlopen(running.address + path, timeout=10)
    finally:
        start = time.monotonic()
        assert running.stop() == 143
    assert time.monotonic() - start < 10
    assert list(tmp_path.iterdir()) == []
