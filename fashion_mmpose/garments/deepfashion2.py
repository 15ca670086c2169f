"""DeepFashion2's rows of the table.

Each category has landmarks of its own, numbered around the outline of the garment.
The rows keep the numbers of the benchmark's own figure, from 1; everything that is
derived from them counts from 0.
"""

import re
from collections.abc import Iterator

from .table import Benchmark, Garment, Link, spread_color

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


def deepfashion2() -> Benchmark:
    """DeepFashion2: 13 categories, each with landmarks of its own; 294 in total."""
    garments = {}
    offset = 0
    rows = list(_deepfashion2_rows())
    for category_id, (category, mirrors, outline, sigmas) in enumerate(rows, 1):
        count = len(sigmas)
        garments[category] = Garment(
            dataset='deepfashion2',
            name=category,
            category_id=category_id,
            keypoints=tuple(
                f'{_short_name(category)}_kpt{i + 1}' for i in range(count)
            ),
            channels=tuple(range(offset, offset + count)),
            layout_size=sum(len(sigmas) for *_, sigmas in rows),
            color=spread_color(category_id, len(rows)),
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
