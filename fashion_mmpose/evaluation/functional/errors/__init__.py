"""What goes wrong: errors of key points and of garments, and what they cost."""

from .analysis import ErrorAnalysis, analyse_errors
from .costs import ALL_POINTS, SCORES, ErrorCosts, error_costs
from .measures import Measure, NEMeasure, OKSMeasure, measure_of
from .pairing import GARMENT_TYPES, Pairing, pair_garments
from .points import POINT_TYPES, PointErrors, Tolerance, classify_points

__all__ = [
    'ALL_POINTS',
    'GARMENT_TYPES',
    'POINT_TYPES',
    'SCORES',
    'ErrorAnalysis',
    'ErrorCosts',
    'Measure',
    'NEMeasure',
    'OKSMeasure',
    'Pairing',
    'PointErrors',
    'Tolerance',
    'analyse_errors',
    'classify_points',
    'error_costs',
    'measure_of',
    'pair_garments',
]
