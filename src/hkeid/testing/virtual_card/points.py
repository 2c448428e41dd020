"""The places in a card's conduct where a test can make it lie."""

from __future__ import annotations

from enum import StrEnum


class Point(StrEnum):
    """A place in the card's conduct; the comment says what value passes there.

    A hook takes the value and the card and returns the value to go on with; it may raise
    :class:`CardGone` or :class:`CardSilent` instead.
    """

    COMMAND = "command"  # bytes of the command as it arrives
    RESPONSE = "response"  # bytes of the answer as it leaves
    ANSWER = "answer"  # (body, status word) before secure messaging
    FILE = "file"  # content of the selected elementary file (card.files.current names it)
    CHANNEL_COUNTER = "channel_counter"  # send sequence counter of an answer
    CHANNEL_PADDED = "channel_padded"  # padded answer before encryption
    CHANNEL_OBJECTS = "channel_objects"  # [(tag, value)] of an answer before its MAC
    CHANNEL_MAC = "channel_mac"  # eight bytes, or None to leave object 8E out
    CHANNEL_OUTER_STATUS = "channel_outer_status"  # status word outside the protection
    BAC_CHALLENGE = "bac_challenge"  # eight bytes of GET CHALLENGE
    BAC_PLAIN = "bac_plain"  # RND.IC, RND.IFD, K.IC before encryption
    BAC_MAC = "bac_mac"  # eight bytes of the mutual authentication's answer
    PACE_NONCE = "pace_nonce"  # encrypted nonce
    PACE_MAPPING_KEY = "pace_mapping_key"  # public key of generic mapping
    PACE_PUBLIC_KEY = "pace_public_key"  # ephemeral public key
    PACE_TOKEN = "pace_token"  # eight bytes
    PACE_CHIP_PROOF = (
        "pace_chip_proof"  # encrypted chip authentication data, or None to leave it out
    )
    PACE_OBJECTS = "pace_objects"  # [(tag, value)] inside 7C
    CHIP_SECRET = "chip_secret"  # shared secret of chip authentication
    ACTIVE_RECOVERED = "active_recovered"  # ISO/IEC 9796-2 message before the RSA operation
    ACTIVE_SIGNATURE = "active_signature"  # answer to INTERNAL AUTHENTICATE


class CardGone(Exception):
    """The card was taken away while a command was under way."""


class CardSilent(Exception):
    """The card does not answer any more."""
