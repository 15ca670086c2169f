_base_ = ['./vit_s_dinov3_deepfashion2.py', '../_base_/models/swinv2_tiny.py']

model = _base_.parts
