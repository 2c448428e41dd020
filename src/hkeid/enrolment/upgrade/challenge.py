"""What ties a reading to one upgrade at one station, so that a recorded one is worth nothing.

The server makes a nonce when a station takes an upgrade up. Everything else follows from it:

* **Active authentication**: the eight bytes that the chip signs are derived from nonce and upgrade.
  Only this chip, asked after the nonce was made, can answer; the station cannot make it up.
* **Chip authentication, CAM**: these transcripts convince whoever held the ephemeral key, which is the
  station. They could be made up by a dishonest station, so the server binds what can be bound: the
  station's signature over nonce and reading, the time of reading inside the upgrade's window, and a
  single use of the reading's digest. What remains is trust in the enrolled station; policy may say
  that it is not enough (:class:`~hkeid.enrolment.upgrade.UpgradePolicy`, ``proofs``).
"""

from __future__ import annotations

import hashlib

from hkeid.chip.document import ChipDocument

ACTIVE_CHALLENGE = 8
"""RND.IFD of active authentication (Doc 9303-11 §6.1)."""

_ACTIVE_LABEL = b"hkeid-upgrade-active-1\x00"
_SIGNED_LABEL = b"hkeid-chip-evidence-1\x00"
_DIGEST_LABEL = b"hkeid-chip-evidence-digest-1\x00"


def active_challenge(nonce: bytes, upgrade_id: str) -> bytes:
    """The challenge for the chip's signature."""
    return hashlib.sha256(_ACTIVE_LABEL + nonce + upgrade_id.encode()).digest()[:ACTIVE_CHALLENGE]


def signed_message(nonce: bytes, upgrade_id: str, text: bytes) -> bytes:
    """What the station signs: this reading, for this upgrade, now."""
    name = upgrade_id.encode()
    framed = len(nonce).to_bytes(2, "big") + nonce + len(name).to_bytes(2, "big") + name
    return _SIGNED_LABEL + framed + hashlib.sha256(text).digest()


def evidence_digest(document: ChipDocument) -> bytes:
    """What is used up by a reading: the signed object and every transcript, whatever else varies."""
    made = hashlib.sha256(_DIGEST_LABEL)
    framed = [document.files.get("SOD", b"")]
    for proof in document.proofs:
        framed.append(proof.kind.value.encode())
        for name in sorted(proof.parts):
            framed += [name.encode(), proof.parts[name]]
    for part in framed:
        made.update(len(part).to_bytes(4, "big") + part)
    return made.digest()
