"""What the page offers to other programs: one function, which keeps nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gradio import Error, events

from fashion_mmpose.formats.labels.labelled import number
from fashion_mmpose.web.desk import Desk
from fashion_mmpose.web.lengths import Ruling, measure_all, scale_of
from fashion_mmpose.web.uploads import decode_text, decode_upload

NAME = 'find_garments'


def offer(desk: Desk) -> None:
    """Offer it; to be called within the page's ``gradio.Blocks``.

    Args:
        desk: The handlers.
    """
    events.api(finding(desk), api_name=NAME)


@contextmanager
def _told() -> Iterator[None]:
    """Answer what is wrong with a request with its reason, without a traceback."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise Error(str(error), print_exception=False) from error


def finding(desk: Desk) -> Callable[[str, str, float], dict[str, Any]]:
    """The function that is offered."""

    # Gradio hands programs the first line of each argument's text.
    def find_garments(
        picture: str, category: str = '', marker_cm: float = 0
    ) -> dict[str, Any]:
        """Find the garments in a picture, their landmarks and their lengths.

        Args:
            picture: The bytes of a JPEG or PNG file in base64.
            category: Leave out garments of other categories; empty for all.
            marker_cm: Side in cm of an ArUco marker in the picture; 0 if it has none.

        Returns:
            Width and height of the picture in pixels; a list of garments, each with its
            category, score, box (x, y, width, height), key points (x, y, score of each)
            and lengths; and a message where lengths are not in centimetres.
        """
        with _told():
            data = decode_text(picture, desk.limits)
            pixels = decode_upload(data, 'the picture', desk.limits)
            found = desk.finder.in_picture(pixels, '', category or None)
            height, width = pixels.shape[:2]
            # Assistants send numbers as text, too.
            side = number(marker_cm or 0, 'the request', 'marker_cm')
            ruling = Ruling('marker', side) if side else Ruling()
            scale, message = scale_of(ruling, (width, height), lambda: pixels)
            lengths = measure_all(found, scale, (width, height))
        garments = []
        for each, own in zip(found, lengths):
            entry = each.found.to_dict()
            del entry['image'], entry['image_id']
            garments.append(dict(entry, lengths=[length.to_dict() for length in own]))
        return dict(width=width, height=height, garments=garments, message=message)

    return find_garments
