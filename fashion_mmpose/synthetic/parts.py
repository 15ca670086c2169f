"""A garment's parts: pieces of cloth that lie in one plane."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .curves import Piece


@dataclass(frozen=True)
class Part:
    """A part of a garment: the union of its pieces, e.g. a sleeve.

    Attributes:
        name: Unique in its garment.
        pieces: Simple outlines whose union is the part.
        lining: Whether the inner side of the cloth is seen.
    """

    name: str
    pieces: tuple[Piece, ...]
    lining: bool = False

    def mapped(self, function) -> Part:
        """The part with all its points sent through ``function``."""
        return replace(self, pieces=tuple(p.mapped(function) for p in self.pieces))

    def anchors(self) -> dict[str, np.ndarray]:
        """Name to (2,) position of all named points of the part."""
        return {
            name: piece.outline[i]
            for piece in self.pieces
            for name, i in piece.anchors.items()
        }


@dataclass(frozen=True)
class Garment:
    """All parts of a garment, each list back to front.

    Attributes:
        behind: Parts behind the trunk of whoever wears it.
        body: Parts in front of the trunk.
        over: Parts in front of the body, such as sleeves.
    """

    behind: list[Part]
    body: list[Part]
    over: list[Part]

    def parts(self) -> list[Part]:
        """All parts, back to front."""
        return [*self.behind, *self.body, *self.over]

    def mapped(self, function) -> Garment:
        """The garment with all its points sent through ``function``."""
        return Garment(
            *(
                [part.mapped(function) for part in group]
                for group in (self.behind, self.body, self.over)
            )
        )
