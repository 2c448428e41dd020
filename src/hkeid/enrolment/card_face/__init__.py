"""What a reader's lines of text say, if they come from the face of an identity card of 2018.

Pure: lines with boxes go in, fields come out. A field that breaks its own rule (check character,
calendar, order of dates) is left out, never mended by guessing. A misread character is put right
only where the form leaves no other reading, or where the check character or the Chinese commercial
code proves it.
"""

from hkeid.enrolment.card_face.codes import TelegraphCodes
from hkeid.enrolment.card_face.lines import TextLine
from hkeid.enrolment.card_face.parsing import CardFaceReading, read_card_face

__all__ = ["CardFaceReading", "TelegraphCodes", "TextLine", "read_card_face"]
