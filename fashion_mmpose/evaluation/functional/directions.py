"""Whether more or less of a score is better, for hooks and schedules that go by it."""

import re

# Behind the benchmark: NE, NE_hem_left; AP, AP.5, AR(M), AP_skirt, box_AP; bbox_mAP.
_ERROR = re.compile(r'NE(_.*)?')
_PRECISION = re.compile(r'(box_)?A[PR]([._(].*)?|bbox_mAP(_.*)?|state_.*')


def rule_of_score(name: str) -> str | None:
    """The rule of a score of this package, ``'less'`` or ``'greater'``.

    MMEngine guesses by parts of the whole name, such as ``top`` in the name of a key
    point or of a benchmark, which it takes for an accuracy.

    Args:
        name: With its prefix, such as ``fashionai/NE``.

    Returns:
        str | None: None for scores of others.
    """
    score = name.rpartition('/')[2]
    if _ERROR.fullmatch(score):
        return 'less'
    return 'greater' if _PRECISION.fullmatch(score) else None
