"""Several pictures of one garment give one length each, and together a better one."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from .measured import Measured
from .table import reference_of


def combine(pictures: Iterable[Sequence[Measured]]) -> list[Measured]:
    """The measurements of one garment from several pictures.

    Lengths count by the inverse of their variances. Where pictures differ by more than
    their errors say, as two ways of laying a garment down do, the error grows by as
    much, and its tails are the longest of theirs. Without errors it is the mean, and
    its error, which has a degree of freedom less than there are pictures, comes from
    how they differ. What pictures have alike, as the error of one scale for all of
    them, does not get less by their number. Ratios are the mean of those to one
    reference.

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
    there = [each for each in here if each.value is not None]
    if not there:
        return replace(here[0], path=None, probability=None)
    values = np.array([each.value for each in there])
    shared = np.array([each.shared_error for each in there])
    # A picture without the usual reference compares with another one.
    ratio_to = reference_of(each.ratio_to for each in here if each.ratio is not None)
    ratios = [
        each.ratio
        for each in here
        if each.ratio is not None and each.ratio_to == ratio_to
    ]
    whole = replace(
        here[0],
        path=None,
        dof=min(each.dof for each in there),
        probability=None,
        ratio=float(np.mean(ratios)) if ratios else None,
        ratio_to=ratio_to,
    )
    errors = [each.error for each in there]
    if any(error is None for error in errors):
        if len(there) == 1:
            reason = there[0].reason
            return replace(whole, value=float(values[0]), error=None, reason=reason)
        spread = float(values.std(ddof=1)) / len(values) ** 0.5
        mean, dof = float(values.mean()), float(len(values) - 1)
        error = float(np.hypot(spread, shared.mean()))
        return replace(whole, value=mean, error=error, reason='', dof=dof)
    own = np.square(np.array(errors, float)) - shared**2
    weights = 1 / np.maximum(own, 1e-18)
    weights, variance = weights / weights.sum(), 1 / float(weights.sum())
    mean = float(weights @ values)
    if len(values) > 1:
        surprise = float(weights @ (values - mean) ** 2) / variance / (len(values) - 1)
        variance *= max(1.0, surprise)
    error = float(np.hypot(variance**0.5, weights @ shared))
    return replace(whole, value=mean, error=error, reason='')
