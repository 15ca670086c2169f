"""What passes the gate, and what does not exist behind it."""

import asyncio

import pytest

from fashion_mmpose.web.pages.gate import Gate
from fashion_mmpose.web.uploads import Limits

LIMITS = Limits(megabytes=1)


def ask(
    path: str,
    body: bytes = b'',
    is_open: bool = False,
    length: bool = True,
    kind: str = 'http',
    host: bytes | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body that a request gets from an echo behind the gate."""
    sent = []
    chunks = [body[i : i + 100_000] for i in range(0, len(body), 100_000)] or [b'']

    async def echo(scope, receive, send):
        got = b''
        while True:
            message = await receive()
            got += message['body']
            if not message['more_body']:
                break
        await send(dict(type='http.response.start', status=200, headers=[]))
        await send(dict(type='http.response.body', body=got))

    async def receive():
        chunk = chunks.pop(0)
        return dict(type='http.request', body=chunk, more_body=bool(chunks))

    async def send(message):
        sent.append(message)

    headers = [(b'content-length', str(len(body)).encode())] if length else []
    if host is not None:
        headers.append((b'host', host))
    scope = dict(type=kind, path=path, headers=headers)
    gate = Gate(echo, LIMITS, is_open, is_own=host is not None)
    asyncio.run(gate(scope, receive, send))
    start, *rest = sent
    found = {name.decode(): value.decode() for name, value in start['headers']}
    return start['status'], found, b''.join(m.get('body', b'') for m in rest)


@pytest.mark.parametrize('kind', ['http', 'websocket'])
@pytest.mark.parametrize(
    'host, status',
    [
        (b'127.0.0.1:7860', 200),
        (b'localhost', 200),
        (b'[::1]:7860', 200),
        (b'evil.example:7860', 421),
        (b'127.0.0.1.evil.example', 421),
        (b'[', 421),
        (b'', 421),
    ],
)
def test_names_of_others_do_not_lead_to_this_machine(kind, host, status):
    """A website may let its own name lead here."""
    assert ask('/config', kind=kind, host=host)[0] == status


@pytest.mark.parametrize(
    'path',
    [
        '/',
        '/config',
        '/theme.css',
        '/assets/index.js',
        '/static/js/iframeResizer.contentWindow.min.js',
        '/gradio_api/run/predict',
        '/gradio_api/heartbeat/abc',
        '/gradio_api/upload',
        '/gradio_api/app_id',  # or the page waits forever after a request has failed
    ],
)
def test_the_page_is_there(path: str):
    assert ask(path, b'hello')[::2] == (200, b'hello')


@pytest.mark.parametrize(
    'path',
    [
        '/gradio_api/file=/etc/passwd',
        '/gradio_api/file/etc/passwd',
        '/gradio_api/file=http://example.com/',
        '/gradio_api/proxy=http://example.com/',
        '/gradio_api/component_server',
        '/gradio_api/stream/a/b/0/playlist.m3u8',
        '/gradio_api/process_recording',
        '/gradio_api/vibe-edit',
        '/gradio_api/deep_link',
        '/gradio_api/app_id/x',
        '/gradio_api/runs',
        '/gradio_api/run/find',
        '/gradio_api/call/find',
        '/gradio_api/info',
        '/gradio_api/queue/join',
        '/gradio_api/queue/data',
        '/monitoring',
        '/docs',
        '/assets/../../../etc/passwd',
        '/static/..\\secret',
        '/assets/a\0b',
    ],
)
def test_all_else_does_not_exist(path: str):
    status, _, body = ask(path)
    assert (status, body) == (404, b'there is nothing here')


def test_other_programs_are_let_in_where_they_may():
    assert ask('/gradio_api/info')[0] == 404
    assert ask('/gradio_api/info', is_open=True)[0] == 200
    assert ask('/gradio_api/call/find', is_open=True)[0] == 200
    assert ask('/gradio_api/queue/join', is_open=True)[0] == 200
    assert ask('/gradio_api/file=/etc/passwd', is_open=True)[0] == 404


@pytest.mark.parametrize('length', [True, False])
def test_large_bodies_are_refused_while_they_come(length: bool):
    assert ask('/gradio_api/upload', bytes(1_050_000), length=length)[0] == 200
    status, _, body = ask('/gradio_api/upload', bytes(1_200_000), length=length)
    assert status == 413 and b'which is the limit' in body
    assert ask('/gradio_api/run/predict', bytes(1_200_000), length=length)[0] == 200
    assert ask('/gradio_api/run/predict', bytes(4_200_000), length=length)[0] == 413


@pytest.mark.parametrize('path', ['/', '/nowhere'])
def test_browsers_are_told_to_stay_here(path: str):
    headers = ask(path)[1]
    policy = dict(
        part.strip().split(' ', 1)
        for part in headers['content-security-policy'].split(';')
    )
    assert policy['default-src'] == "'self'"
    assert all('http' not in value for value in policy.values())
    assert headers['x-content-type-options'] == 'nosniff'


def test_what_is_no_request_passes():
    assert ask('/nowhere', b'x', kind='lifespan')[0] == 200
