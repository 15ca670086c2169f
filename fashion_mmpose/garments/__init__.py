"""The table of garments: the only place where a landmark is defined.

Two benchmarks are described, each by a few lines per category:

- ``fashionai``: 5 categories over 24 named key points that the categories
  share, in the order of the columns of the challenge's CSV files.
- ``deepfashion2``: 13 categories, each with landmarks of its own, numbered
  around the outline of the garment; 294 in total.

Names, flips, outlines, colours and channel counts are derived from these
lines; :func:`metainfo` returns them in the form that MMPose parses. Benchmarks
that users describe (:mod:`.descriptions`) are of the same kind. Left and right
mean the left and right side *of the picture* of a garment seen from the front.
Indices are 0-based everywhere except in the rows of the DeepFashion2 table,
which keep the numbers of the benchmark's own figure.
"""

from .descriptions.definition import (
    BENCHMARKS,
    benchmark_from,
    describe,
    read_benchmark,
)
from .fashionai import FASHIONAI_SIGMA
from .layout import full_layout, layout_sigmas, own_points
from .lookup import (
    Named,
    benchmark,
    benchmark_entry,
    benchmark_of,
    categories,
    category_of_id,
    garment,
    in_order,
    keypoints,
    metainfo_name,
)
from .pose_metainfo import (
    category_color,
    check_metainfo,
    complete_metainfo,
    metainfo,
    point_colors,
)
from .prediction import GarmentPrediction
from .table import DEFAULT_SIGMA, Benchmark, Garment, Link, Measure, mirror_name

__all__ = [
    'BENCHMARKS',
    'DEFAULT_SIGMA',
    'FASHIONAI_SIGMA',
    'Benchmark',
    'Garment',
    'GarmentPrediction',
    'Link',
    'Measure',
    'Named',
    'benchmark',
    'benchmark_entry',
    'benchmark_from',
    'benchmark_of',
    'categories',
    'category_color',
    'category_of_id',
    'check_metainfo',
    'complete_metainfo',
    'describe',
    'full_layout',
    'garment',
    'in_order',
    'keypoints',
    'layout_sigmas',
    'metainfo',
    'metainfo_name',
    'mirror_name',
    'own_points',
    'point_colors',
    'read_benchmark',
]
