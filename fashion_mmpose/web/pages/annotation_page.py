"""The page that annotates a folder: one picture after the other."""

from collections.abc import Callable
from dataclasses import replace

import gradio as gr

from fashion_mmpose.errors import FormatError
from fashion_mmpose.web.annotation import AnnotationFolder
from fashion_mmpose.web.desk import Desk, open_picture
from fashion_mmpose.web.sessions import OpenPicture, Session

from .components import text_of
from .picture_page import TITLE, Page, category_choice, forget_closed


class AnnotationDesk(Desk):
    """The handlers of a folder that is annotated.

    Args:
        desk: The handlers of pictures.
        task: The folder.
    """

    def __init__(self, desk: Desk, task: AnnotationFolder) -> None:
        super().__init__(desk.finder, desk.sessions)
        self.task = task

    def open(self, session: Session, place: int) -> None:
        """Show a picture of the folder, with its garments as they are saved, or found.

        Raises:
            FormatError: If its category is needed, or it is of another size than what
                is saved of it.
            OSError: If it cannot be read.
            PictureError: If it is damaged or too large.
        """
        session.place = min(max(place, 0), len(self.task.names) - 1)
        session.is_begun = True
        session.pictures = []
        name = self.task.names[session.place]
        path = self.task.folder / name
        opened, pixels = open_picture(path.read_bytes(), name, self.limits)
        self.task.check_size(opened)
        opened.path = path
        opened.ruling = replace(session.ruling, ends=None)
        version = self.task.version(name)
        garments = self.task.garments(name)
        if garments is None:
            category = session.category or None
            if category is not None or self.finder.has_detector:
                garments = self.finder.in_picture(pixels, name, category)
        for garment in garments or ():
            opened.hold(garment)
        opened.is_saved(version)
        session.pictures, session.current = [opened], 0

    def note(self, session: Session, picture: OpenPicture) -> None:
        """Save what became of a picture; see :meth:`AnnotationFolder.note`."""
        self.task.note(picture)

    def step(self, session: Session, by: int, place: int) -> None:
        """Show a picture so many places on, or back, and save nothing.

        Args:
            session: Whose page it is.
            by: So many places.
            place: Of the picture that the page shows, for a session that is not known.
        """
        here = session.place if session.is_begun else place
        self.open(session, here + by)

    def done(self, session: Session, place: int = 0) -> None:
        """Save the picture as it is, and go on with the next one.

        Args:
            session: Whose page it is.
            place: Of the picture that the page shows, for a session that is not known.

        Raises:
            FormatError: If nothing is known of the page, as after the command was
                started anew. The picture is opened once more, and not saved. Or if
                somebody else has changed it meanwhile; it stays open then.
        """
        if not session.is_begun:
            self.open(session, place)
            raise FormatError(
                f'{self.task.names[session.place]} was not open any more, so what you '
                'corrected last is not saved; to fix it: correct it once more, and '
                'press "Save and next"'
            )
        if session.picture is not None:
            self.task.note(session.picture)
        following = self.task.next_to_do(session.place)
        self.open(session, session.place if following is None else following)

    def where(self, session: Session) -> dict:
        """How far the annotation is."""
        place, task = session.place, self.task
        state = ' (done)' if task.is_done(place) else ''
        return dict(
            place=place + 1,
            count=len(task.names),
            name=task.names[place],
            state=state,
            done=task.num_done,
            error=task.error,
        )


def annotation_page(desk: AnnotationDesk) -> gr.Blocks:
    """The page.

    Args:
        desk: The handlers.
    """
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as blocks:
        gr.Markdown(f'# {desk.task.folder.name}: {TITLE.lower()}')
        where = gr.HTML(
            {},
            html_template=text_of('progress.html'),
            js_on_load=text_of('progress.js'),
            apply_default_css=False,
            elem_id='progress',
        )
        with gr.Row():
            back = gr.Button('Back', size='sm', min_width=80)
            skip = gr.Button('Skip', size='sm', min_width=80)
            good = gr.Button(
                'Save and next (Enter)', size='sm', min_width=160, variant='primary'
            )
            number = gr.Number(
                1,
                label='Go to picture',
                minimum=1,
                maximum=len(desk.task.names),
                precision=0,
                min_width=110,
            )
            category = category_choice(desk, 'Category of found and drawn boxes')
        page = Page(desk)
        outputs = [*page.tables, where, number]

        def shown(session: Session, error: str = '') -> tuple:
            place = desk.where(session)
            place['error'] = place['error'] or error
            return *page.everything(session), place, place['place']

        def going(step: Callable[[Session, int], None]) -> Callable:
            def handler(chosen: str, wanted: float, request: gr.Request):
                with desk.sessions.of(request.session_hash) as session:
                    session.category = chosen or ''
                    try:
                        step(session, int(wanted or 1) - 1)
                    except (OSError, ValueError) as error:
                        # The folder goes on behind a picture that cannot be read.
                        return shown(session, str(error))
                    return shown(session)

            return handler

        def to_first(session: Session, _: int) -> None:
            following = desk.task.next_to_do()
            desk.open(session, 0 if following is None else following)

        def on_again(chosen: str, request: gr.Request):
            with desk.sessions.of(request.session_hash) as session:
                desk.find_again(session, chosen or None)
                return shown(session)

        inputs = [category, number]
        for trigger, step in (
            (blocks.load, to_first),
            (good.click, desk.done),
            (page.editor.advanced, desk.done),
            (back.click, lambda session, place: desk.step(session, -1, place)),
            (skip.click, lambda session, place: desk.step(session, 1, place)),
            (number.submit, desk.open),
        ):
            # Who presses Enter twice has not seen the picture in between.
            page.connect(trigger, going(step), inputs, outputs, trigger_mode='once')
        again = gr.Button('Find the garments of this picture once more', size='sm')
        page.connect(again.click, on_again, [category], outputs)
        edited = page.connect_corrections(category, desk.note)

        def on_tick(request: gr.Request):
            with desk.sessions.of(request.session_hash) as session:
                # A page that is not known stands where it says, not at the start.
                return desk.where(session) if session.is_begun else gr.skip()

        page.connect(edited.then, on_tick, outputs=[where], js=None)
        forget_closed(blocks, desk)
    return blocks
