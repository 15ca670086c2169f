_base_ = ['./vit_s_dinov3_fashionai.py', '../_base_/models/vit_s_dinov2.py']

model = _base_.parts
