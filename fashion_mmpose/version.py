"""The version of the package, which the build reads as text."""

__version__ = '0.1.0'
