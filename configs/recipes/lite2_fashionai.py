_base_ = ['./vit_s_dinov3_fashionai.py', '../_base_/models/lite2.py']

model = _base_.parts
