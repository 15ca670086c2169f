"""The command: its options, its address, and how it ends."""

import asyncio
import base64
import re
import sys
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest

from fashion_mmpose.cli import web
from fashion_mmpose.cli.main import main

from .conftest import Command

pytestmark = pytest.mark.skipif(
    find_spec('gradio') is None, reason='gradio is not installed'
)


@pytest.mark.parametrize(
    'options, reason',
    [
        (['--max-upload-mb', '0'], 'must be positive'),
        (['--max-upload-mb', 'inf'], 'must be positive, and a number'),
        (['--max-megapixels', 'nan'], 'must be positive'),
        (['--port', '99999'], 'between 0 and 65535'),
        (['--annotate', 'pictures'], 'go together'),
        (['--annotate', 'a', '--out', 'b', '--api'], 'not of --annotate'),
        (
            ['--annotate', 'a', '--out', 'b', '--max-megapixels', '50'],
            '--max-megapixels is of the page of pictures, not of --annotate',
        ),
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
    assert (args.max_megapixels, args.max_pictures) == (50, 20)


def test_addresses():
    from fashion_mmpose.web.pages import server

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
    running = Command(python=sys.executable)
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


@pytest.mark.slow
def test_other_programs_ask(dress_file: bytes):
    client_of = pytest.importorskip('gradio_client').Client
    running = Command('--api')
    try:
        client = client_of(running.address, verbose=False)
        picture = base64.b64encode(dress_file).decode()
        found = client.predict(picture, '', 0, api_name='/find_garments')
        (garment,) = found['garments']
        assert (found['width'], found['height']) == (468, 624)
        assert garment['category'] == 'long_sleeved_dress'
        assert len(garment['keypoints']) == 3 * 37
        assert {each['unit'] for each in garment['lengths']} == {'px'}
        with pytest.raises(Exception, match='no picture of a kind'):
            text = base64.b64encode(b'hello').decode()
            client.predict(text, '', 0, api_name='/find_garments')
        named = client.view_api(return_format='dict')['named_endpoints']
        assert list(named) == ['/find_garments']
    finally:
        running.stop()


@pytest.mark.slow
def test_assistants_ask(dress_file: bytes):
    pytest.importorskip('mcp')
    running = Command('--mcp')
    try:
        tool, found, refused = asyncio.run(ask(running.address, dress_file))
    finally:
        running.stop()
    assert tool.name == 'find_garments'
    properties = tool.inputSchema['properties']
    assert list(properties) == ['picture', 'category', 'marker_cm']
    assert all(each['description'].endswith('.') for each in properties.values())
    assert not found.isError
    assert 'long_sleeved_dress' in found.content[0].text
    assert refused.isError
    assert 'not sent in base64' in refused.content[0].text


async def ask(address: str, picture: bytes):
    """The tool that is offered, and its answers to a picture and to nonsense."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async with (
        streamablehttp_client(f'{address}/gradio_api/mcp/') as (source, sink, _),
        ClientSession(source, sink) as session,
    ):
        await session.initialize()
        (tool,) = (await session.list_tools()).tools
        text = base64.b64encode(picture).decode()
        found = await session.call_tool(tool.name, dict(picture=text))
        refused = await session.call_tool(tool.name, dict(picture='%%%'))
    return tool, found, refused


def test_without_mcp_it_is_said(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, 'mcp', None)
    assert main(['web', '--mcp', '--port', '0']) == 1
    said = capsys.readouterr().err
    assert "pip install 'fashion-mmpose[mcp]'" in said
