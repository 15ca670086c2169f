# RTMPose-m: CSPNeXt, and coordinates as profiles along x and y. Only the points of a
# garment's own category are trained and decoded, as with heatmaps.
_base_ = ['./vit_s_dinov3_fashionai.py', '../_base_/models/cspnext_m.py']

profiles = dict(type='PointSimCC', input_size=(288, 384), sigma=(6.0, 6.93))
codec = dict(profiles, _delete_=True)
model = dict(
    backbone=dict(_base_.cspnext, _delete_=True),
    head=dict(
        _delete_=True,
        type='PointSimCCHead',
        in_channels=768,
        out_channels=24,
        final_layer_kernel_size=7,
        gau_cfg=dict(
            hidden_dims=256,
            s=128,
            expansion_factor=2,
            dropout_rate=0.0,
            drop_path=0.0,
            act_fn='SiLU',
            use_rel_bias=False,
            pos_enc=False,
        ),
        decoder=profiles,
    ),
)
train_pipeline = [
    _base_.load,
    *_base_.framing,
    *_base_.augmentation,
    _base_.crop,
    *_base_.colours,
    dict(type='GenerateTarget', encoder=profiles),
    _base_.pack,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
