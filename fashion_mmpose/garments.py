"""The table of garments: the only place where a landmark is defined.

Two benchmarks are described, each by a few lines per category:

- ``fashionai``: 5 categories over 24 named key points that the categories
  share, in the order of the columns of the challenge's CSV files.
- ``deepfashion2``: 13 categories, each with landmarks of its own, numbered
  around the outline of the garment; 294 in total.

Names, flips, outlines, colours and channel counts are derived from these
lines; :func:`metainfo` returns them in the form that MMPose parses. Left and
right mean the left and right side *of the picture* of a garment seen from the
front. Indices are 0-based everywhere except in the rows of the DeepFashion2
table, which keep the numbers of the benchmark's own figure.

This module imports the standard library only.
"""

import colorsys
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Link = tuple[int, int]

# FashionAI publishes no OKS sigmas. One constant serves all of its points: the
# mean of the 294 official DeepFashion2 sigmas, 0.0392, rounded.
FASHIONAI_SIGMA = 0.04


@dataclass(frozen=True)
class Garment:
    """One garment category of a benchmark.

    K: the category's key points. All index tuples are local, 0 to K - 1,
    except ``channels``.

    Attributes:
        dataset: Name of the benchmark, e.g. ``'fashionai'``.
        name: Name of the category, e.g. ``'blouse'``.
        category_id: Number of the category in COCO files, from 1.
        keypoints: K names.
        channels: K positions in the benchmark's full layout (24 or 294).
        flip: K indices; ``flip[i]`` is the mirror image of key point i.
        links: Pairs of neighbours along the outline.
        sigmas: K constants of the OKS.
        normalizer: The two key points whose distance normalises FashionAI's
            error, or None where the benchmark defines none.
    """

    dataset: str
    name: str
    category_id: int
    keypoints: tuple[str, ...]
    channels: tuple[int, ...]
    flip: tuple[int, ...]
    links: tuple[Link, ...]
    sigmas: tuple[float, ...]
    normalizer: Link | None = None


@dataclass(frozen=True)
class Benchmark:
    """A benchmark: its full layout, its categories in official order, its paper."""

    name: str
    keypoints: tuple[str, ...]
    garments: Mapping[str, Garment]
    paper: Mapping[str, str]


# --------------------------------------------------------------------- FashionAI

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


def _mirror_name(name: str) -> str:
    sides = {'left': 'right', 'right': 'left'}
    return '_'.join(sides.get(word, word) for word in name.split('_'))


def _fashionai() -> Benchmark:
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
            flip=tuple(local[_mirror_name(name)] for name in names),
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


# ------------------------------------------------------------------ DeepFashion2

# One record per category: name | mirrors | outline | official sigmas in units of 1e-4.
#
# Numbers are 1-based, as in the benchmark's figure. A mirror run
# ``first-last=sum`` pairs point i with point sum - i; points in no run lie on
# the axis. An outline is a set of paths through the points; ``a-b`` counts up
# or down.
_DEEPFASHION2_TABLE = """
short_sleeved_shirt | 2-3=8 7-15=32 | 1-6,1 2,7-25,6 |
    120 158 169 165 169 158 298 329 321 323 340 388 452 574 492 352 492 574 452 388
    340 323 321 329 298
long_sleeved_shirt | 2-3=8 7-19=40 | 1-6,1 2,7-33,6 |
    194 170 185 193 185 170 286 471 547 526 430 392 513 566 509 564 542 604 599 520
    599 604 542 564 509 566 513 392 430 526 547 471 286
short_sleeved_outwear | 2=28 3=8 4=10 7-15=32 16=45 27=57 28=59 |
    1,4,3,2,30,31,16-7,4 1,6,5,26-29,17-25,6 |
    74 85 165 248 165 85 156 231 296 137 195 250 347 380 257 370 257 380 347 250 195
    137 296 231 156 248 469 632 370 469 632
long_sleeved_outwear | 2-3=8 4=38 7-19=40 20=57 35=73 36=75 |
    1-4,38,39,20-7,2 1,6,5,34-37,21-33,6 |
    137 153 243 377 243 153 203 366 467 433 393 329 418 477 399 331 420 492 436 478
    436 492 420 331 399 477 418 329 393 433 467 366 203 377 645 573 478 645 573
vest | 2-3=8 7-10=22 | 1-6,1 2,7-15,6 |
    352 158 210 214 210 158 196 500 489 404 401 404 489 500 196
sling | 2-3=8 7-10=22 | 1-6,1 7,2,8-14,6,15 |
    276 548 283 204 283 548 369 726 677 640 251 640 677 726 369
shorts | 1=4 4-6=14 | 1-3,10-4,1 |
    308 216 308 506 494 463 477 463 494 506
trousers | 1=4 4-8=18 | 1-3,14-4,1 |
    275 202 275 651 451 350 280 392 362 392 280 350 451 651
skirt | 1=4 4-5=12 | 1-3,8-4,1 |
    253 195 253 513 543 415 543 513
short_sleeved_dress | 2-3=8 7-17=36 | 1-6,1 2,7-29,6 |
    153 230 167 145 167 230 332 391 391 396 440 452 498 514 585 655 635 602 635 655
    585 514 498 452 440 396 391 391 332
long_sleeved_dress | 2-3=8 7-21=44 | 1-6,1 2,7-37,6 |
    121 134 158 162 158 134 246 406 470 404 463 466 435 499 455 440 411 490 576 685
    618 483 618 685 576 490 411 440 486 499 435 466 463 404 470 406 246
vest_dress | 2-3=8 7-12=26 | 1-6,1 2,7-19,6 |
    116 167 160 180 160 167 196 385 421 497 562 528 428 528 562 497 421 385 196
sling_dress | 2-3=8 7-12=26 | 1-6,1 7,2,8-18,6,19 |
    244 297 244 208 244 297 173 616 659 712 707 685 339 685 707 712 659 616 173
"""


def _deepfashion2_rows() -> Iterator[tuple[str, str, str, tuple[float, ...]]]:
    """Yields (category, mirrors, outline, sigmas)."""
    for record in re.split(r'\n(?=\w)', _DEEPFASHION2_TABLE.strip()):
        category, mirrors, outline, sigmas = map(str.strip, record.split('|'))
        yield category, mirrors, outline, tuple(int(n) / 1e4 for n in sigmas.split())


def _span(text: str) -> list[int]:
    """Numbers of a run: '7-9' -> [7, 8, 9]; '9-7' -> [9, 8, 7]; '4' -> [4]."""
    first, _, last = text.partition('-')
    first, last = int(first), int(last or first)
    step = 1 if first <= last else -1
    return list(range(first, last + step, step))


def _mirrors(text: str, num_keypoints: int) -> tuple[int, ...]:
    flip = list(range(num_keypoints))
    for run in text.split():
        span, total = run.split('=')
        for number in _span(span):
            mirror = int(total) - number
            flip[number - 1], flip[mirror - 1] = mirror - 1, number - 1
    return tuple(flip)


def _outline(text: str) -> Iterator[Link]:
    for path in text.split():
        points = [i - 1 for run in path.split(',') for i in _span(run)]
        yield from zip(points, points[1:])


def _short_name(category: str) -> str:
    """MMPose's prefix of key point names: 'vest' stays, 'vest_dress' -> 'vd'."""
    words = category.split('_')
    return category if len(words) == 1 else ''.join(word[0] for word in words)


def _deepfashion2() -> Benchmark:
    garments = {}
    offset = 0
    for category_id, row in enumerate(_deepfashion2_rows(), 1):
        category, mirrors, outline, sigmas = row
        count = len(sigmas)
        garments[category] = Garment(
            dataset='deepfashion2',
            name=category,
            category_id=category_id,
            keypoints=tuple(
                f'{_short_name(category)}_kpt{i + 1}' for i in range(count)
            ),
            channels=tuple(range(offset, offset + count)),
            flip=_mirrors(mirrors, count),
            links=tuple(_outline(outline)),
            sigmas=sigmas,
        )
        offset += count
    return Benchmark(
        name='deepfashion2',
        keypoints=tuple(name for g in garments.values() for name in g.keypoints),
        garments=garments,
        paper=dict(
            author='Yuying Ge and Ruimao Zhang and Lingyun Wu and Xiaogang Wang '
            'and Xiaoou Tang and Ping Luo',
            title='DeepFashion2: A Versatile Benchmark for Detection, Pose '
            'Estimation, Segmentation and Re-Identification of Clothing Images',
            container='CVPR',
            year='2019',
            homepage='https://github.com/switchablenorms/DeepFashion2',
        ),
    )


# --------------------------------------------------------------------- questions

BENCHMARKS: dict[str, Benchmark] = {b.name: b for b in (_fashionai(), _deepfashion2())}


def benchmark(dataset: str) -> Benchmark:
    """The benchmark of that name.

    Raises:
        ValueError: If there is none.
    """
    try:
        return BENCHMARKS[dataset]
    except KeyError:
        raise ValueError(
            f'unknown dataset {dataset!r}; choose from {sorted(BENCHMARKS)}'
        ) from None


def garment(dataset: str, category: str) -> Garment:
    """The garment of that name in the benchmark of that name.

    Raises:
        ValueError: If the benchmark or the category does not exist.
    """
    garments = benchmark(dataset).garments
    try:
        return garments[category]
    except KeyError:
        raise ValueError(
            f'unknown {dataset} category {category!r}; choose from {list(garments)}'
        ) from None


def categories(dataset: str) -> tuple[str, ...]:
    """Names of the benchmark's categories in the order of their ids."""
    return tuple(benchmark(dataset).garments)


def category_of_id(dataset: str, category_id: int) -> Garment:
    """The garment with that COCO category id.

    Raises:
        ValueError: If the benchmark has no category of that id.
    """
    for candidate in benchmark(dataset).garments.values():
        if candidate.category_id == category_id:
            return candidate
    raise ValueError(
        f'unknown {dataset} category id {category_id!r}; '
        f'ids are 1 to {len(benchmark(dataset).garments)}'
    )


def keypoints(dataset: str, category: str | None = None) -> tuple[str, ...]:
    """Key point names of one category, or of the full layout."""
    if category is None:
        return benchmark(dataset).keypoints
    return garment(dataset, category).keypoints


def metainfo_name(dataset: str, category: str | None = None) -> str:
    """``dataset_name`` of :func:`metainfo`, e.g. ``'fashionai_blouse'``."""
    return dataset if category is None else f'{dataset}_{category}'


# Left, middle and right of the picture: blue, green, orange.
_SIDE_COLORS = ((51, 153, 255), (0, 200, 80), (255, 128, 0))


def category_color(dataset: str, category: str) -> tuple[int, int, int]:
    """RGB colour of a category: hues spread evenly over the benchmark."""
    names = categories(dataset)
    hue = garment(dataset, category).category_id / len(names)
    return tuple(round(255 * c) for c in colorsys.hsv_to_rgb(hue, 0.75, 0.95))


def metainfo(dataset: str, category: str | None = None) -> dict:
    """MMPose's ``metainfo`` of one category or of a benchmark's full layout.

    Args:
        dataset: ``'fashionai'`` or ``'deepfashion2'``.
        category: A category, for its K key points; None for all 24 or 294.

    Returns:
        dict: ``dataset_name``, ``paper_info``, ``keypoint_info``,
        ``skeleton_info``, ``joint_weights`` and ``sigmas``, as
        :func:`mmpose.datasets.datasets.utils.parse_pose_metainfo` takes them.

    Raises:
        ValueError: If the benchmark or the category does not exist.
    """
    whole = benchmark(dataset)
    chosen = (
        whole.garments.values() if category is None else [garment(dataset, category)]
    )
    names = keypoints(dataset, category)
    index = {name: i for i, name in enumerate(names)}

    flip = {}
    sigmas = {}
    link_colors = {}
    for item in chosen:
        for local, name in enumerate(item.keypoints):
            flip[name] = item.keypoints[item.flip[local]]
            sigmas[name] = item.sigmas[local]
        for i, j in item.links:
            link = tuple(sorted((item.keypoints[i], item.keypoints[j]), key=index.get))
            link_colors.setdefault(link, category_color(dataset, item.name))

    keypoint_info = {}
    for i, name in enumerate(names):
        side = (index[flip[name]] < i) - (index[flip[name]] > i)  # -1 left, 1 right
        keypoint_info[i] = dict(
            name=name,
            id=i,
            color=list(_SIDE_COLORS[side + 1]),
            type='',
            swap=flip[name] if side else '',
        )
    return dict(
        dataset_name=metainfo_name(dataset, category),
        paper_info=dict(whole.paper),
        keypoint_info=keypoint_info,
        skeleton_info={
            i: dict(link=link, id=i, color=list(color))
            for i, (link, color) in enumerate(link_colors.items())
        },
        joint_weights=[1.0] * len(names),
        sigmas=[sigmas[name] for name in names],
    )
