"""Configs: found, read and checked, described by users, changed, and stored."""

from .loading import config_names, find_config, load_config, read_config

__all__ = ['config_names', 'find_config', 'load_config', 'read_config']
