"""DeepFashion2's landmark score, from predictions in memory or in files."""

from .score import NUMBERS, OKSResult, evaluate_oks, score_files

__all__ = ['NUMBERS', 'OKSResult', 'evaluate_oks', 'score_files']
