"""Which box of a frame is which of the frames before."""

import numpy as np

from fashion_mmpose.errors import extra_needed

# A garment that is hidden longer comes back as another one.
SECONDS_LOST = 1.0


class BoxTracker:
    """ByteTrack on boxes, of the package trackers.

    It is where supervision's tracker, which is gone since its release 0.31, is kept.

    Args:
        updates_per_second: How often it is asked in a second of the video.
        score_thr: Boxes that are scored lower begin no track. Defaults to 0.3.

    Raises:
        ImportError: If trackers is not installed.
    """

    def __init__(self, updates_per_second: float, score_thr: float = 0.3) -> None:
        with extra_needed('tracking garments needs trackers', 'video'):
            import supervision
            from trackers import ByteTrackTracker
        self._detections = supervision.Detections
        self._first_id = 0
        self._last_id = -1
        self._new = lambda: ByteTrackTracker(
            frame_rate=updates_per_second,
            lost_track_buffer=round(30 * SECONDS_LOST),  # in thirtieths of a second
            track_activation_threshold=score_thr,
            high_conf_det_threshold=score_thr,
            minimum_consecutive_frames=1,
        )
        self._tracker = self._new()
        self._is_new_scene = True

    def update(self, bboxes: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """The tracks of the boxes of the next frame.

        Args:
            bboxes: x1, y1, x2, y2 in pixels, shape (n, 4).
            scores: Shape (n, ).

        Returns:
            np.ndarray: Number of the track of each box, from 0; -1 for none, shape
            (n, ).
        """
        rows = np.arange(len(bboxes))
        given = self._detections(
            xyxy=np.reshape(bboxes, (-1, 4)).astype(float),
            confidence=np.asarray(scores, float),
            class_id=np.zeros(len(bboxes), int),
            data=dict(row=rows),
        )
        if self._is_new_scene:
            # ByteTrack numbers what it sees a second time. What a scene begins with is
            # taken for seen; what comes later has to be in two frames.
            self._tracker.update(given)
            self._is_new_scene = False
        found = self._tracker.update(given)
        tracks = np.full(len(bboxes), -1)
        if len(found):
            numbers = np.asarray(found.tracker_id)
            own = np.where(numbers < 0, -1, numbers + self._first_id)
            tracks[np.asarray(found.data['row'], int)] = own
            self._last_id = max(self._last_id, int(own.max()))
        return tracks

    def cut(self) -> None:
        """End all tracks: what comes next is another scene."""
        self._first_id = self._last_id + 1
        self._tracker = self._new()
        self._is_new_scene = True
