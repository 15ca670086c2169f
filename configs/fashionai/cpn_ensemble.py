# Both networks of the FashionAI CPN system, and their mirror images: the four maps are
# averaged, blurred, and read between the two highest cells. An entry sets the category.
_base_ = './cpn_r152.py'

model = dict(
    _delete_=True,
    type='HeatmapEnsemble',
    category=None,
    # Their checkpoints are work_dirs/<config>/best_*.pth.
    members=['cpn_r152_fashionai_{category}', 'cpn_senet154_fashionai_{category}'],
    # The system compares the variance of the sum of the four maps with 1.
    decoder=dict(_base_.codec, min_variance=1 / 16),
)
