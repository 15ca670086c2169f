"""What a request must pass before Gradio sees it.

Gradio answers on many paths, of which the page needs few: all others do not exist here,
among them those that serve files. Bodies are counted while they come.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from fashion_mmpose.web.uploads import MEGABYTE, Limits

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_API = '/gradio_api'
_UPLOAD = f'{_API}/upload'
_PAGES = (
    '/',
    '/config',
    '/config/',
    '/theme.css',
    '/favicon.ico',
    '/robots.txt',
    # A page whose request has failed asks here, in order to go on, whether the server
    # is there again and the same. It learns a number drawn at the start, which the page
    # itself has, too.
    f'{_API}/app_id',
)
_FOLDERS = (
    '/assets/',
    '/static/',
    f'{_API}/heartbeat/',
    f'{_API}/run/predict',
    f'{_API}/startup-events',
    f'{_API}/cancel',
    f'{_API}/reset',
    f'{_API}/theme.css',
    _UPLOAD,
)
# Where other programs ask, and where they learn what there is.
_FOR_PROGRAMS = (
    f'{_API}/info',
    f'{_API}/queue/',
    f'{_API}/call/',
    f'{_API}/openapi.json',
    f'{_API}/mcp',
)
_FORM = MEGABYTE // 16  # bytes of a form beside its file
_EVENT = 4 * MEGABYTE  # bytes of an event of the page
# A page that asks for anything of another machine does not get it.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; font-src 'self' data:; connect-src 'self' data: blob:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'self'"
)
LOOPBACK = ('127.0.0.1', '::1', 'localhost')  # what this machine calls itself
_HEADERS = (
    (b'content-security-policy', _POLICY.encode()),
    (b'referrer-policy', b'no-referrer'),
    (b'x-content-type-options', b'nosniff'),
)


class TooLargeError(Exception):
    """A body has more bytes than there may be."""


class Gate:
    """An ASGI application in front of another one.

    Args:
        app: The one that answers.
        limits: What is taken.
        is_open: Whether other programs than the page may ask. Defaults to False.
        is_own: Whether it is asked under the names of this machine alone. Another
            website's name may lead here, too, and what it asks counts as its own then
            (DNS rebinding). Defaults to False.
    """

    def __init__(
        self,
        app: Application,
        limits: Limits,
        is_open: bool = False,
        is_own: bool = False,
    ) -> None:
        self._app = app
        self._is_own = is_own
        self._folders = _FOLDERS + (_FOR_PROGRAMS if is_open else ())
        self._upload_bytes = limits.max_bytes + _FORM
        # A program sends its picture as text, in an event.
        text = limits.max_bytes * 4 // 3 + _FORM
        self._event_bytes = max(_EVENT, text) if is_open else _EVENT

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope['type']
        if self._is_own and kind != 'lifespan' and not _names_this_machine(scope):
            await _answer(send, 421, 'ask for it as 127.0.0.1 or localhost', kind)
            return
        if kind != 'http':
            await self._app(scope, receive, send)
            return
        path = scope['path']
        if not self._is_known(path):
            await _answer(send, 404, 'there is nothing here')
            return
        most = self._upload_bytes if path.startswith(_UPLOAD) else self._event_bytes
        if _length(scope) > most:
            await _drain(receive, 2 * most)
            await _answer(send, 413, _too_large(most))
            return
        await self._pass(scope, receive, send, most)

    def _is_known(self, path: str) -> bool:
        if '..' in path or '\\' in path or '\0' in path:
            return False
        return path in _PAGES or path.startswith(self._folders)

    async def _pass(
        self, scope: Scope, receive: Receive, send: Send, most: int
    ) -> None:
        is_begun = False
        count = 0

        async def counted() -> Message:
            nonlocal count
            message = await receive()
            count += len(message.get('body', b''))
            if count > most:
                raise TooLargeError
            return message

        async def with_headers(message: Message) -> None:
            nonlocal is_begun
            if message['type'] == 'http.response.start':
                is_begun = True
                message['headers'] = [*message.get('headers', ()), *_HEADERS]
            await send(message)

        try:
            await self._app(scope, counted, with_headers)
        except TooLargeError:
            if not is_begun:
                await _answer(send, 413, _too_large(most))


def _names_this_machine(scope: Scope) -> bool:
    for name, value in scope['headers']:
        if name == b'host':
            try:
                return urlsplit(f'//{value.decode()}').hostname in LOOPBACK
            except ValueError:  # no name at all
                return False
    return False


async def _drain(receive: Receive, most: int) -> None:
    """Let the rest of a body come: who is cut off while sending reads no answer."""
    count, is_more = 0, True
    while is_more and count < most:
        message = await receive()
        count += len(message.get('body', b''))
        is_more = message.get('more_body', False)


def _length(scope: Scope) -> int:
    for name, value in scope['headers']:
        if name == b'content-length' and value.isdigit():
            return int(value)
    return 0


def _too_large(most: int) -> str:
    return f'more than {most / MEGABYTE:.1f} MB were sent, which is the limit'


async def _answer(send: Send, status: int, text: str, kind: str = 'http') -> None:
    body = text.encode()
    headers = [
        (b'content-type', b'text/plain; charset=utf-8'),
        (b'content-length', str(len(body)).encode()),
        (b'connection', b'close'),
        *_HEADERS,
    ]
    # A web socket is answered like any request before it is accepted.
    form = 'http.response' if kind == 'http' else f'{kind}.http.response'
    await send(dict(type=f'{form}.start', status=status, headers=headers))
    await send(dict(type=f'{form}.body', body=body))
