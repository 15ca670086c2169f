"""What is found in one picture."""

from dataclasses import dataclass

from fashion_mmpose.garments import GarmentPrediction
from fashion_mmpose.media.reading import Picture


@dataclass(frozen=True, eq=False)
class PicturePrediction:
    """A picture and the garments in it.

    Attributes:
        picture: Its pixels, and where they come from.
        garments: Those that were found, in the order of their boxes.
    """

    picture: Picture
    garments: tuple[GarmentPrediction, ...]

    @property
    def error(self) -> str:
        """Why the picture could not be read; empty where it was."""
        return self.picture.error
