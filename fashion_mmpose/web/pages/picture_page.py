"""The page: components of Gradio around the handlers of the desk."""

import base64
import time
import traceback
from collections.abc import Callable
from functools import wraps
from typing import Any

import gradio as gr
from gradio.events import Dependency

from fashion_mmpose.errors import PictureError
from fashion_mmpose.web import saving
from fashion_mmpose.web.desk import Desk
from fashion_mmpose.web.lengths import KINDS, SHEET_NAMES
from fashion_mmpose.web.sessions import OpenPicture, Session
from fashion_mmpose.web.uploads import plain_name, take_upload

from .components import as_value, editor, saver, teller, text_of, uploader
from .drawn_examples import MARKER_CM, as_file, draw_example, example_names

TITLE = 'Landmarks of garments'
_BY_DETECTOR = 'as the detector finds'
_WHEN_KEPT = text_of('kept.js')

Handler = Callable[..., Any]


class Page:
    """What both pages have: the editor, the lengths, the tables and the downloads.

    To be made within ``gr.Blocks``.

    Args:
        desk: The handlers.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._teller = teller()
        self.editor = editor({}, desk.kinds())
        with gr.Accordion('Measure', open=False):
            self._kind = gr.Dropdown(
                [(text, kind) for text, kind in KINDS.items()],
                value='none',
                label='What tells centimetres',
            )
            with gr.Row():
                self._length = gr.Number(
                    MARKER_CM,
                    label='Length, or side of the marker (cm)',
                    minimum=0,
                    visible=False,
                    min_width=140,
                )
                self._sheet = gr.Dropdown(
                    list(SHEET_NAMES),
                    value='a4',
                    label='Sheet (or its sides, e.g. 20x30)',
                    allow_custom_value=True,
                    visible=False,
                    min_width=140,
                )
            self._message = gr.Markdown(visible=False)
            self._lengths = gr.Dataframe(
                headers=list(saving.LENGTH_COLUMNS), interactive=False, max_height=320
            )
        with gr.Accordion('Points', open=False):
            self._points = gr.Dataframe(
                headers=list(saving.POINT_COLUMNS), interactive=False, max_height=320
            )
        with gr.Row():
            for text, make in (
                ('COCO JSON', self._as_coco),
                ('Points as CSV', self._as_points),
                ('Lengths as CSV', self._as_lengths),
                ('Drawn picture', self._as_drawn),
            ):
                button = gr.Button(text, size='sm', min_width=120)
                self._download(button, make)

    @property
    def tables(self) -> list:
        """What changes with every correction, in the order of :meth:`measured`."""
        return [self.editor, self._points, self._lengths, self._message]

    def connect(
        self,
        trigger: Callable,
        handler: Handler,
        inputs: list | None = None,
        outputs: list | None = None,
        **changes: Any,
    ) -> Dependency:
        """Let an event call a handler; nothing of it is offered to other programs.

        The handler is called when the server has taken over all corrections. Gradio's
        queue is left out: it loses the answer to an event that comes while it closes
        the stream of answers to the events before. What people have sent wrong becomes
        a message, and changes nothing else.

        Args:
            trigger: The event.
            handler: What is called.
            inputs: Components whose values it takes.
            outputs: Components that it changes; :attr:`tables` by default.
            **changes: Further arguments of the event, or others than here.

        Returns:
            Dependency: What may follow.
        """
        is_slow = outputs is None
        outputs = self.tables if outputs is None else outputs

        @wraps(handler)
        def answered(*sent):
            try:
                shown = handler(*sent)
            except (OSError, ValueError) as error:
                return _failed(str(error), len(outputs))
            except Exception:
                traceback.print_exc()
                return _failed('this went wrong; the log says why', len(outputs))
            shown = shown if isinstance(shown, tuple) else (shown,)
            return *shown[: len(outputs)], gr.skip()

        arguments = dict(
            inputs=inputs,
            outputs=[*outputs, self._teller],
            api_visibility='private',
            show_progress='minimal' if is_slow else 'hidden',
            trigger_mode='multiple',
            queue=False,
            js=_WHEN_KEPT,
        )
        return trigger(answered, **{**arguments, **changes})

    def everything(self, session: Session) -> tuple:
        """The tables and the editor, shown anew."""
        return self._shown(session.picture, value=as_value(self.desk.view(session)))

    def measured(self, picture: OpenPicture | None) -> tuple:
        """The tables and what lies over the picture, which itself stays."""
        return self._shown(picture)

    def _shown(self, picture: OpenPicture | None, **changes) -> tuple:
        rows, overlay, message = self.desk.measured_view(picture)
        points = [] if picture is None else saving.point_rows(picture.garments)
        return (
            gr.HTML(overlay=as_value(overlay), **changes),
            points,
            rows,
            gr.Markdown(message, visible=bool(message)),
        )

    def connect_corrections(self, category: gr.Dropdown, saved: Handler) -> Dependency:
        """Let the editor's events change the session.

        Args:
            category: What a new box is of.
            saved: Called with the session and the picture after each change.

        Returns:
            Dependency: What may follow when points are taken over.
        """
        desk = self.desk

        def on_edited(event: gr.EventData, request: gr.Request):
            with desk.sessions.of(request.session_hash) as session:
                picture = desk.edit(session, event._data)
                if picture is not None:
                    saved(session, picture)

        def on_taken_over(request: gr.Request):
            with desk.sessions.of(request.session_hash) as session:
                return self.measured(session.picture)

        def on_boxed(chosen: str, event: gr.EventData, request: gr.Request):
            with desk.sessions.of(request.session_hash) as session:
                saved(session, desk.add_box(session, event._data, chosen or None))
                return self.everything(session)

        def on_recategorized(event: gr.EventData, request: gr.Request):
            with desk.sessions.of(request.session_hash) as session:
                saved(session, desk.recategorize(session, event._data))
                return self.everything(session)

        def on_ruled(event: gr.EventData, request: gr.Request):
            with desk.sessions.of(request.session_hash) as session:
                return self.measured(desk.rule(session, event._data))

        def on_styled(event: gr.EventData, request: gr.Request):
            with desk.sessions.of(request.session_hash) as session:
                desk.style(session, event._data)

        def on_scale(kind, length, sheet, request: gr.Request):
            with desk.sessions.of(request.session_hash) as session:
                desk.set_scale(session, kind, length, sheet)
                return (
                    *self.measured(session.picture),
                    gr.Number(visible=kind in ('length', 'marker')),
                    gr.Dropdown(visible=kind == 'sheet'),
                )

        edited = self.connect(self.editor.edited, on_edited, outputs=[], js=None)
        # Answers may come in another order than their events. What has become of the
        # last correction is asked for when the question before is answered.
        self.connect(
            edited.then,
            on_taken_over,
            show_progress='hidden',
            trigger_mode='always_last',
            js=None,
        )
        self.connect(self.editor.boxed, on_boxed, [category])
        self.connect(self.editor.recategorized, on_recategorized)
        self.connect(self.editor.ruled, on_ruled, show_progress='hidden')
        self.connect(self.editor.styled, on_styled, outputs=[])
        scale = [self._kind, self._length, self._sheet]
        for each in scale:
            self.connect(each.input, on_scale, scale, [*self.tables, *scale[1:]])
        return edited

    # -------------------------------------------------------------------- downloads

    def _download(self, button: gr.Button, make: Callable[[Session], tuple]) -> None:
        target = saver()

        def on_click(request: gr.Request):
            with self.desk.sessions.of(request.session_hash) as session:
                if session.picture is None:
                    raise PictureError('there is nothing to save: open a picture first')
                name, kind, content = make(session)
                text = base64.b64encode(content).decode()
                # The same file once more is another value.
                now = time.monotonic_ns()
                return dict(name=name, type=kind, content=text, stamp=now)

        self.connect(button.click, on_click, outputs=[target])

    def _as_coco(self, session: Session) -> tuple[str, str, bytes]:
        text = saving.as_coco(session.pictures, self.desk.finder.benchmark)
        return 'garments.json', 'application/json', text.encode()

    def _as_points(self, session: Session) -> tuple[str, str, bytes]:
        pictures = saving.named_apart(session.pictures)
        rows = {name: saving.point_rows(p.garments) for name, p in pictures.items()}
        text = saving.as_csv(rows, saving.POINT_COLUMNS)
        return 'points.csv', 'text/csv', text.encode()

    def _as_lengths(self, session: Session) -> tuple[str, str, bytes]:
        pictures = saving.named_apart(session.pictures)
        rows = {name: self.desk.measured_view(p)[0] for name, p in pictures.items()}
        text = saving.as_csv(rows, saving.LENGTH_COLUMNS)
        return 'lengths.csv', 'text/csv', text.encode()

    def _as_drawn(self, session: Session) -> tuple[str, str, bytes]:
        picture = session.picture
        assert picture is not None  # as the button has made sure
        lengths, scale, _ = self.desk.lengths(picture)
        is_measured = picture.ruling.kind != 'none'
        drawn = saving.draw(
            picture.pixels(self.desk.limits),
            picture.garments,
            session.least_score,
            session.with_names,
            lengths if is_measured else (),
            scale,
        )
        return f'{picture.name.rpartition(".")[0] or "drawn"}_drawn.png', _PNG, drawn


_PNG = 'image/png'


def _failed(message: str, count: int) -> tuple:
    """A message, and nothing new for so many components."""
    return *[gr.skip()] * count, dict(text=message, stamp=time.monotonic_ns())


def category_choice(desk: Desk, label: str) -> gr.Dropdown:
    """Which category the garments of a picture, or in a box, are of."""
    choices = [(name.replace('_', ' '), name) for name in desk.finder.categories]
    if desk.finder.has_detector:
        choices.insert(0, (_BY_DETECTOR, ''))
    return gr.Dropdown(choices, value=choices[0][1], label=label)


def forget_closed(blocks: gr.Blocks, desk: Desk) -> None:
    """Delete the pictures of a browser whose page is closed."""

    def on_unload(request: gr.Request) -> None:
        desk.sessions.forget(request.session_hash)
        # Gradio holds what it has shown, the picture included, for an hour more.
        blocks.app.state_holder.session_data.pop(request.session_hash or '', None)

    blocks.unload(on_unload)


def picture_page(
    desk: Desk, offered: Callable[[Desk], None] | None = None
) -> gr.Blocks:
    """The page of people's own pictures.

    Args:
        desk: The handlers.
        offered: Adds what other programs may call; None for nothing.
    """
    benchmark = desk.finder.benchmark.name
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as blocks:
        gr.Markdown(f'# {TITLE}\nOpen pictures, drag what is wrong, and save.')
        with gr.Row():
            with gr.Column(scale=1, min_width=280):
                drop = uploader(desk.limits)
                category = category_choice(desk, 'Category')
                with gr.Row():
                    again = gr.Button('Find once more', size='sm', min_width=110)
                    clear = gr.Button('Clear', size='sm', min_width=110)
                if example_names(benchmark):
                    gr.Markdown('Or try a picture that is drawn for you:')
                with gr.Row():
                    examples = [
                        (name, gr.Button(name, size='sm', min_width=150))
                        for name in example_names(benchmark)
                    ]
            with gr.Column(scale=3, min_width=300):
                page = Page(desk)

        def on_uploaded(chosen: str, event: gr.EventData, request: gr.Request):
            name, shown, error = plain_name(event._data.get('name')), [], ''
            # What cannot be read is said where it was dropped, and the others come.
            try:
                data = take_upload(event._data.get('path'), desk.sessions.uploads)
                with desk.sessions.of(request.session_hash) as session:
                    desk.add(session, data, name, chosen or None)
                    shown = page.everything(session)
            except (OSError, ValueError) as wrong:
                shown, error = [gr.skip()] * len(page.tables), str(wrong)
            return *shown, dict(error=error, stamp=time.monotonic_ns())

        def on_example(name: str) -> Handler:
            def show(chosen: str, request: gr.Request):
                with desk.sessions.of(request.session_hash) as session:
                    pixels, own = draw_example(benchmark, name)
                    data = as_file(pixels)
                    desk.add(session, data, f'{name}.png', own or chosen or None)
                    return page.everything(session)

            return show

        def on_chosen(event: gr.EventData, request: gr.Request):
            with desk.sessions.of(request.session_hash) as session:
                session.choose(event._data.get('place'))
                return page.everything(session)

        def on_again(chosen: str, request: gr.Request):
            with desk.sessions.of(request.session_hash) as session:
                desk.find_again(session, chosen or None)
                return page.everything(session)

        def on_clear(request: gr.Request):
            with desk.sessions.of(request.session_hash) as session:
                desk.sessions.clear(session)
                return page.everything(session)

        given = [*page.tables, drop]
        page.connect(drop.uploaded, on_uploaded, [category], given)
        for name, button in examples:
            page.connect(button.click, on_example(name), [category])
        page.connect(page.editor.chosen, on_chosen, show_progress='hidden')
        page.connect(again.click, on_again, [category])
        page.connect(clear.click, on_clear, show_progress='hidden')
        page.connect_corrections(category, lambda session, picture: None)
        forget_closed(blocks, desk)
        if offered is not None:
            offered(desk)
    return blocks
