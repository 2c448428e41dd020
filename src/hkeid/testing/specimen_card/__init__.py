"""SPECIMEN identity cards of fictional persons, drawn and photographed.

The layout follows what is publicly known of the card's face since 2018, drawn anew: own colours,
own patterns, no emblem, and SPECIMEN 樣本 all over it. ::

    card = draw_card(face_of(PERSONAS["ho-sau-lan"]), portrait=jpeg)      # PNG, 1600 × 1009
    photo = photograph(card, Condition.MIXED, seed=7)                     # JPEG, as from a phone
    printed_fields(face_of(PERSONAS["ho-sau-lan"]))                       # what a reader should find

Needs Pillow and NumPy (``hkeid[testing]``) and the Noto CJK fonts (Debian: ``fonts-noto-cjk``).
"""

from hkeid.testing.specimen_card.drawing import draw_card
from hkeid.testing.specimen_card.face import CardFace, face_of, printed_fields
from hkeid.testing.specimen_card.photographs import Condition, photograph

__all__ = ["CardFace", "Condition", "draw_card", "face_of", "photograph", "printed_fields"]
