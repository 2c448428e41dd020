"""Query strings of the Redirect binding that must be refused."""

from __future__ import annotations

import re
import zlib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from hkeid.saml.dsig import MESSAGE_LIMITS, Reason, XmlSigner, write, write_redirect
from hkeid.testing.saml_specimens import (
    Kind,
    SignedWhere,
    SpecimenPeer,
    authn_request,
    logout_request,
    logout_response,
    response,
)

_ELEMENTS = {
    Kind.AUTHN_REQUEST: authn_request,
    Kind.LOGOUT_REQUEST: logout_request,
    Kind.LOGOUT_RESPONSE: logout_response,
    Kind.RESPONSE: response,
}
REDIRECT_KINDS = tuple(_ELEMENTS)
"""Those that travel so; a Response would be too long for most browsers, and is tried all the same."""


def parameter(kind: Kind) -> str:
    """The name under which a message of ``kind`` travels."""
    return "SAMLResponse" if "RESPONSE" in kind.name else "SAMLRequest"


def honest(peer: SpecimenPeer, kind: Kind, relay_state: str | None = "state ~&=+/ü") -> str:
    """A signed query."""
    name = "SAMLResponse" if parameter(kind) == "SAMLResponse" else "SAMLRequest"
    return write_redirect(
        write(_ELEMENTS[kind]()),
        name,  # type: ignore[arg-type]
        relay_state=relay_state,
        signer=peer.signer,
    )


@dataclass(frozen=True, slots=True)
class RedirectAttack:
    """One shape.

    :ivar make: the query, out of a peer and a kind of message.
    :ivar reason: why it is refused.
    """

    name: str
    make: Callable[[SpecimenPeer, Kind], str] = field(repr=False)
    reason: Reason


REDIRECT_ATTACKS: dict[str, RedirectAttack] = {}
_Make = Callable[[SpecimenPeer, Kind], str]


def _attack(reason: Reason) -> Callable[[_Make], _Make]:
    def enter(make: _Make) -> _Make:
        name = getattr(make, "__name__", "").removeprefix("_")
        REDIRECT_ATTACKS[name] = RedirectAttack(name, make, reason)
        return make

    return enter


def _deflated(octets: bytes) -> str:
    stream = zlib.compressobj(9, wbits=-15)
    return b64encode(stream.compress(octets) + stream.flush()).decode()


def _signed(peer: SpecimenPeer, query: str, signer: XmlSigner | None = None) -> str:
    """Signed as it should be, whatever it says."""
    signer = signer or peer.signer
    query += f"&SigAlg={quote(signer.algorithm, safe='')}"
    signature = b64encode(signer.sign(query.encode())).decode()
    return f"{query}&Signature={quote(signature, safe='')}"


def _value(query: str, name: str) -> str:
    found = re.search(rf"(?:^|&){name}=([^&]*)", query)
    if found is None:
        raise AssertionError(name)
    return found[1]


@_attack(Reason.TOO_LARGE)
def _deflate_bomb(peer: SpecimenPeer, kind: Kind) -> str:
    return _signed(peer, f"{parameter(kind)}={quote(_deflated(bytes(50_000_000)), safe='')}")


@_attack(Reason.TOO_LARGE)
def _one_byte_too_many(peer: SpecimenPeer, kind: Kind) -> str:
    packed = _deflated(b" " * (MESSAGE_LIMITS.octets + 1))
    return _signed(peer, f"{parameter(kind)}={quote(packed, safe='')}")


@_attack(Reason.DEFLATE)
def _bytes_after_the_stream(peer: SpecimenPeer, kind: Kind) -> str:
    stream = zlib.compressobj(wbits=-15)
    packed = stream.compress(write(_ELEMENTS[kind]())) + stream.flush() + b"more"
    return _signed(peer, f"{parameter(kind)}={quote(b64encode(packed), safe='')}")


@_attack(Reason.DEFLATE)
def _stream_cut_short(peer: SpecimenPeer, kind: Kind) -> str:
    stream = zlib.compressobj(wbits=-15)
    packed = (stream.compress(write(_ELEMENTS[kind]())) + stream.flush())[:-8]
    return _signed(peer, f"{parameter(kind)}={quote(b64encode(packed), safe='')}")


@_attack(Reason.DEFLATE)
def _not_deflated(peer: SpecimenPeer, kind: Kind) -> str:
    packed = b64encode(write(_ELEMENTS[kind]()))
    return _signed(peer, f"{parameter(kind)}={quote(packed, safe='')}")


@_attack(Reason.BASE64)
def _not_base64(peer: SpecimenPeer, kind: Kind) -> str:
    return honest(peer, kind).replace("=", "=%20", 1)


@_attack(Reason.BASE64)
def _url_safe_base64(peer: SpecimenPeer, kind: Kind) -> str:
    return _signed(peer, f"{parameter(kind)}=-_-_")


@_attack(Reason.PARAMETER_REPEATED)
def _message_twice(peer: SpecimenPeer, kind: Kind) -> str:
    query = honest(peer, kind)
    return f"{query}&{parameter(kind)}={_value(query, parameter(kind))}"


@_attack(Reason.PARAMETER_REPEATED)
def _other_message_first(peer: SpecimenPeer, kind: Kind) -> str:
    other = _deflated(write(logout_request()))
    return f"{parameter(kind)}={quote(other, safe='')}&{honest(peer, kind)}"


@_attack(Reason.PARAMETER_REPEATED)
def _request_and_response(peer: SpecimenPeer, kind: Kind) -> str:
    other = "SAMLRequest" if parameter(kind) == "SAMLResponse" else "SAMLResponse"
    packed = quote(_deflated(write(logout_request())), safe="")
    return f"{honest(peer, kind)}&{other}={packed}"


@_attack(Reason.PARAMETER_REPEATED)
def _relay_state_twice(peer: SpecimenPeer, kind: Kind) -> str:
    return f"{honest(peer, kind)}&RelayState=other"


@_attack(Reason.PARAMETER_REPEATED)
def _signature_twice(peer: SpecimenPeer, kind: Kind) -> str:
    return f"{honest(peer, kind)}&Signature=AAAA"


@_attack(Reason.PARAMETER_REPEATED)
def _algorithm_twice(peer: SpecimenPeer, kind: Kind) -> str:
    return f"{honest(peer, kind)}&SigAlg=urn%3Ax"


@_attack(Reason.PARAMETER_DISGUISED)
def _name_escaped(peer: SpecimenPeer, kind: Kind) -> str:
    return f"{honest(peer, kind)}&SAML%52equest=AAAA"


@_attack(Reason.PARAMETER_DISGUISED)
def _name_in_small_letters(peer: SpecimenPeer, kind: Kind) -> str:
    return f"{honest(peer, kind)}&relaystate=other"


@_attack(Reason.PARAMETER_DISGUISED)
def _name_with_space(peer: SpecimenPeer, kind: Kind) -> str:
    return f"{honest(peer, kind)}&+RelayState=other"


@_attack(Reason.PARAMETER_MISSING)
def _signature_without_algorithm(peer: SpecimenPeer, kind: Kind) -> str:
    return re.sub("&SigAlg=[^&]*", "", honest(peer, kind))


@_attack(Reason.PARAMETER_MISSING)
def _algorithm_without_signature(peer: SpecimenPeer, kind: Kind) -> str:
    return re.sub("&Signature=[^&]*", "", honest(peer, kind))


@_attack(Reason.PARAMETER_MISSING)
def _no_message(peer: SpecimenPeer, kind: Kind) -> str:
    return re.sub("^[^&]*&", "", honest(peer, kind))


@_attack(Reason.PARAMETER_REFUSED)
def _another_encoding(peer: SpecimenPeer, kind: Kind) -> str:
    return f"{honest(peer, kind)}&SAMLEncoding=urn%3Aexample"


@_attack(Reason.PARAMETER_REFUSED)
def _characters_outside_a_query(peer: SpecimenPeer, kind: Kind) -> str:
    return f"{honest(peer, kind, None)}&RelayState=<script>"


@_attack(Reason.SIGNATURE_INVALID)
def _encoded_again(peer: SpecimenPeer, kind: Kind) -> str:
    """The same values, escaped otherwise: what was signed is the query as it was sent."""
    query = honest(peer, kind)
    before, _, after = query.partition("&RelayState=")
    escaped = _value(query, "RelayState").replace("%20", "+", 1)
    return f"{before}&RelayState={escaped}&{after.partition('&')[2]}"


@_attack(Reason.SIGNATURE_INVALID)
def _escapes_in_small_letters(peer: SpecimenPeer, kind: Kind) -> str:
    query = honest(peer, kind)
    small = re.sub("%[0-9A-F]{2}", lambda one: one[0].lower(), _value(query, "SigAlg"))
    return query.replace(_value(query, "SigAlg"), small)


@_attack(Reason.SIGNATURE_INVALID)
def _relay_state_altered(peer: SpecimenPeer, kind: Kind) -> str:
    return re.sub("RelayState=[^&]*", "RelayState=other", honest(peer, kind))


@_attack(Reason.SIGNATURE_INVALID)
def _relay_state_removed(peer: SpecimenPeer, kind: Kind) -> str:
    return re.sub("&RelayState=[^&]*", "", honest(peer, kind))


@_attack(Reason.SIGNATURE_INVALID)
def _relay_state_added(peer: SpecimenPeer, kind: Kind) -> str:
    return f"{honest(peer, kind, None)}&RelayState=other"


@_attack(Reason.SIGNATURE_INVALID)
def _message_altered(peer: SpecimenPeer, kind: Kind) -> str:
    query = honest(peer, kind)
    other = quote_plus(_deflated(write(_ELEMENTS[kind]()).replace(b"example", b"invalid")))
    return query.replace(_value(query, parameter(kind)), other)


@_attack(Reason.SIGNATURE_INVALID)
def _request_as_response(peer: SpecimenPeer, kind: Kind) -> str:
    other = "SAMLRequest" if parameter(kind) == "SAMLResponse" else "SAMLResponse"
    return honest(peer, kind).replace(parameter(kind), other, 1)


@_attack(Reason.UNSIGNED)
def _signature_stripped(peer: SpecimenPeer, kind: Kind) -> str:
    return re.sub("&SigAlg=.*", "", honest(peer, kind))


@_attack(Reason.ALGORITHM_REFUSED)
def _rsa_sha1(peer: SpecimenPeer, kind: Kind) -> str:
    signer = XmlSigner.from_key(peer.key, algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1")
    message = quote(_deflated(write(_ELEMENTS[kind]())), safe="")
    return _signed(peer, f"{parameter(kind)}={message}", signer)


@_attack(Reason.ALGORITHM_REFUSED)
def _hmac_sha256(peer: SpecimenPeer, kind: Kind) -> str:
    uri = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
    return re.sub("SigAlg=[^&]*", f"SigAlg={quote(uri, safe='')}", honest(peer, kind))


@_attack(Reason.NO_KEY)
def _foreign_key(peer: SpecimenPeer, kind: Kind) -> str:
    message = quote(_deflated(write(_ELEMENTS[kind]())), safe="")
    return _signed(peer, f"{parameter(kind)}={message}", XmlSigner.from_key(peer.stranger))


@_attack(Reason.SIGNATURE_IN_REDIRECT)
def _signed_inside_as_well(peer: SpecimenPeer, kind: Kind) -> str:
    message = peer.specimen(kind, SignedWhere.MESSAGE).octets
    return _signed(peer, f"{parameter(kind)}={quote(_deflated(message), safe='')}")


@_attack(Reason.MESSAGE_KIND)
def _no_message_inside(peer: SpecimenPeer, kind: Kind) -> str:
    message = b'<x:y xmlns:x="urn:x"/>'
    return _signed(peer, f"{parameter(kind)}={quote(_deflated(message), safe='')}")


@_attack(Reason.DOCUMENT_TYPE)
def _document_type_inside(peer: SpecimenPeer, kind: Kind) -> str:
    message = b"<!DOCTYPE r>" + write(_ELEMENTS[kind]())
    return _signed(peer, f"{parameter(kind)}={quote(_deflated(message), safe='')}")
