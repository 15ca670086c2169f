# The challenge's test set, whose annotations are not public: a detector's boxes in, the
# official result list out.
_base_ = './hrnet_w48_deepfashion2_384x288.py'

test_dataloader = dict(
    dataset=dict(
        ann_file='test.json',
        data_prefix=dict(img='test/image/'),
        bbox_file='data/deepfashion2/boxes_test.json',
    )
)
test_evaluator = dict(format_only=True, out_file='work_dirs/keypoint_results.json')
