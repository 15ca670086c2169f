"""Ids in COCO's files: programs that work with tables write 79952 as 79952.0."""

from typing import Annotated, Any

import msgspec

_END = 2**63  # of what arrays of ids hold

Id = (
    Annotated[int, msgspec.Meta(ge=-_END, le=_END - 1)]
    | Annotated[float, msgspec.Meta(ge=-_END, lt=_END)]
)

AS_WHOLE = (
    'to fix it: write whole numbers, 7 and not 7.0, as `fashion-mmpose convert labels` '
    'does, which reads either'
)


def whole_id(value: Any) -> int | None:
    """The whole number that an id is, as COCO's tools take it; None if it is none."""
    if type(value) is float and value.is_integer():
        return int(value)
    return value if type(value) is int else None


def fraction_hint(error: msgspec.ValidationError) -> str:
    """What to do where an annotation file has 7.0 for 7; '' for any other fault.

    Result lists are taken with such ids; files of annotations are large, and read
    without a second look at every number.
    """
    return f'; {AS_WHOLE}' if 'Expected `int`, got `float`' in str(error) else ''
