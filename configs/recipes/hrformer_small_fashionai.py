# HRFormer, whose maps keep their resolution, so that the head needs no deconvolution.
_base_ = ['./vit_s_dinov3_fashionai.py', '../_base_/models/hrformer_small.py']

model = dict(
    backbone=dict(_base_.hrformer, _delete_=True),
    head=dict(in_channels=32, deconv_out_channels=None, deconv_kernel_sizes=None),
)
