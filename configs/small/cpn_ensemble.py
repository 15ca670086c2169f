# The two small CPNs, as tools/train_all.py leaves them.
_base_ = './cpn_r18.py'

model = dict(
    _delete_=True,
    type='HeatmapEnsemble',
    category=None,
    members=[
        dict(
            config='work_dirs/cpn_r18/{category}/cpn_r18.py',
            checkpoint='work_dirs/cpn_r18/{category}/best_*.pth',
        ),
        dict(
            config='work_dirs/cpn_se18/{category}/cpn_se18.py',
            checkpoint='work_dirs/cpn_se18/{category}/best_*.pth',
        ),
    ],
    decoder=_base_.codec,
)
