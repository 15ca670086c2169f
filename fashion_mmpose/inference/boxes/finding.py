"""Where the garments of pictures are: given, found by a detector, or all over."""

from collections.abc import Sequence

from fashion_mmpose.inference.detections import Detections
from fashion_mmpose.inference.protocols import Detector
from fashion_mmpose.media.reading import Picture

from .requests import Request, boxes_of_category, whole_picture


def find_boxes(
    window: Sequence[tuple[Picture, Request]],
    detector: Detector | None,
    batch_size: int,
) -> list[Detections]:
    """The boxes of some pictures.

    Args:
        window: Pictures that could be read, and what is asked for in them.
        detector: Looks at those whose boxes are not given; None where garments fill
            their pictures.
        batch_size: So many go through it at once.
    """
    boxes = {
        row: request.boxes
        for row, (_, request) in enumerate(window)
        if request.boxes is not None
    }
    rest = [row for row in range(len(window)) if row not in boxes]
    if rest and detector is not None:
        pixels = [window[row][0].pixels for row in rest]
        wanted = [window[row][1].category for row in rest]
        found = detector.detect(pixels, batch_size, wanted)
        boxes.update(zip(rest, found))
    elif rest:
        for row in rest:
            picture, request = window[row]
            boxes[row] = whole_picture(picture.pixels, request.category)
    return [
        boxes_of_category(boxes[row], request.category)
        for row, (_, request) in enumerate(window)
    ]
