"""Weights that people already have, as checkpoints of this package."""

from fashion_mmpose.stack import compat

compat.setup()


from .conversion.account import account
from .conversion.convert import KINDS, Conversion, convert_checkpoint, list_checkpoint
from .read import StoredWeights, WeightsError, read_checkpoint
from .starter import starter_weights

__all__ = [
    'KINDS',
    'Conversion',
    'StoredWeights',
    'WeightsError',
    'account',
    'convert_checkpoint',
    'list_checkpoint',
    'read_checkpoint',
    'starter_weights',
]
