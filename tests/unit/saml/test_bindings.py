"""Redirect and POST encodings: honest values of other implementations, strictness, limits."""

from __future__ import annotations

import zlib
from base64 import b64encode
from urllib.parse import quote, quote_plus, unquote

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from hkeid.kernel.errors import HkeidError
from hkeid.saml.dsig import (
    MESSAGE_LIMITS,
    NotWritable,
    Reason,
    XmlSigner,
    decode_post,
    encode_post,
    read_redirect,
    write,
    write_redirect,
)
from hkeid.testing.saml_specimens import SpecimenPeer, authn_request, logout_response

PEER = SpecimenPeer()
MESSAGE = write(authn_request())
KEY = ec.generate_private_key(ec.SECP256R1())
SIGNER = XmlSigner.from_key(KEY)


def reason(act: object, *arguments: object, **named: object) -> str:
    with pytest.raises(HkeidError) as caught:
        act(*arguments, **named)  # type: ignore[operator]
    return caught.value.reason


def deflated(octets: bytes) -> str:
    stream = zlib.compressobj(wbits=-15)
    return b64encode(stream.compress(octets) + stream.flush()).decode()


@pytest.mark.parametrize("signer", [SIGNER, PEER.signer], ids=["ecdsa", "rsa"])
def test_there_and_back(signer: XmlSigner) -> None:
    query = read_redirect(write_redirect(MESSAGE, "SAMLRequest", relay_state="r", signer=signer))
    assert (query.parameter, query.message, query.relay_state) == ("SAMLRequest", MESSAGE, "r")
    signed = query.verify([KEY.public_key(), *PEER.keys])
    assert (signed.octets, signed.id) == (MESSAGE, "_request")
    assert reason(query.unsigned) == Reason.SIGNATURE_UNCHECKED


def test_unsigned() -> None:
    query = read_redirect(write_redirect(write(logout_response()), "SAMLResponse"))
    assert query.unsigned().tag.endswith("}LogoutResponse")
    assert (query.relay_state, query.signature) == (None, None)
    assert reason(query.verify, PEER.keys) == Reason.UNSIGNED


@pytest.mark.parametrize("escape", [quote, quote_plus, lambda text: quote(text, safe="/:+=")])
def test_octets_are_taken_as_they_came(escape: object) -> None:
    """Senders escape differently, also in small letters; each verifies over what it sent."""
    assert callable(escape)
    query = f"SAMLRequest={escape(deflated(MESSAGE))}&RelayState={escape('a b/ü:')}"
    query += f"&SigAlg={escape(SIGNER.algorithm).replace('%3A', '%3a')}"
    signature = b64encode(SIGNER.sign(query.encode())).decode()
    found = read_redirect(f"{query}&Signature={escape(signature)}&lang=zh-Hant&x")
    assert found.relay_state == "a b/ü:"
    assert found.verify([KEY.public_key()]).octets == MESSAGE


def test_the_order_of_the_parameters_is_that_of_the_specification() -> None:
    """What is signed is put together in the order of saml-bindings §3.4.4.1, wherever each stood."""
    query = write_redirect(MESSAGE, "SAMLRequest", relay_state="r", signer=SIGNER)
    turned = "&".join(reversed(query.split("&")))
    assert read_redirect(f"provider=x&{turned}").verify([KEY.public_key()])


def test_an_empty_relay_state_is_not_none() -> None:
    signed = write_redirect(MESSAGE, "SAMLRequest", relay_state="", signer=SIGNER)
    assert read_redirect(signed).relay_state == ""
    without = signed.replace("RelayState=&", "")
    assert reason(read_redirect(without).verify, [KEY.public_key()]) == Reason.SIGNATURE_INVALID


@given(st.text(max_size=100))
def test_relay_state_comes_back_as_it_went(relay_state: str) -> None:
    try:
        fits = len(relay_state.encode()) <= 80
    except UnicodeEncodeError:
        return
    if not fits:
        with pytest.raises(NotWritable):
            write_redirect(MESSAGE, "SAMLRequest", relay_state=relay_state)
        return
    query = read_redirect(
        write_redirect(MESSAGE, "SAMLRequest", relay_state=relay_state, signer=SIGNER)
    )
    assert query.relay_state == relay_state
    assert query.verify([KEY.public_key()])


@given(st.text(alphabet="&=%+SAMLRequestSigalRelayState[];0aA ", max_size=60))
def test_any_query_gets_our_answer(query: str) -> None:
    try:
        read_redirect(query)
    except HkeidError as error:
        assert error.reason in set(Reason)
    else:
        raise AssertionError("there was no message in it")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SAMLRequest=" + "A" * 200_000, Reason.TOO_LARGE),
        ("SAMLRequest=%zz", Reason.PARAMETER_REFUSED),
        ("SAMLRequest=", Reason.BASE64),
        ("SAMLRequest", Reason.BASE64),
        (f"SAMLRequest={quote(deflated(MESSAGE))}&RelayState=%ff", Reason.PARAMETER_REFUSED),
        (f"SAMLRequest={quote(deflated(MESSAGE))}&RelayState=" + "r" * 1025, Reason.PARAMETER_REFUSED),
        (f"SAMLRequest={quote(deflated(MESSAGE))}&SigAlg=&Signature=AA%3D%3D", "later"),
    ],
)  # fmt: skip
def test_queries_that_are_none(query: str, expected: str) -> None:
    if expected == "later":
        assert reason(read_redirect(query).verify, PEER.keys) == Reason.ALGORITHM_REFUSED
    else:
        assert reason(read_redirect, query) == expected


def test_post_there_and_back() -> None:
    assert decode_post(encode_post(MESSAGE)) == MESSAGE
    lines = "\r\n".join(encode_post(MESSAGE)[at : at + 76] for at in range(0, 4000, 76)).strip()
    assert decode_post(lines) == MESSAGE


@pytest.mark.parametrize(
    "value",
    [
        "", "A", "AA", "AAA", "AA=", "A===", "QUJD=", "QUJD====", "QQ==QQ==", "QR==", "QUJ", "QU JD", "QUJD\t",
        "-_-_", "QUJD!", "\uff31UJD", "QUJD\0", "%51UJD", "=QUJD",
    ],
)  # fmt: skip
def test_what_merely_resembles_base64(value: str) -> None:
    assert reason(decode_post, value) == Reason.BASE64


def test_post_has_a_limit() -> None:
    large = MESSAGE_LIMITS.octets + 1
    assert reason(decode_post, encode_post(bytes(large))) == Reason.TOO_LARGE
    assert reason(decode_post, "\n" * (2 * large)) == Reason.TOO_LARGE


def test_unquoted_is_what_a_reader_of_the_query_sees() -> None:
    query = write_redirect(MESSAGE, "SAMLRequest", relay_state="a&b=c")
    assert unquote(query.partition("RelayState=")[2]) == "a&b=c"
