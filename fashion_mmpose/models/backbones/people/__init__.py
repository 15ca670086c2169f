"""Networks that know people in photographs, and stay as they are."""

from .movenet import MoveNetFeatures
from .selfie_parsing import SelfieParsing

__all__ = ['MoveNetFeatures', 'SelfieParsing']
