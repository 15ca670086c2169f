"""What comes between loader and network."""

from .parsing import ParsingPreprocessor

__all__ = ['ParsingPreprocessor']
