"""Necks: levels of features out of a backbone's."""

from .simple_pyramid import SimplePyramid

__all__ = ['SimplePyramid']
