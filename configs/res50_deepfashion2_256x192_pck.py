# MMPose's own metrics beside the official score; they need annotated boxes.
_base_ = './res50_deepfashion2_256x192.py'

evaluators = [
    dict(type='GarmentOKS'),
    dict(type='PCKAccuracy', thr=0.05, norm_item='bbox', prefix='deepfashion2'),
    dict(type='AUC', norm_factor=30, prefix='deepfashion2'),
    dict(type='EPE', prefix='deepfashion2'),
]
val_evaluator = evaluators
test_evaluator = evaluators
