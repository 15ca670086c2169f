"""What happens when somebody does something on the page.

Nothing here knows of Gradio: a handler takes plain values and changes a session; views
are plain values for a browser.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.labels.labelled import numbers
from fashion_mmpose.garments import Benchmark, Garment, point_colors
from fashion_mmpose.measure import AnyScale, Measured
from fashion_mmpose.visualization.measuring_lines import distinct_ways
from fashion_mmpose.visualization.point_names import short_names

from . import saving
from .finding import Finder
from .lengths import Ruling, corners_of, measure_all, scale_of
from .sessions import OpenPicture, Session, Sessions
from .uploads import Limits, decode_upload, thumb_of, view_of

Event = Mapping[str, Any]


class Desk:
    """The page's handlers.

    Args:
        finder: What finds garments.
        sessions: What browsers have open.

    Attributes:
        limits: What is taken.
    """

    def __init__(self, finder: Finder, sessions: Sessions) -> None:
        self.finder = finder
        self.sessions = sessions
        self.limits: Limits = sessions.limits

    # -------------------------------------------------------------------- pictures

    def add(
        self, session: Session, data: bytes, name: str, category: str | None
    ) -> OpenPicture:
        """Open a picture, and find its garments.

        Args:
            session: Whose it is.
            data: The bytes of its file.
            name: What it is called.
            category: Of its garments; None to let the detector decide.

        Raises:
            FormatError: If the category is needed.
            PictureError: If the picture is too large, damaged or none, or there is no
                room for it.
        """
        opened, pixels = open_picture(data, name, self.limits)
        found = self.finder.in_picture(pixels, name, category)
        for garment in found:
            opened.hold(garment)
        opened.ruling = replace(session.ruling, ends=None)
        self.sessions.add(session, data, opened)
        return opened

    def find_again(self, session: Session, category: str | None) -> None:
        """Find the garments of the picture anew, and give up what was corrected."""
        picture = self._picture(session)
        pixels = picture.pixels(self.limits)
        found = self.finder.in_picture(pixels, picture.name, category)
        picture.replace_all(found)

    # ------------------------------------------------------------------ corrections

    def edit(self, session: Session, event: Event) -> OpenPicture | None:
        """Take over corrected garments; the picture, or None if they came late.

        Raises:
            FormatError: If the picture is not open, or they cannot be taken over.
        """
        picture = self._picture(session, event)
        step = event.get('step')
        if type(step) is not int:
            raise FormatError('a change was sent without its number')
        seen = event.get('seen')
        if seen is not None and type(seen) is not int:
            raise FormatError('a change was sent without what it was made of')
        garments = event.get('garments')
        return picture if picture.correct(garments, step, seen) else None

    def add_box(
        self, session: Session, event: Event, category: str | None
    ) -> OpenPicture:
        """Find the garment in a box that somebody has drawn."""
        picture = self._picture(session, event)
        pixels = picture.pixels(self.limits)
        found = self.finder.in_box(pixels, picture.name, event.get('box'), category)
        picture.hold(found)
        return picture

    def recategorize(self, session: Session, event: Event) -> OpenPicture:
        """Find the points of a garment once more, as of another category."""
        picture = self._picture(session, event)
        key, category = event.get('garment'), event.get('category')
        old = next((each for each in picture.garments if each.key == key), None)
        if old is None or not isinstance(category, str):
            raise FormatError('the garment is not there any more')
        pixels = picture.pixels(self.limits)
        picture.exchange(old, self.finder.as_category(pixels, old, category))
        return picture

    def rule(self, session: Session, event: Event) -> OpenPicture:
        """Note both ends of a known length."""
        picture = self._picture(session, event)
        ends = event.get('ends')
        if not isinstance(ends, list) or len(ends) != 2:
            raise FormatError('a length has two ends')
        places = [numbers(end, 2, 'the length', 'an end') for end in ends]
        picture.ruling = replace(picture.ruling, ends=np.array(places))
        return picture

    def set_scale(
        self, session: Session, kind: str, centimetres: float, sheet_name: str
    ) -> None:
        """Note what tells centimetres, for all pictures and those that come."""
        session.ruling = Ruling(kind, float(centimetres or 0), sheet_name)
        for each in session.pictures:
            each.ruling = replace(session.ruling, ends=each.ruling.ends)

    def style(self, session: Session, event: Event) -> None:
        """Note how points are drawn."""
        least = event.get('least')
        if isinstance(least, int | float) and 0 <= least <= 1:
            session.least_score = float(least)
        session.with_names = bool(event.get('names'))

    # ------------------------------------------------------------------------ views

    def lengths(
        self, picture: OpenPicture
    ) -> tuple[list[list[Measured]], AnyScale, str]:
        """Lengths of each garment, what they are measured by, and a message."""
        # What is looked for in the pixels stays where it is, whatever is corrected.
        if picture.told is None or picture.told[0] is not picture.ruling:
            told = scale_of(
                picture.ruling, picture.size, lambda: picture.pixels(self.limits)
            )
            picture.told = picture.ruling, *told
        _, scale, message = picture.told
        return measure_all(picture.garments, scale, picture.size), scale, message

    def measured_view(self, picture: OpenPicture | None) -> tuple[list, dict, str]:
        """Rows of lengths, their ways over the picture, and a message."""
        if picture is None:
            return [], {}, ''
        lengths, scale, message = self.lengths(picture)
        rows = saving.length_rows(picture.garments, lengths)
        ways = [
            dict(text=_short_length(each), path=path.round(1).tolist())
            for own in lengths
            for each, path in distinct_ways(own)
        ]
        ends = picture.ruling.ends
        view = dict(
            picture=picture.key,
            step=picture.step,
            ways=ways,
            corners=corners_of(scale),
            ends=[] if ends is None else ends.tolist(),
            is_ruler=picture.ruling.kind == 'length',
        )
        return rows, view, message

    def view(self, session: Session) -> dict:
        """All that a browser shows of a session."""
        picture = session.picture
        shown = dict(
            stamp=time.monotonic_ns(),
            current=session.current,
            pictures=[
                dict(name=each.name, thumb=each.thumb, count=len(each.garments))
                for each in session.pictures
            ],
            least=session.least_score,
            names=session.with_names,
        )
        if picture is None:
            return dict(shown, picture=None)
        return dict(
            shown,
            picture=dict(
                key=picture.key,
                name=picture.name,
                width=picture.size[0],
                height=picture.size[1],
                url=picture.view,
                step=picture.step,
                revision=picture.revision,
                gone={str(key): number for key, number in picture.gone.items()},
                garments=[
                    dict(each.view(), born=picture.born[each.key])
                    for each in picture.garments
                ],
            ),
        )

    def kinds(self) -> dict[str, dict]:
        """How garments of each category are drawn, and whether a network finds them.

        A file that is annotated may have garments that no network is for.
        """
        benchmark, found = self.finder.benchmark, self.finder.categories
        return {
            name: dict(_kind(benchmark, name), is_found=name in found)
            for name in benchmark.garments
        }

    @staticmethod
    def _picture(session: Session, event: Event | None = None) -> OpenPicture:
        picture = session.picture
        if event is not None:
            picture = session.picture_of(event.get('picture'))
        if picture is None:
            raise FormatError('the picture is not open any more; open it once more')
        return picture


def open_picture(
    data: bytes, name: str, limits: Limits
) -> tuple[OpenPicture, np.ndarray]:
    """A picture without garments, and its pixels: BGR, uint8, shape (H, W, 3).

    Raises:
        PictureError: If it is too large, damaged or no picture.
    """
    pixels = decode_upload(data, name, limits)
    height, width = pixels.shape[:2]
    views = view_of(pixels), thumb_of(pixels)
    return OpenPicture(name, (width, height), *views), pixels


def _short_length(length: Measured) -> str:
    """A length as it stands beside its way; how sure it is, the table says."""
    digits = 1 if length.unit == 'cm' else 0
    return f'{length.name.replace("_", " ")} {length.value:.{digits}f} {length.unit}'


def _kind(benchmark: Benchmark, category: str) -> dict:
    garment: Garment = benchmark.garments[category]
    return dict(
        names=short_names(garment),
        full=list(garment.keypoints),
        links=[list(link) for link in garment.links],
        color='rgb({},{},{})'.format(*garment.color),
        points=['rgb({},{},{})'.format(*color) for color in point_colors(garment.flip)],
    )
