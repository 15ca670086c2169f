# A garment's score is its box's times that of its points.
_base_ = './starter.py'

val_evaluator = dict(rescore=True)
test_evaluator = dict(rescore=True)
