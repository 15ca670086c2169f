# An example: the small network on the drawn blouses of make demo.
_base_ = '../small/cpn_r18.py'

data_root = 'work_dirs/demo/data/'
model = dict(head=dict(out_channels=13))
blouses = dict(category='blouse', data_root=data_root)
train_dataloader = dict(dataset=blouses)
val_dataloader = dict(dataset=blouses)
test_dataloader = dict(dataset=blouses)
