"""Scores: FashionAI's normalized error, DeepFashion2's precision over OKS.

The pure functions are in ``functional`` and ``oks``.
"""

# `functional.normalized_error` is not exported here: the module of that name would
# hide it.
from .functional import NormalizedErrorResult
from .garment_oks import GarmentOKS
from .normalized_error import NormalizedError
from .oks import OKSResult, evaluate_oks
from .prediction_file import PredictionFile

__all__ = [
    'GarmentOKS',
    'NormalizedError',
    'NormalizedErrorResult',
    'OKSResult',
    'PredictionFile',
    'evaluate_oks',
]
