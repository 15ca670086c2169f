"""Several pictures of one garment give one length each, and together a better one."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from .measured import Measured


def combine(pictures: Iterable[Sequence[Measured]]) -> list[Measured]:
    """The measurements of one garment from several pictures.

    Lengths count by the inverse of their variances. Where pictures differ by more than
    their errors say, as two ways of laying a garment down do, the error grows by as
    much, and its tails are the longest of theirs. Without errors it is the mean, and
    its error, which has a degree of freedom less than there are pictures, comes from
    how they differ.

    Args:
        pictures: The measurements of each picture.

    Returns:
        list[Measured]: One per name and unit of which a picture has a length, in
        the order in which they come first; absent where no picture has it. They have
        no way in a picture. Where some pictures tell centimetres, pixels of the others
        are left out.
    """
    by_name: dict[str, list[Measured]] = {}
    for picture in pictures:
        for each in picture:
            by_name.setdefault(each.name, []).append(each)
    return [_one(each) for each in by_name.values()]


def _one(found: Sequence[Measured]) -> Measured:
    units = {each.unit for each in found if each.value is not None}
    # Absent lengths have a unit, too, which the pictures that have one need not share.
    unit = 'cm' if 'cm' in units else next(iter(units), found[0].unit)
    here = [each for each in found if each.unit == unit]
    values = np.array([each.value for each in here if each.value is not None])
    if not len(values):
        return replace(here[0], path=None, probability=None)
    ratios = [each.ratio for each in here if each.ratio is not None]
    whole = replace(
        here[0],
        path=None,
        dof=min(each.dof for each in here if each.value is not None),
        probability=None,
        ratio=float(np.mean(ratios)) if ratios else None,
        ratio_to=next((each.ratio_to for each in here if each.ratio_to), ''),
    )
    errors = [each.error for each in here if each.value is not None]
    if any(error is None for error in errors):
        if len(values) == 1:
            reason = next(each.reason for each in here if each.value is not None)
            return replace(whole, value=float(values[0]), error=None, reason=reason)
        spread = float(values.std(ddof=1)) / len(values) ** 0.5
        mean, dof = float(values.mean()), float(len(values) - 1)
        return replace(whole, value=mean, error=spread, reason='', dof=dof)
    weights = np.maximum(np.array(errors, float), 1e-9) ** -2
    mean = float(weights @ values / weights.sum())
    variance = 1 / float(weights.sum())
    if len(values) > 1:
        surprise = float(weights @ (values - mean) ** 2) / (len(values) - 1)
        variance *= max(1.0, surprise)
    return replace(whole, value=mean, error=variance**0.5, reason='')
