"""Sound and frame times of a video, given to the video that is drawn from it."""

import heapq
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from fashion_mmpose.errors import extra_needed

_ALONE = Fraction(1, 25)  # seconds that the only frame of a video is shown


def take_times_and_sound(
    drawn: str | os.PathLike, source: str | os.PathLike, out: str | os.PathLike
) -> None:
    """Copy a drawn video with the frame times and the sound of its source.

    No frame is encoded again: frame ``i`` of ``drawn`` is shown when frame ``i`` of
    ``source`` is, and packets of sound are copied as they are.

    Args:
        drawn: A video without sound whose frames are in the order of their display.
        source: The video it was drawn from; it has at least as many frames.
        out: The new file, ``.mp4``.

    Raises:
        ImportError: If PyAV is missing.
        OSError: If a file cannot be read or written, or its sound does not fit into
            the container.
        ValueError: If the source tells fewer frame times than frames were drawn.
    """
    with extra_needed('sound and frame times', 'video'):
        import av
    try:
        with (
            av.open(str(source)) as origin,
            av.open(str(drawn)) as pictures,
            av.open(str(out), 'w') as target,
        ):
            stream = target.add_stream_from_template(pictures.streams.video[0])
            stream.time_base = origin.streams.video[0].time_base
            times = _frame_times(source)
            tracks = [_timed_frames(pictures, stream, times)]
            if origin.streams.audio:
                sound = origin.streams.audio[0]
                track = target.add_stream_from_template(sound)
                tracks.append(_sound(origin, sound, track))
            for _, _, packet in heapq.merge(*tracks, key=lambda item: item[:2]):
                target.mux(packet)
    except (OSError, ValueError):
        Path(out).unlink(missing_ok=True)
        raise


def has_sound(path: str | os.PathLike) -> bool:
    """Whether a video has sound; False where PyAV, which knows, is missing."""
    try:
        import av

        with av.open(str(path)) as container:
            return bool(container.streams.audio)
    except (ImportError, OSError):
        return False


def _frame_times(path: str | os.PathLike) -> list[int]:
    """When frames are shown, in the time base of their stream, in order."""
    import av

    with av.open(str(path)) as container:
        times = [
            packet.pts
            for packet in container.demux(container.streams.video[0])
            if packet.pts is not None and packet.size and not packet.is_discard
        ]
    return sorted(times)


def _timed_frames(container, stream, times: list[int]) -> Iterator[tuple]:
    base = Fraction(stream.time_base)
    # The last frame is shown for as long as the one before.
    last = times[-1] - times[-2] if len(times) > 1 else round(_ALONE / base)
    ends = [*times[1:], *(time + last for time in times[-1:])]
    number = 0
    for packet in container.demux(container.streams.video[0]):
        if not packet.size:
            continue
        if number >= len(times):
            raise ValueError(f'only {len(times)} frame times for more drawn frames')
        packet.stream, packet.time_base = stream, base
        packet.pts = packet.dts = times[number]
        packet.duration = ends[number] - times[number]
        number += 1
        yield float(packet.pts * base), 0, packet


def _sound(container, sound, stream) -> Iterator[tuple]:
    for packet in container.demux(sound):
        if packet.dts is not None:
            packet.stream = stream
            yield float(packet.dts * packet.time_base), 1, packet
