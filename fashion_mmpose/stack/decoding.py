"""Lets mmcv decode pictures behind this package's own checks; a part of ``compat``."""

from fashion_mmpose.files.pictures.pixels import check_for_opencv, decode_picture


def guard_decoding() -> None:
    """Let mmcv decode pictures as :func:`fashion_mmpose.files.pictures.pixels` does.

    Whatever reads through mmcv with OpenCV is meant: ``LoadImage`` and
    ``LoadImageFromFile`` in training and testing, ``MMPoseInferencer``, and
    ``mmcv.imread``. Colour pictures get the very pixels of ``decode_picture``. Grey and
    unchanged ones are still OpenCV's, of formats that it reads safely. mmcv's other
    backends are left as they are.
    """
    import mmcv
    from mmcv.image import io

    plain = io.imfrombytes
    if getattr(plain, 'is_guarded', False):
        return

    def imfrombytes(content, flag='color', channel_order='bgr', backend=None):
        if (backend or io.imread_backend) == 'cv2':
            if flag in ('color', 'color_ignore_orientation'):
                pixels = decode_picture(content, upright=flag == 'color')
                return pixels[..., ::-1].copy() if channel_order == 'rgb' else pixels
            check_for_opencv(content)
        return plain(content, flag, channel_order, backend)

    imfrombytes.__doc__ = plain.__doc__
    imfrombytes.is_guarded = True
    for module in (io, mmcv.image, mmcv):
        module.imfrombytes = imfrombytes
