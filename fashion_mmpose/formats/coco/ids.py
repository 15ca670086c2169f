"""Ids in result lists: programs that work with tables write 79952 as 79952.0."""

from typing import Annotated, Any

import msgspec

_END = 2**63  # of what arrays of ids hold

Id = (
    Annotated[int, msgspec.Meta(ge=-_END, le=_END - 1)]
    | Annotated[float, msgspec.Meta(ge=-_END, lt=_END)]
)


def whole_id(value: Any) -> int | None:
    """The whole number that an id is, as COCO's tools take it; None if it is none."""
    if type(value) is float and value.is_integer():
        return int(value)
    return value if type(value) is int else None
