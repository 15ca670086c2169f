"""Networks as folders that can be handed on: local ones, and those of a model hub."""

from .hub import local_folder, name_and_revision, named_folder, names_folder
from .index import Index, StoredNetwork, networks_of, read_index

__all__ = [
    'Index',
    'StoredNetwork',
    'local_folder',
    'name_and_revision',
    'named_folder',
    'names_folder',
    'networks_of',
    'read_index',
]
