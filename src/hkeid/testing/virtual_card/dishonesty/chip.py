"""Chips that are not the one that was issued, or cannot show that they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hkeid.chip.findings import FindingCode as Code
from hkeid.testing.card_issuer import ICAO, CardDraft, chip_security
from hkeid.testing.card_issuer.keys import new_signer
from hkeid.testing.der import bits, integer, oid, sequence, set_of, tlv
from hkeid.testing.virtual_card.card import ChipImage, VirtualCard
from hkeid.testing.virtual_card.dishonesty.mutation import (
    Hooks,
    Layer,
    Mutation,
    always,
    files_changed,
    flipped,
    on_instruction,
)
from hkeid.testing.virtual_card.genuineness import ActiveKey
from hkeid.testing.virtual_card.points import Point

_EC = ICAO.but(active_authentication="brainpoolP256r1 sha256", chip_authentication=())
_RSA = ICAO.but(active_authentication="rsa-1024 sha256", chip_authentication=())
_TDES = ICAO.but(chip_authentication=("3des brainpoolP256r1",))
_BOTH = ICAO.but(chip_authentication=("aes-256 brainpoolP256r1", "3des brainpoolP256r1"))


def _cloned_chip_key(image: ChipImage, _draft: CardDraft) -> ChipImage:
    """Files copied, private keys not."""
    keys = tuple(replace(key, private=key.private ^ 2) for key in image.chip_keys)
    return replace(image, chip_keys=keys)


def _cloned_active_key(kind: str) -> Callable[[ChipImage, CardDraft], ChipImage]:
    def change(image: ChipImage, _draft: CardDraft) -> ChipImage:
        return replace(image, active_key=ActiveKey(private=new_signer(kind).private))

    return change


def _recorded() -> Hooks:
    """The signature over another challenge, recorded earlier, for every one."""

    def hook(_honest: bytes, card: VirtualCard) -> bytes:
        key = card.image.active_key
        assert key is not None
        from hkeid.testing.virtual_card.genuineness import ActiveAuthentication

        honest = ActiveAuthentication(key, card.random, lambda _point, value: value)
        return honest.sign(b"\x00" * 8)

    return {Point.ACTIVE_SIGNATURE: hook}


def _only_3des(image: ChipImage, draft: CardDraft) -> ChipImage:
    """DG14 as it would be if the chip could do no better."""
    infos = chip_security.chip_key_infos(draft.chip_keys[1])
    content = tlv(0x6E, chip_security.security_infos(infos))
    return replace(image, files={**image.files, "DG14": content})


def _listed_key(edit: Callable[[bytes], bytes]) -> Callable[[CardDraft], None]:
    """DG14 lists another public key, signed by the state."""

    def draft(card: CardDraft) -> None:
        key = card.chip_keys[0]
        infos = chip_security.chip_key_infos(key, edit(key.public))
        card.files["DG14"] = tlv(0x6E, chip_security.security_infos(infos))

    return draft


def _unknown_curve(card: CardDraft) -> None:
    key = card.chip_keys[0]
    algorithm = sequence(oid("0.4.0.127.0.7.1.2"), integer(31))
    infos = [
        chip_security.chip_key_infos(key)[0],
        sequence(oid("0.4.0.127.0.7.2.2.1.2"), sequence(algorithm, bits(key.public))),
    ]
    card.files["DG14"] = tlv(0x6E, set_of(*infos))


def _ed25519(card: CardDraft) -> None:
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    encoded = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    card.files["DG15"] = tlv(0x6F, encoded)


def _no_dg15_key(card: CardDraft) -> None:
    card.files["DG15"] = tlv(0x6F, b"\x30\x03\x02\x01\x01")


def _bad_dg14(card: CardDraft) -> None:
    card.files["DG14"] = tlv(0x6E, b"\x31\x03\x30\x05\x06")


def _stays_in_session() -> Hooks:
    """Chip authentication succeeds, and the card goes on with the keys from before."""

    def hook(answer: bytes, card: VirtualCard) -> bytes:
        command = card.command
        if card.channel is not None and command is not None and command.ins == 0x86:
            card.forget_next_channel()
        return answer

    return {Point.RESPONSE: hook}


def _refused_late() -> Hooks:
    """Chip authentication fails at GENERAL AUTHENTICATE; the session from before goes on."""

    def hook(answer: tuple[bytes, int], card: VirtualCard) -> tuple[bytes, int]:
        if card.channel is None or card.command is None or card.command.ins != 0x86:
            return answer
        card.forget_next_channel()
        return b"", 0x6300

    return {Point.ANSWER: hook}


def _chip(name: str, description: str, finding: Code, **changes: Any) -> Mutation:
    return Mutation(
        name=name, layer=Layer.CHIP, description=description, finding=finding, **changes
    )


CHIP = (
    _chip("clone-without-chip-key", "Files copied onto a chip without the key of chip authentication",
          Code.CHIP_SESSION_WRONG, chip=_cloned_chip_key),
    _chip("clone-without-chip-key-3des", "The same with the form for 3DES",
          Code.CHIP_SESSION_WRONG, features=_TDES, chip=_cloned_chip_key),
    _chip("chip-secret-wrong", "Chip authentication comes to another secret",
          Code.CHIP_SESSION_WRONG, hooks=always(Point.CHIP_SECRET, flipped)),
    _chip("chip-stays-in-session", "The card goes on with the session from before",
          Code.CHIP_SESSION_WRONG, hooks=_stays_in_session),
    _chip("chip-refused", "Chip authentication is offered and then refused", Code.CHIP_REFUSED,
          hooks=lambda: {Point.ANSWER: lambda one, card: (b"", 0x6A80)
                         if card.command and (card.command.p1, card.command.ins) == (0x41, 0x22)
                         else one}),
    _chip("chip-refused-late", "Chip authentication is refused at its second step",
          Code.CHIP_REFUSED, hooks=_refused_late),
    _chip("chip-key-off-curve", "DG14 lists a key that is no point of its curve",
          Code.CHIP_KEY_INVALID, draft=_listed_key(flipped)),
    _chip("chip-key-malformed", "DG14 lists a key of no bytes", Code.CHIP_KEY_INVALID,
          draft=_listed_key(lambda _: b"\x04")),
    _chip("chip-key-unknown-curve", "DG14 lists a key on an unknown curve",
          Code.CHIP_KEY_UNSUPPORTED, draft=_unknown_curve),
    _chip("chip-downgraded", "DG14 is shortened to its weakest way", Code.DG14_HASH_WRONG,
          features=_BOTH, chip=_only_3des),
    _chip("dg14-malformed", "DG14 does not parse", Code.DG14_MALFORMED, draft=_bad_dg14),
    _chip("dg14-removed", "EF.SOD lists DG14, and the chip has none", Code.FILE_MISSING,
          chip=files_changed(DG14=None)),
    _chip("dg15-removed", "EF.SOD lists DG15, and the chip has none", Code.FILE_MISSING,
          features=_EC, chip=files_changed(DG15=None)),
    _chip("clone-without-active-key", "Files copied onto a chip without the key of DG15",
          Code.ACTIVE_SIGNATURE_WRONG, features=_EC, chip=_cloned_active_key("brainpoolP256r1")),
    _chip("clone-without-active-key-rsa", "The same with RSA", Code.ACTIVE_TRAILER_WRONG,
          # A signature under another modulus may exceed this one, or end like a trailer by chance.
          rarely=frozenset({Code.ACTIVE_SIGNATURE_MALFORMED, Code.ACTIVE_SIGNATURE_WRONG}),
          features=_RSA, chip=_cloned_active_key("rsa-1024")),
    _chip("active-recorded", "A signature that was recorded earlier", Code.ACTIVE_SIGNATURE_WRONG,
          features=_EC, hooks=_recorded),
    _chip("active-recorded-rsa", "A signature that was recorded earlier, RSA",
          Code.ACTIVE_SIGNATURE_WRONG, features=_RSA, hooks=_recorded),
    _chip("active-trailer-wrong", "The trailer of the recovered message is wrong",
          Code.ACTIVE_TRAILER_WRONG, features=_RSA,
          hooks=always(Point.ACTIVE_RECOVERED, lambda one: one[:-2] + b"\x99\xcc")),
    _chip("active-header-wrong", "The header of the recovered message is wrong",
          Code.ACTIVE_SIGNATURE_WRONG, features=_RSA,
          hooks=always(Point.ACTIVE_RECOVERED, lambda one: b"\x4a" + one[1:])),
    _chip("active-short", "A signature that lacks bytes", Code.ACTIVE_SIGNATURE_MALFORMED,
          features=_EC, hooks=always(Point.ACTIVE_SIGNATURE, lambda one: one[:-3])),
    _chip("active-zero", "A signature of zeros", Code.ACTIVE_SIGNATURE_WRONG, features=_EC,
          hooks=always(Point.ACTIVE_SIGNATURE, lambda one: bytes(len(one)))),
    _chip("active-refused", "Active authentication is offered and then refused",
          Code.ACTIVE_REFUSED, features=_EC,
          hooks=on_instruction(0x88, Point.ANSWER, lambda _: (b"", 0x6D00))),
    _chip("active-key-malformed", "DG15 holds no key", Code.ACTIVE_KEY_MALFORMED, features=_EC,
          draft=_no_dg15_key),
    _chip("active-key-unsupported", "DG15 holds a key of a kind that cards do not use",
          Code.ACTIVE_KEY_UNSUPPORTED, features=_EC, draft=_ed25519),
)  # fmt: skip
"""Mutations of the chip's own proofs."""
