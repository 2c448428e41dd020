"""Personal data as ciphertext: a data key per resident, and what it seals (law 4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hkeid.identity.hkic_number import HkicNumber
from hkeid.kernel import base64url
from hkeid.kernel.errors import ConfigurationError, NotFound, Refused
from hkeid.kernel.instants import Instant, epoch_seconds
from hkeid.ports.keys import KeyPurpose, KeyStore
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Random
from hkeid.ports.vault import DataKeyVault
from hkeid.residents.erasure import ErasureTransaction, erase, replay_erasures
from hkeid.residents.fields import sealed_by_name
from hkeid.residents.finding import FindingTransaction, find_by_hkic
from hkeid.residents.records import SealedFieldRepository

_VERSION = b"\x01"
_NONCE = 12
_TAG = 16
_KEY = 32
_LABEL = b"hkeid-sealed-1"
_WRAP_LABEL = b"hkeid-resident-data-key-1:"


class Unsealable(Refused):
    """A sealed value that does not open.

    Reasons: ``sealed_value_malformed`` (too short), ``sealed_value_version_unknown``,
    ``sealed_value_altered`` (altered, moved to another place, or another resident's).
    """


class SealedFieldsTransaction(Protocol):
    """What :class:`PersonalFields` needs of a transaction."""

    @property
    def sealed_fields(self) -> SealedFieldRepository: ...


def _place(resident_id: str, table: str, column: str, row: str) -> bytes:
    """The associated data: each part with its length before it, so that no two places share one."""
    framed = [_LABEL]
    for part in (resident_id, table, column, row):
        raw = part.encode("utf-8", "surrogatepass")
        framed.append(len(raw).to_bytes(4, "big"))
        framed.append(raw)
    return b"".join(framed)


def _field_row(resident_id: str, field: str) -> str:
    # Internal ids are base64url text, so the full stop separates them from the field for certain.
    return f"{resident_id}.{field}"


class PersonalFields:
    """Seals and opens personal data, each resident's under a data key of their own.

    The data key lives in the vault, wrapped by the key store's ``RESIDENT_DATA`` key; to destroy it
    is to erase everything that it sealed. Data keys are fetched anew for each call and not cached,
    so that an erasure holds at once in every process.

    Sealed form: version byte 1, nonce (12 bytes, random), ciphertext, tag (16 bytes).
    """

    __slots__ = ("_keys", "_random", "_vault")

    def __init__(self, keys: KeyStore, vault: DataKeyVault, random: Random) -> None:
        self._keys = keys
        self._vault = vault
        self._random = random

    def create_key(self, resident_id: str) -> None:
        """Make the data key of a new resident, before anything is sealed.

        :raises hkeid.kernel.errors.Refused: reason ``data_key_exists`` (or existed: an erased
            resident never gets another).
        """
        wrapped = self._keys.wrap(
            KeyPurpose.RESIDENT_DATA, self._random.token_bytes(_KEY), context=_context(resident_id)
        )
        if not self._vault.put(resident_id, wrapped):
            raise Refused("data_key_exists")

    def _cipher(self, resident_id: str) -> AESGCM:
        wrapped = self._vault.get(resident_id)
        if wrapped is None:
            raise NotFound("data_key_missing")
        key = self._keys.unwrap(KeyPurpose.RESIDENT_DATA, wrapped, context=_context(resident_id))
        return AESGCM(key)

    def _seal(self, cipher: AESGCM, plaintext: bytes, place: bytes) -> bytes:
        nonce = self._random.token_bytes(_NONCE)
        return _VERSION + nonce + cipher.encrypt(nonce, plaintext, place)

    def seal(self, resident_id: str, table: str, column: str, row: str, plaintext: bytes) -> bytes:
        """Seal a value for one place; it opens at no other.

        :raises hkeid.kernel.errors.NotFound: reason ``data_key_missing`` (never made, or erased).
        """
        place = _place(resident_id, table, column, row)
        return self._seal(self._cipher(resident_id), plaintext, place)

    def unseal(self, resident_id: str, table: str, column: str, row: str, sealed: bytes) -> bytes:
        """Open a value that :meth:`seal` made for the same place.

        :raises hkeid.kernel.errors.NotFound: reason ``data_key_missing``.
        :raises Unsealable: for what is not such a value.
        """
        return _open(self._cipher(resident_id), sealed, _place(resident_id, table, column, row))

    def put(
        self,
        tx: SealedFieldsTransaction,
        resident_id: str,
        texts: Mapping[str, str],
        now: Instant,
    ) -> None:
        """Seal and keep particulars by field name; others stay as they are. ``updated_at`` follows.

        :raises hkeid.kernel.errors.ConfigurationError: reason ``personal_field_undeclared``; the
            registry of personal fields does not know the name.
        :raises hkeid.kernel.errors.NotFound: reason ``data_key_missing``.
        """
        for field in texts:
            if field not in sealed_by_name():
                raise ConfigurationError("personal_field_undeclared", detail=field)
        cipher = self._cipher(resident_id)
        for field, text in {"updated_at": str(epoch_seconds(now)), **texts}.items():
            row = _field_row(resident_id, field)
            place = _place(resident_id, "sealed_fields", "sealed", row)
            sealed = self._seal(cipher, text.encode("utf-8"), place)
            tx.sealed_fields.put(resident_id, field, sealed, now)

    def remove(
        self,
        tx: SealedFieldsTransaction,
        resident_id: str,
        names: Collection[str],
        now: Instant,
    ) -> tuple[str, ...]:
        """Keep those of ``names`` no longer; ``updated_at`` follows. Returns those that were there.

        :raises hkeid.kernel.errors.NotFound: reason ``data_key_missing``.
        """
        removed = tuple(name for name in names if tx.sealed_fields.delete(resident_id, name))
        if removed:
            self.put(tx, resident_id, {}, now)
        return removed

    def read(
        self, tx: SealedFieldsTransaction, resident_id: str, names: Collection[str]
    ) -> dict[str, str]:
        """Those of ``names`` that are kept, in the clear.

        :raises hkeid.kernel.errors.NotFound: reason ``data_key_missing``.
        :raises Unsealable: a stored value was altered or moved.
        """
        kept = tx.sealed_fields.all(resident_id)
        wanted = [name for name in names if name in kept]
        if not wanted:
            return {}
        return _opened(self._cipher(resident_id), resident_id, kept, wanted)

    def read_for_disclosure(
        self,
        tx: SealedFieldsTransaction,
        resident_id: str,
        names: Collection[str],
        disclosure_id: str,
        salt: bytes,
    ) -> tuple[dict[str, str], bytes]:
        """As :meth:`read`, and the salt of the disclosure sealed for ``Disclosure.salt``, with one
        fetching of the data key for both.

        :raises hkeid.kernel.errors.NotFound: reason ``data_key_missing``.
        :raises Unsealable: a stored value was altered or moved.
        """
        kept = tx.sealed_fields.all(resident_id)
        wanted = [name for name in names if name in kept]
        if not kept:
            return {}, b""
        cipher = self._cipher(resident_id)
        place = _place(resident_id, "disclosures", "salt", disclosure_id)
        return _opened(cipher, resident_id, kept, wanted), self._seal(cipher, salt, place)

    def seal_disclosure_salt(self, resident_id: str, disclosure_id: str, salt: bytes) -> bytes:
        """Seal the salt of a disclosure, for ``Disclosure.salt``."""
        return self.seal(resident_id, "disclosures", "salt", disclosure_id, salt)

    def disclosure_salt(self, resident_id: str, disclosure_id: str, sealed: bytes) -> bytes:
        """The salt that :meth:`read_for_disclosure` or :meth:`seal_disclosure_salt` sealed.

        :raises hkeid.kernel.errors.NotFound: reason ``data_key_missing``.
        :raises Unsealable: it was altered or moved.
        """
        return self.unseal(resident_id, "disclosures", "salt", disclosure_id, sealed)

    def number_leads_to(self, tx: FindingTransaction, number: HkicNumber, resident_id: str) -> bool:
        """Whether the index of identity-card numbers leads from ``number`` to this resident."""
        return find_by_hkic(tx, self._keys, number) == resident_id

    def seal_device_label(self, resident_id: str, credential_id: bytes, label: str) -> bytes:
        """Seal what a resident calls a device, for ``Credential.label``."""
        row = base64url.encode(credential_id)
        return self.seal(resident_id, "credentials", "label", row, label.encode("utf-8"))

    def device_label(self, resident_id: str, credential_id: bytes, sealed: bytes) -> str:
        """The label that :meth:`seal_device_label` sealed; "" where there is none."""
        if not sealed:
            return ""
        row = base64url.encode(credential_id)
        return self.unseal(resident_id, "credentials", "label", row, sealed).decode("utf-8")

    def seal_session_agent(self, resident_id: str, session_id: str, agent: str) -> bytes:
        """Seal the coarse name of browser and system, for ``Session.agent``."""
        return self.seal(resident_id, "sessions", "agent", session_id, agent.encode("utf-8"))

    def session_agent(self, resident_id: str, session_id: str, sealed: bytes) -> str:
        """The words that :meth:`seal_session_agent` sealed; "" where there are none."""
        if not sealed:
            return ""
        return self.unseal(resident_id, "sessions", "agent", session_id, sealed).decode("utf-8")

    def seal_upstream_logout(self, resident_id: str, session_id: str, kept: bytes) -> bytes:
        """Seal what an upstream's logout needs, for ``UpstreamSession.kept``."""
        return self.seal(resident_id, "upstream_sessions", "kept", session_id, kept)

    def upstream_logout(self, resident_id: str, session_id: str, sealed: bytes) -> bytes:
        """What :meth:`seal_upstream_logout` sealed."""
        return self.unseal(resident_id, "upstream_sessions", "kept", session_id, sealed)

    def erase(self, store: Store[ErasureTransaction], resident_id: str, now: Instant) -> None:
        """Erase a resident for good: see :func:`hkeid.residents.erase`."""
        erase(store, self._vault, resident_id, now)

    def replay_erasures(self, store: Store[ErasureTransaction], now: Instant) -> int:
        """After a restore, before serving: see :func:`hkeid.residents.replay_erasures`."""
        return replay_erasures(store, self._vault, now)


def _opened(
    cipher: AESGCM, resident_id: str, kept: Mapping[str, bytes], wanted: Collection[str]
) -> dict[str, str]:
    opened = {}
    for name in wanted:
        place = _place(resident_id, "sealed_fields", "sealed", _field_row(resident_id, name))
        opened[name] = _open(cipher, kept[name], place).decode("utf-8")
    return opened


def _context(resident_id: str) -> bytes:
    return _WRAP_LABEL + resident_id.encode("utf-8", "surrogatepass")


def _open(cipher: AESGCM, sealed: bytes, place: bytes) -> bytes:
    if len(sealed) < len(_VERSION) + _NONCE + _TAG:
        raise Unsealable("sealed_value_malformed")
    if sealed[:1] != _VERSION:
        raise Unsealable("sealed_value_version_unknown", detail=f"version {sealed[0]}")
    try:
        return cipher.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], place)
    except InvalidTag:
        raise Unsealable("sealed_value_altered") from None
