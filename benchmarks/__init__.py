"""This package measured against MMPose's stock parts, in the same run.

Every benchmark is a function of the number of rounds that returns, for every side, its
figures by name. ``ours`` is this package; where it works in several ways, a side is
called ``ours, <way>``, and what does the same ``<name>, <way>``.
"""
