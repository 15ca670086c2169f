"""The page's own components: Gradio's HTML with scripts of `assets/`."""

import json
from collections.abc import Mapping
from pathlib import Path

import gradio as gr

from fashion_mmpose.web.uploads import Limits

_ASSETS = Path(__file__).with_name('assets')


def text_of(name: str) -> str:
    """The content of a file of `assets/`."""
    return (_ASSETS / name).read_text(encoding='utf-8')


def as_value(view: Mapping) -> str:
    """A view as the editor's scripts read it.

    Gradio copies with every event each number and each text that its components have:
    a text for all of them is one.
    """
    return json.dumps(view)


def editor(value: Mapping, kinds: Mapping) -> gr.HTML:
    """The picture with its garments, and what is done to them.

    Args:
        value: What :meth:`.desk.Desk.view` gives.
        kinds: What :meth:`.desk.Desk.kinds` gives.

    Returns:
        gr.HTML: Its value, and its property ``overlay``, which is the view of
        :meth:`.desk.Desk.measured_view`, are as :func:`as_value` gives them; its events
        are ``chosen``, ``edited``, ``boxed``, ``recategorized``, ``ruled``, ``styled``
        and, for Enter, ``advanced``.
    """
    return gr.HTML(
        as_value(value),
        html_template=text_of('editor.html'),
        css_template=text_of('parts.css'),
        js_on_load=text_of('editor.js') + text_of('editor_panel.js'),
        apply_default_css=False,
        elem_id='editor',
        kinds=as_value(kinds),
        overlay=as_value({}),
    )


def uploader(limits: Limits) -> gr.HTML:
    """Where pictures are dropped, chosen, pasted and photographed.

    Returns:
        gr.HTML: Its event is ``uploaded``, with the ``path`` and the ``name`` of one
        picture. The next one is sent when its value has changed, which tells the
        ``error`` of this one.
    """
    return gr.HTML(
        None,
        html_template=text_of('uploader.html'),
        css_template=text_of('parts.css'),
        js_on_load=text_of('uploader.js'),
        apply_default_css=False,
        elem_id='uploader',
        megabytes=limits.megabytes,
        megapixels=limits.megapixels,
        most=limits.pictures,
    )


def teller() -> gr.HTML:
    """Messages, which go by themselves: its value has a ``text`` and a ``stamp``."""
    return gr.HTML(
        None,
        html_template='',
        css_template=text_of('teller.css'),
        js_on_load=text_of('teller.js'),
        apply_default_css=False,
        elem_id='teller',
    )


def saver() -> gr.HTML:
    """Nothing to see: its value becomes a download."""
    return gr.HTML(
        None, html_template='', js_on_load=text_of('saver.js'), visible='hidden'
    )
