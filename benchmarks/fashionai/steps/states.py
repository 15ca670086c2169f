# Whether key points are absent, occluded or visible is learnt beside where they are.
_base_ = './starter.py'

model = dict(head=dict(states=dict()))
test_evaluator = [_base_.test_evaluator, dict(type='StateAccuracy')]
