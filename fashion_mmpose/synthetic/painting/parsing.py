"""What the pixels of a picture with people show, as a human parser tells it."""

from enum import IntEnum


class Parsing(IntEnum):
    """Classes of human parsing maps.

    They are those of MediaPipe's `selfie multiclass segmenter
    <https://ai.google.dev/edge/mediapipe/solutions/vision/image_segmenter>`_, which
    tells them in photographs, in its order.

    Attributes:
        BACKGROUND: All that belongs to nobody: the scene, what is laid over a picture,
            and figures that nothing shows to be people.
        HAIR: Hair, and all of a head that is seen from behind.
        BODY_SKIN: Neck, trunk, arms, hands and legs where nothing covers them.
        FACE_SKIN: The face, with eyes and mouth.
        CLOTHES: Garments, worn or not, and what is sewn on them.
        OTHERS: What else people wear or carry: shoes, bags, scarves, necklaces.
    """

    BACKGROUND = 0
    HAIR = 1
    BODY_SKIN = 2
    FACE_SKIN = 3
    CLOTHES = 4
    OTHERS = 5
