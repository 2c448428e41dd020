"""The ways in which a software authenticator, or the browser in front of it, can cheat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hkeid.testing.authenticator_keys import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Dishonesty:
    """Departures from honest conduct; whatever is None or empty stays honest.

    Values replace what honest conduct would have put; functions are given it and return what is sent
    instead. What comes before a signature is signed over, so that only the rule in question can
    notice.

    :ivar client_data: members of client data to set; a value of ``...`` leaves the member out.
    :ivar client_data_json: rewrites the bytes, before they are hashed and signed.
    :ivar client_data_json_after: rewrites the bytes after signing.
    :ivar flags_set: flag bits forced on; ``flags_cleared``: forced off.
    :ivar attested_id: credential id inside the attested data.
    :ivar public_key: COSE_Key bytes in place of the real ones.
    :ivar attested_data: rewrites the attested credential data.
    :ivar extensions: authenticator extension outputs, with the ED flag.
    :ivar auth_data: rewrites authenticator data before signing; ``auth_data_after``: after it.
    :ivar statement: rewrites format and statement; ``attestation_object``: rewrites its bytes.
    :ivar members: rewrites the members of the attestation object before encoding.
    :ivar signature: rewrites the assertion's signature.
    :ivar signing_key: signs with another key.
    :ivar user_handle: sent instead; ``...`` leaves it out.
    :ivar response: rewrites the JSON that is sent.
    :ivar out_of_scope: answers although the origin may not use the RP ID, as no browser would.
    :ivar unasked_attestation: attests although ``attestation`` is ``none``.
    """

    client_data: Mapping[str, Any] = field(default_factory=dict)
    client_data_json: Callable[[bytes], bytes] | None = None
    client_data_json_after: Callable[[bytes], bytes] | None = None
    rp_id: str | None = None
    flags_set: int = 0
    flags_cleared: int = 0
    sign_count: int | None = None
    attested_id: bytes | None = None
    public_key: bytes | None = None
    attested_data: Callable[[bytes], bytes] | None = None
    extensions: Mapping[str, Any] | None = None
    auth_data: Callable[[bytes], bytes] | None = None
    auth_data_after: Callable[[bytes], bytes] | None = None
    statement: Callable[[str, dict[str, Any]], tuple[str, Any]] | None = None
    members: Callable[[dict[str, Any]], Any] | None = None
    attestation_object: Callable[[bytes], bytes] | None = None
    signature: Callable[[bytes], bytes] | None = None
    signing_key: Key | None = field(default=None, repr=False)
    user_handle: Any = None
    response: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    out_of_scope: bool = False
    unasked_attestation: bool = False


HONEST = Dishonesty()
