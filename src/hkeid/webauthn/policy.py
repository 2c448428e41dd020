"""What this relying party accepts in a WebAuthn ceremony, and the port by which it trusts makers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol
from urllib.parse import urlsplit

from cryptography import x509

from hkeid.kernel.errors import ConfigurationError
from hkeid.webauthn.public_key import SUPPORTED_ALGORITHMS


class AttestationTrust(Protocol):
    """Which attestation roots are acceptable (WebAuthn L3 §7.1, "obtain a list of acceptable trust
    anchors … from a trusted source or from policy").
    """

    def anchors_for(
        self, aaguid: str, trust_path: Sequence[x509.Certificate]
    ) -> Sequence[x509.Certificate]:
        """Trust anchors for an authenticator model.

        :param aaguid: canonical lower-case text with dashes; all zeros where the model has none.
        :param trust_path: the statement's certificates, attestation certificate first; never empty,
            because self attestation and none are no evidence whatever the AAGUID says.
        :returns: acceptable roots, or attestation certificates that are acceptable themselves; empty
            where the model is unknown.
        :raises hkeid.webauthn.CeremonyRefused: to turn a model down for a reason of its own.
        """
        ...


TPM_MANUFACTURERS: frozenset[str] = frozenset(
    {
        "id:414D4400",  # AMD
        "id:41544D4C",  # Atmel
        "id:4252434D",  # Broadcom
        "id:4353434F",  # Cisco
        "id:464C5953",  # Flyslice
        "id:474F4F47",  # Google
        "id:48504500",  # HPE
        "id:48495349",  # Huawei
        "id:49424D00",  # IBM
        "id:49465800",  # Infineon
        "id:494E5443",  # Intel
        "id:4C454E00",  # Lenovo
        "id:4D534654",  # Microsoft
        "id:4E534D20",  # National Semiconductor
        "id:4E545A00",  # Nationz
        "id:4E544300",  # Nuvoton
        "id:51434F4D",  # Qualcomm
        "id:534D5343",  # SMSC
        "id:53544D20",  # STMicroelectronics
        "id:534D534E",  # Samsung
        "id:534E5300",  # Sinosun
        "id:54584E00",  # Texas Instruments
        "id:57454300",  # Winbond
        "id:524F4343",  # Fuzhou Rockchip
    }
)
"""Vendor ids of the TCG TPM Vendor ID Registry, as the certificate's subject alternative name
writes them (TPM 2.0 EK Profile §3.2.9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationRules:
    """Further demands on a statement before it may be called ``verified``.

    All are on by default; each can be let go where a deployment's phones need it.

    :ivar u2f_zero_aaguid: a fido-u2f statement goes with an AAGUID of zeros (FIDO U2F has none).
    :ivar tpm_manufacturers: known TPM vendors, or None for any.
    :ivar android_authorisation: an Android key's authorisation lists must say that the key was made
        inside and is for signing (WebAuthn L3 §8.4).
    :ivar android_hardware: and these lists, and the attestation itself, must be enforced by hardware
        (security level TrustedEnvironment or StrongBox).
    :ivar anchor_in_chain: tolerate the root inside ``x5c``, which the FIDO server tests refuse; for
        android-key it belongs there and is always tolerated.
    """

    u2f_zero_aaguid: bool = True
    tpm_manufacturers: frozenset[str] | None = TPM_MANUFACTURERS
    android_authorisation: bool = True
    android_hardware: bool = True
    anchor_in_chain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAuthnPolicy:
    """The relying party's side of every ceremony.

    :ivar rp_id: RP ID, a domain (WebAuthn L3 §4 "RP ID").
    :ivar origins: every acceptable origin, exactly as a browser writes it; nothing is inferred from
        ``rp_id`` (no subdomain, no other port).
    :ivar algorithms: COSE algorithms offered, best first. Default ES256, EdDSA, RS256.
    :ivar user_verification: require the UV flag in every ceremony.
    :ivar attestation: what is asked of the browser. A statement that comes is always checked.
    :ivar attestation_required: refuse a registration unless its attestation is ``verified``.
    :ivar trust: where attestation roots come from; without it nothing is ``verified``.
    :ivar allow_synced: accept credentials that may leave the device (BE=1).
    :ivar allow_cross_origin: accept ceremonies inside a frame of another origin.
    :ivar top_origins: then, the exact origins of pages that may frame us, where the browser says.
    :ivar lifetime: how long a ceremony may take; also the browser's timeout.
    :ivar hints: kinds of authenticator the browser should offer first (WebAuthn L3 §5.8.7).
    :ivar attachment: ``platform`` or ``cross-platform`` where registration is to be limited to it.
    :ivar tolerated_extensions: outputs that may come unasked; ``credProtect`` does, because browsers
        ask for it by themselves when a discoverable credential is made.
    """

    rp_id: str
    rp_name: str
    origins: frozenset[str]
    algorithms: tuple[int, ...] = (-7, -8, -257)
    user_verification: bool = True
    attestation: Literal["none", "indirect", "direct", "enterprise"] = "none"
    attestation_required: bool = False
    attestation_rules: AttestationRules = AttestationRules()
    trust: AttestationTrust | None = None
    allow_synced: bool = True
    allow_cross_origin: bool = False
    top_origins: frozenset[str] = frozenset()
    lifetime: timedelta = timedelta(minutes=5)
    hints: tuple[str, ...] = ("client-device",)
    attachment: Literal["platform", "cross-platform"] | None = None
    tolerated_extensions: frozenset[str] = frozenset({"credProtect"})

    def __post_init__(self) -> None:
        """Refuse a policy that could not work or would not protect.

        :raises ConfigurationError: ``webauthn_policy_invalid``.
        """
        if not self.origins:
            raise _invalid("no origin is allowed")
        for origin in self.origins:
            _check_origin(origin, self.rp_id)
        unknown = [number for number in self.algorithms if number not in SUPPORTED_ALGORITHMS]
        if unknown or not self.algorithms:
            raise _invalid(f"algorithms not supported: {unknown}")
        if self.attestation_required and (self.trust is None or self.attestation == "none"):
            raise _invalid("required attestation needs attestation='direct' and a trust source")
        if self.lifetime <= timedelta(0):
            raise _invalid("the lifetime must be positive")


def _invalid(detail: str) -> ConfigurationError:
    return ConfigurationError("webauthn_policy_invalid", detail=detail)


def _check_origin(origin: str, rp_id: str) -> None:
    """An origin as a browser serialises it, whose host may use ``rp_id`` (WebAuthn L3 §5.1.3: the
    RP ID is the host or a registrable suffix of it); native applications have opaque ones.
    """
    if origin.startswith("android:apk-key-hash:"):
        return
    try:
        parts = urlsplit(origin)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _invalid(f"not an origin: {origin!r}") from None
    usual = {"https": 443, "http": 80}
    written = host if port is None else f"{host}:{port}"
    if f"{parts.scheme}://{written}" != origin or port == usual.get(parts.scheme, port):
        raise _invalid(f"not as a browser writes an origin: {origin!r}")
    local = host == "localhost" or host.endswith(".localhost")
    if parts.scheme == "http" and not local:
        raise _invalid(f"not a secure context: {origin!r}")
    if host != rp_id and not host.endswith("." + rp_id):
        raise _invalid(f"{origin!r} cannot use the RP ID {rp_id!r}")
