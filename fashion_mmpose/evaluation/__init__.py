"""Scores: FashionAI's normalized error. The pure functions are in ``functional``."""

# `functional.normalized_error` is not exported here: the module of that name would
# hide it.
from .functional import NormalizedErrorResult
from .normalized_error import NormalizedError
from .prediction_file import PredictionFile

__all__ = ['NormalizedError', 'NormalizedErrorResult', 'PredictionFile']
