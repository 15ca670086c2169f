# Some categories, in the channels of all; the score is the mean over these.
_base_ = './hrnet_w48_deepfashion2_384x288.py'

tops = dict(categories=['short_sleeved_shirt', 'long_sleeved_shirt', 'vest', 'sling'])
train_dataloader = dict(dataset=tops)
val_dataloader = dict(dataset=tops)
test_dataloader = dict(dataset=tops)
