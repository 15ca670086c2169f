_base_ = ['./vit_s_dinov3_fashionai.py', '../_base_/models/hrformer_small.py']

model = _base_.parts
