"""Videos as tests need them."""

import cv2


def write_video(path, frames, fps):
    """Write frames, BGR of (height, width, 3) and uint8, as Motion JPEG."""
    codec = cv2.VideoWriter_fourcc(*'MJPG')
    writer = cv2.VideoWriter(str(path), codec, fps, frames[0].shape[1::-1])
    assert writer.isOpened()
    for frame in frames:
        writer.write(frame)
    writer.release()
