"""FashionAI's rows of the table.

The 24 key points are in the order of the columns of the challenge's CSV files. Left
and right mean the left and right side *of the picture*.
"""

from .table import DEFAULT_SIGMA, Benchmark, Garment, mirror_name, spread_color

# FashionAI publishes no OKS sigmas. One constant serves all of its points.
FASHIONAI_SIGMA = DEFAULT_SIGMA

_FASHIONAI_KEYPOINTS = tuple(
    """
    neckline_left neckline_right center_front shoulder_left shoulder_right
    armpit_left armpit_right waistline_left waistline_right cuff_left_in
    cuff_left_out cuff_right_in cuff_right_out top_hem_left top_hem_right
    waistband_left waistband_right hemline_left hemline_right crotch
    bottom_left_in bottom_left_out bottom_right_in bottom_right_out
    """.split()
)

# A category is the parts that it has, and the part that spans its normaliser.
_UPPER = 'neckline shoulder armpit cuff'
_FASHIONAI_PARTS = {
    'blouse': (f'{_UPPER} center_front top_hem', 'armpit'),
    'outwear': (f'{_UPPER} waistline top_hem', 'armpit'),
    'dress': (f'{_UPPER} center_front waistline hemline', 'armpit'),
    'skirt': ('waistband hemline', 'waistband'),
    'trousers': ('waistband crotch bottom', 'waistband'),
}

# Down the left side of the picture and up the right one. Every category's
# outline is this ring without the points that the category does not have.
_FASHIONAI_RING = tuple(
    """
    neckline_left shoulder_left cuff_left_out cuff_left_in armpit_left
    waistline_left waistband_left top_hem_left hemline_left bottom_left_out
    bottom_left_in crotch bottom_right_in bottom_right_out hemline_right
    top_hem_right waistband_right waistline_right armpit_right cuff_right_in
    cuff_right_out shoulder_right neckline_right center_front
    """.split()
)


def fashionai() -> Benchmark:
    """FashionAI: 5 categories over 24 named key points that the categories share."""
    garments = {}
    for category_id, (category, row) in enumerate(_FASHIONAI_PARTS.items(), 1):
        parts, normalizer = row
        names = tuple(
            name
            for name in _FASHIONAI_KEYPOINTS
            if name.startswith(tuple(parts.split()))
        )
        local = {name: i for i, name in enumerate(names)}
        ring = [local[name] for name in _FASHIONAI_RING if name in local]
        garments[category] = Garment(
            dataset='fashionai',
            name=category,
            category_id=category_id,
            keypoints=names,
            channels=tuple(_FASHIONAI_KEYPOINTS.index(name) for name in names),
            layout_size=len(_FASHIONAI_KEYPOINTS),
            color=spread_color(category_id, len(_FASHIONAI_PARTS)),
            flip=tuple(local[mirror_name(name)] for name in names),
            links=tuple(zip(ring, ring[1:] + ring[:1])),
            sigmas=(FASHIONAI_SIGMA,) * len(names),
            normalizer=(local[f'{normalizer}_left'], local[f'{normalizer}_right']),
        )
    return Benchmark(
        name='fashionai',
        keypoints=_FASHIONAI_KEYPOINTS,
        garments=garments,
        paper=dict(
            author='Zou, Xingxing and Kong, Xiangheng and Wong, Waikeung and '
            'Wang, Congde and Liu, Yuguang and Cao, Yang',
            title='FashionAI: A Hierarchical Dataset for Fashion Understanding',
            container='CVPR Workshops',
            year='2019',
            homepage='https://tianchi.aliyun.com/competition/entrance/231648',
        ),
    )
