# What a test of a detector shares that comes as a folder of networks.
_base_ = ['mmdet::_base_/default_runtime.py', './detection_runtime.py']
