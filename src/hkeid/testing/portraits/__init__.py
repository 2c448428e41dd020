"""Pictures of the personas: a passport-style portrait, a selfie, a head that turns, a camera's film.

Two personas have a face, of pictures in the public domain that ordinary packages bring:
``ho-sau-lan`` (NASA's portrait of Eileen Collins in scikit-image) and ``kwok-lai-king`` (the Navy's
of Grace Hopper in matplotlib). All others get a drawn head, the same every time. Real matchers find
no face in it, and are meant not to: an invented person is nobody's likeness.
"""

from hkeid.testing.portraits.camera import CameraFile, camera_file, scene
from hkeid.testing.portraits.motion import answer_time, film, head_turn
from hkeid.testing.portraits.pictures import portrait, selfie
from hkeid.testing.portraits.sources import FACES, has_face

__all__ = [
    "FACES",
    "CameraFile",
    "answer_time",
    "camera_file",
    "film",
    "has_face",
    "head_turn",
    "portrait",
    "scene",
    "selfie",
]
