"""The page as a server: on which address, for how many, and what it answers at all."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EADDRINUSE
from pathlib import Path

import gradio as gr
import uvicorn
from fastapi import FastAPI
from gradio import themes

from fashion_mmpose.web.sessions import Sessions

from .gate import Gate

_SWEEP_S = 60.0
_QUEUE = 100  # calls of other programs that wait; more get a message
_AT_ONCE = 400  # connections
_SESSIONS = 500  # of which Gradio keeps what it has shown
_GOODBYE_S = 2  # seconds that open connections have when the server stops
# No fonts of the network: those that the system has.
_FONTS = ['system-ui', 'sans-serif']
_MONO = ['ui-monospace', 'monospace']
_STYLE = Path(__file__).parent / 'assets' / 'site.css'


def application(
    blocks: gr.Blocks,
    sessions: Sessions,
    api: bool = False,
    mcp: bool = False,
    is_own: bool = False,
) -> Gate:
    """The page as an ASGI application.

    Args:
        blocks: The page.
        sessions: What browsers have open.
        api: Whether other programs may call what it offers them.
        mcp: Whether it is an MCP server, too.
        is_own: Whether it is for this machine alone, under its own names.
    """
    blocks.state_session_capacity = _SESSIONS
    blocks.queue(max_size=_QUEUE, api_open=api)
    app = gr.mount_gradio_app(
        FastAPI(docs_url=None, redoc_url=None, openapi_url=None),
        blocks,
        path='/',
        max_file_size=sessions.limits.max_bytes,
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        mcp_server=mcp,
        pwa=False,
        enable_monitoring=False,
        theme=themes.Default(
            primary_hue='blue', font=_FONTS, font_mono=_MONO, radius_size='lg'
        ),
        css_paths=[_STYLE],
    )
    return Gate(app, sessions.limits, api or mcp, is_own)


def bind(host: str, port: int) -> socket.socket:
    """The address to listen on.

    Raises:
        OSError: If it is taken, or none of this machine.
    """
    kind = socket.AF_INET6 if ':' in host else socket.AF_INET
    bound = socket.socket(kind, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(_AT_ONCE)  # who comes early waits
    except OSError as error:
        bound.close()
        hint = ''
        if error.errno == EADDRINUSE:
            hint = '; to fix it: choose another one with --port, or 0 for a free one'
        reason = error.strerror or error
        raise OSError(f'cannot listen on {host}:{port}: {reason}{hint}') from error
    return bound


def address(bound: socket.socket) -> str:
    """The address of the page for a browser on this machine."""
    host, port = bound.getsockname()[:2]
    if bound.family == socket.AF_INET6:
        return f'http://[{"::1" if host == "::" else host}]:{port}'
    return f'http://{"127.0.0.1" if host == "0.0.0.0" else host}:{port}'


def serve(app: Gate, bound: socket.socket) -> None:
    """Answer until a signal comes."""
    config = uvicorn.Config(
        app,
        log_level='critical',
        access_log=False,
        lifespan='on',
        limit_concurrency=_AT_ONCE,
        timeout_graceful_shutdown=_GOODBYE_S,
        server_header=False,
    )
    uvicorn.Server(config).run(sockets=[bound])


@contextmanager
def swept(sessions: Sessions) -> Iterator[None]:
    """Forget what nobody asks for any more, now and then."""
    done = threading.Event()

    def sweep() -> None:
        while not done.wait(_SWEEP_S):
            sessions.sweep()

    worker = threading.Thread(target=sweep, daemon=True)
    worker.start()
    try:
        yield
    finally:
        done.set()
        worker.join()
