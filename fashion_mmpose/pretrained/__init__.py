"""Networks as folders that can be handed on: local ones, and those of a model hub."""

from .hub import local_folder
from .index import Index, StoredNetwork, read_index

__all__ = ['Index', 'StoredNetwork', 'local_folder', 'read_index']
