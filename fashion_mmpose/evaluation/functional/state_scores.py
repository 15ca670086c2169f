"""How well networks tell absent, occluded and visible key points apart."""

from dataclasses import dataclass

import numpy as np

from fashion_mmpose.errors import FormatError

STATES = ('absent', 'occluded', 'visible')  # COCO's 0, 1, 2


@dataclass(frozen=True)
class StateScores:
    """What :func:`state_scores` gives; NaN where there is nothing to count.

    Attributes:
        counts: Annotated key points of each state, by its name.
        recalls: The share of each that is told, by its name.
        average_precisions: Of ``'absent'`` among all key points, and of ``'occluded'``
            among those that are in the picture.
    """

    counts: dict[str, int]
    recalls: dict[str, float]
    average_precisions: dict[str, float]

    @property
    def accuracy(self) -> float:
        """The mean of the recalls of the states that occur: 1/3 for a constant answer.

        Most key points are visible, which the share of all right answers would reward.
        """
        found = [recall for recall in self.recalls.values() if not np.isnan(recall)]
        return float(np.mean(found)) if found else float('nan')


def state_scores(shares: np.ndarray, visibility: np.ndarray) -> StateScores:
    """Score the states that a network tells of key points.

    Args:
        shares: Probability of each of :data:`STATES`, shape (N, 3).
        visibility: COCO's annotated visibility, 0, 1 or 2, shape (N, ).

    Raises:
        FormatError: If the shapes disagree or a visibility is none of these.
    """
    if shares.shape != (len(visibility), 3):
        raise FormatError(
            f'{len(visibility)} key points have states of shape {shares.shape}; it '
            f'must be ({len(visibility)}, 3)'
        )
    if not np.isin(visibility, (0, 1, 2)).all():
        wrong = visibility[~np.isin(visibility, (0, 1, 2))][0]
        raise FormatError(f'the visibility {wrong} of a key point is none of 0, 1, 2')
    told = shares.argmax(axis=1)
    of_state = [visibility == state for state in range(3)]
    recalls = [_mean(told[own] == state) for state, own in enumerate(of_state)]
    there = ~of_state[0]
    # Zero and zero: the network is sure that it is not in the picture.
    hidden = shares[there, 1] / np.maximum(shares[there, 1:].sum(axis=1), 1e-12)
    return StateScores(
        counts={name: int(own.sum()) for name, own in zip(STATES, of_state)},
        recalls=dict(zip(STATES, recalls)),
        average_precisions=dict(
            absent=average_precision(shares[:, 0], of_state[0]),
            occluded=average_precision(hidden, of_state[1][there]),
        ),
    )


def average_precision(scores: np.ndarray, is_positive: np.ndarray) -> float:
    """The area below the curve of precision over recall, in steps.

    Entries with equal scores are one step, so that their order does not matter.

    Args:
        scores: Shape (N, ).
        is_positive: Shape (N, ), bool.

    Returns:
        float: The share of positives for scores that tell nothing; NaN without any.
    """
    if not is_positive.any():
        return float('nan')
    order = np.argsort(-scores, kind='stable')
    last_of_step = np.append(np.diff(scores[order]) != 0, True)
    right = np.cumsum(is_positive[order])[last_of_step]
    precisions = right / (np.flatnonzero(last_of_step) + 1)
    return float(np.diff(right, prepend=0) @ precisions / right[-1])


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float('nan')
