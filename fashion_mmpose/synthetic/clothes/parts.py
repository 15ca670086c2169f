"""A garment's parts: pieces of cloth that lie in one plane."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from fashion_mmpose.synthetic.painting.curves import Piece, along, sent


@dataclass(frozen=True)
class Part:
    """A part of a garment: the union of its pieces, e.g. a sleeve.

    Attributes:
        name: Unique in its garment.
        pieces: Simple outlines whose union is the part.
        lining: Whether the inner side of the cloth is seen.
        seams: Name to (N, 2) points: lines along the edge of the part on which
            landmarks lie, from the neck or waist outwards and down.
    """

    name: str
    pieces: tuple[Piece, ...]
    lining: bool = False
    seams: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def lines(self) -> list[np.ndarray | None]:
        """Those of its pieces, and its seams."""
        lines = [line for piece in self.pieces for line in piece.lines]
        return [*lines, *self.seams.values()]

    def moved(self, lines: Iterator[np.ndarray | None]) -> Part:
        """The part with other :attr:`lines`, the next ones."""
        pieces = tuple(piece.moved(lines) for piece in self.pieces)
        return replace(
            self, pieces=pieces, seams={name: next(lines) for name in self.seams}
        )

    def mapped(self, function) -> Part:
        """The part with all its points sent through ``function``."""
        return self.moved(sent(function, self.lines))

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

    def along(
        self, seam: str, fractions: Sequence[float]
    ) -> list[tuple[str, np.ndarray]]:
        """The part and the point (2,) at each of some fractions of a seam's length.

        A seam may go on from one part to the next, as at a folded elbow.

        Raises:
            KeyError: If the garment has no such seam.
        """
        found = [part for part in self.parts() if seam in part.seams]
        if not found:
            names = [part.name for part in self.parts()]
            raise KeyError(f'no seam {seam!r} on the parts {names}')
        numbers, spots = along([part.seams[seam] for part in found], fractions)
        return [(found[number].name, spot) for number, spot in zip(numbers, spots)]

    def mapped(self, function) -> Garment:
        """The garment with all its points sent through ``function``."""
        lines = sent(function, [line for part in self.parts() for line in part.lines])
        return Garment(
            *(
                [part.moved(lines) for part in group]
                for group in (self.behind, self.body, self.over)
            )
        )
