"""Trust lists, catalogues and contexts: strict, dated, authentic."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hkeid.kernel.errors import ConfigurationError, MalformedInput
from hkeid.signing.legal import (
    COMMON_LAW,
    LegalContext,
    Requirement,
    SignatureFacts,
    parse_exclusions,
    read_trust_list,
    shipped_exclusions,
    shipped_trust_list,
)
from hkeid.signing.legal.periods import Period, Window, held, without
from hkeid.testing.cap553 import (
    GUANGDONG_POLICY,
    RECOGNISED_KEY,
    SIGNED,
    SUSPENDED_KEY,
    specimen_certificate,
    specimen_trust_list,
    specimen_trust_list_file,
)

FILE = specimen_trust_list_file()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _pem(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


# --- authenticity ----------------------------------------------------------------------------------


def test_a_list_by_its_hash() -> None:
    trust_list = read_trust_list(FILE, sha256=f" {_digest(FILE).upper()}\n")
    assert trust_list.digest == _digest(FILE)
    assert trust_list.label == f"SPECIMEN-1 sha256:{_digest(FILE)}"
    with pytest.raises(ConfigurationError, match="trust_list_hash_wrong"):
        read_trust_list(FILE + b"\n", sha256=_digest(FILE))


def test_a_list_by_its_keepers_signature() -> None:
    edwards, curve = ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())
    for pem, signature in [
        (_pem(edwards), edwards.sign(FILE)),
        (_pem(curve), curve.sign(FILE, ec.ECDSA(SHA256()))),
    ]:
        assert read_trust_list(FILE, signature=signature, public_key=pem).version == "SPECIMEN-1"
        for content, wrong in [(FILE + b" ", signature), (FILE, signature[:-1]), (FILE, b"")]:
            with pytest.raises(ConfigurationError, match="trust_list_signature_wrong"):
                read_trust_list(content, signature=wrong, public_key=pem)


def test_hash_and_signature_are_both_held_to() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    with pytest.raises(ConfigurationError, match="trust_list_signature_wrong"):
        read_trust_list(FILE, sha256=_digest(FILE), signature=b"x" * 64, public_key=_pem(key))
    with pytest.raises(ConfigurationError, match="trust_list_hash_wrong"):
        read_trust_list(FILE, sha256="00", signature=key.sign(FILE), public_key=_pem(key))


def test_a_list_from_nowhere_is_refused() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    for arguments in (
        {},
        {"signature": key.sign(FILE)},
        {"sha256": _digest(FILE), "public_key": _pem(key)},
    ):
        with pytest.raises(ConfigurationError, match="trust_list_unauthenticated"):
            read_trust_list(FILE, **arguments)


@pytest.mark.parametrize("pem", [b"", b"no key", _pem(rsa.generate_private_key(65537, 2048))])
def test_other_keys_are_refused(pem: bytes) -> None:
    with pytest.raises(ConfigurationError, match="trust_list_key_unsupported"):
        read_trust_list(FILE, signature=b"x", public_key=pem)


# --- schema ----------------------------------------------------------------------------------------

_SWAPS = [
    (b"schema = 1", b"schema = 2"),
    (b"schema = 1", b"schema = true"),
    (b"schema = 1", b""),
    (b"complete = false", b'complete = "no"'),
    (b"as_of = 2026-05-01", b"as_of = 2026-05-01T00:00:00"),
    (b"as_of = 2026-05-01", b'as_of = "2026-05-01"'),
    (b"as_of = 2026-05-01", b"as_of = 2027-05-01"),
    (b'keeper = "hkeid.testing"', b'keeper = " "'),
    (b'keeper = "hkeid.testing"', b'keeper = "x"\nblessed = true'),
    (RECOGNISED_KEY.encode(), RECOGNISED_KEY.upper().encode()),
    (RECOGNISED_KEY.encode(), RECOGNISED_KEY[:40].encode()),
    (RECOGNISED_KEY.encode(), SUSPENDED_KEY.encode()),
    (b'id = "suspended"', b'id = "one"'),
    (b'policy = "2.16', b'policy = "2.016'),
    (b'use = "general"', b'use = "everything"'),
    (b'policies = ["1.3.6.1.4.1.99999.1.1"]', b""),
    (b'policies = ["1.3.6.1.4.1.99999.1.1"]', b'policies = ["1.3.6.1.4.1.99999.1.1"]\nissuers = ["elsewhere"]'),
    (b"until = 2026-03-01", b"until = 2026-01-01"),
    (b'[[authorities.sources]]\nwhere = "invented"\nread = 2026-05-01\n', b""),
    (b'section = "s.34"', b"section = 34"),
    (b"reliance_limit_hkd = 200000", b"reliance_limit_hkd = -1"),
    (b"read = 2026-05-01", b"read = 2026-05-01T00:00:00Z"),
    (b"varying_nodes = 3", b'varying_nodes = "3"'),
    (b"keys = [", b"keys = [7, "),
    (b'version = "SPECIMEN-1"', b"version = \xff"),
    (b'version = "SPECIMEN-1"', b"version ="),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), _SWAPS, ids=[str(index) for index in range(len(_SWAPS))])
def test_a_list_that_breaks_the_schema_is_refused(old: bytes, new: bytes) -> None:
    assert old in FILE
    content = FILE.replace(old, new, 1)
    with pytest.raises(ConfigurationError, match="trust_list_malformed"):
        read_trust_list(content, sha256=_digest(content))


def test_dates_are_midnight_in_hong_kong() -> None:
    assert specimen_trust_list().as_of == datetime(2026, 4, 30, 16, tzinfo=UTC)


def test_a_revocation_of_recognition_has_its_day() -> None:
    content = FILE.replace(b'section = "s.34"', b'section = "s.34"\nrevoked_from = 2026-01-01', 1)
    found = read_trust_list(content, sha256=_digest(content)).authorities[0].recognition
    assert [period.end for period in found.periods] == [datetime(2025, 12, 31, 16, tzinfo=UTC)]


# --- what is shipped -------------------------------------------------------------------------------


def test_the_shipped_list_claims_little() -> None:
    shipped = shipped_trust_list()
    assert not shipped.complete
    assert all(not issuer.keys for _, issuer in shipped.issuers())
    for authority in shipped.authorities:
        assert authority.recognition.counsel
        for recognition in (authority.recognition, *(kind.recognition for kind in authority.types)):
            assert all(source.where.startswith("http") for source in recognition.sources)
    assert shipped.authorities[0].recognition.section == "s.34"


def test_the_shipped_catalogue_has_the_schedules() -> None:
    shipped = shipped_exclusions()
    items = {kind.item for kind in shipped.document_types.values()} - {None}
    assert items == set(range(1, 14))
    assert len(shipped.proceedings) == 11
    assert not shipped.ordinances


# --- policies of mutual recognition ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "marked"),
    [
        (GUANGDONG_POLICY, True),
        (f"{GUANGDONG_POLICY}.2012.1.0", True),
        (f"{GUANGDONG_POLICY}.2018.1.1", True),
        (f"{GUANGDONG_POLICY}.2018.1.1.9", False),
        (f"{GUANGDONG_POLICY}0.2018.1.1", False),
        ("2.16.344.8.2.2008.810.3.2018.1.1", False),
        ("2.16.344.8.2.2008.810", False),
    ],
)
def test_the_last_three_nodes_do_not_count(policy: str, marked: bool) -> None:
    certificate = specimen_certificate(policies=frozenset({"1.2.3", policy}))
    for trust_list in (specimen_trust_list(), shipped_trust_list()):
        assert trust_list.arrangements[0].marks(certificate) is marked


# --- an operator's own catalogue -------------------------------------------------------------------

_CATALOGUE = b"""
schema = 1
version = "own"
sources = ["own"]
schedule_2 = []
[[schedule_1]]
item = 1
matter = "wills"
[[document_types]]
code = "will"
item = 1
[[ordinances]]
chapter = "112"
excluded = true
[[ordinances]]
chapter = "622"
excluded = false
counsel = "not sure"
"""


def test_an_own_catalogue() -> None:
    own = parse_exclusions(_CATALOGUE)
    assert own.ordinances["112"].excluded
    assert own.ordinances["622"].counsel == "not sure"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"schema = 1", b"schema = 7"),
        (b'sources = ["own"]', b"sources = []"),
        (b'code = "will"\nitem = 1', b'code = "will"\nitem = 2'),
        (b'chapter = "622"', b'chapter = "112"'),
        (b"excluded = true", b"excluded = 1"),
        (b'matter = "wills"', b""),
        (b"schedule_2 = []", b"schedule_2 = {}"),
        (b"schedule_2 = []", b"schedule_2 = []\nextra = 1"),
    ],
)
def test_a_catalogue_that_breaks_the_schema_is_refused(old: bytes, new: bytes) -> None:
    assert old in _CATALOGUE
    with pytest.raises(ConfigurationError, match="exclusions_malformed"):
        parse_exclusions(_CATALOGUE.replace(old, new, 1))


# --- contexts and facts ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "chapter"),
    [("112", "112"), ("Cap. 112", "112"), ("cap 112a", "112A"), ("第112章", "112"), (COMMON_LAW, COMMON_LAW)],
)  # fmt: skip
def test_chapters(text: str, chapter: str) -> None:
    assert LegalContext(ordinance=text).ordinance == chapter


def test_a_context_out_of_json() -> None:
    members = {
        "government_party": True,
        "requirements": ["signature", "writing"],
        "ordinance": "112",
        "amount_hkd": 5,
    }
    context = LegalContext.from_mapping({**members, "recipient_consents": None})
    assert context.requirements == (Requirement.SIGNATURE, Requirement.WRITING)
    assert (context.government_party, context.recipient_consents, context.amount_hkd) == (
        True,
        None,
        5,
    )


@pytest.mark.parametrize(
    ("members", "reason", "field"),
    [
        ({"goverment_party": True}, "context_member_unknown", "goverment_party"),
        ({"government_party": "yes"}, "context_member_malformed", "government_party"),
        ({"government_party": 1}, "context_member_malformed", "government_party"),
        ({"amount_hkd": True}, "context_member_malformed", "amount_hkd"),
        ({"amount_hkd": -1}, "amount_negative", "amount_hkd"),
        ({"ordinance": "Companies Ordinance"}, "ordinance_malformed", "ordinance"),
        ({"requirements": []}, "requirements_malformed", "requirements"),
        ({"requirements": None}, "requirements_malformed", "requirements"),
        ({"requirements": ["seal"]}, "requirements_malformed", "requirements"),
        ({"requirements": ["writing", "writing"]}, "requirements_malformed", "requirements"),
    ],
)
def test_contexts_that_are_refused(members: dict[str, object], reason: str, field: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        LegalContext.from_mapping(members)
    assert (refused.value.reason, refused.value.field) == (reason, field)


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda: SignatureFacts(proved_time=datetime(2026, 1, 1)), "time_without_zone"),
        (lambda: specimen_certificate(not_after=datetime(2027, 1, 1)), "time_without_zone"),
        (
            lambda: specimen_certificate(not_after=datetime(2001, 1, 1, tzinfo=UTC)),
            "facts_inconsistent",
        ),
        (
            lambda: SignatureFacts(proved_time=SIGNED, not_earlier_than=SIGNED.replace(year=2027)),
            "facts_inconsistent",
        ),
    ],
)
def test_facts_that_are_refused(build: Callable[[], object], reason: str) -> None:
    with pytest.raises(MalformedInput, match=reason):
        build()


# --- periods ---------------------------------------------------------------------------------------


def _day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


def test_gaps_are_taken_out() -> None:
    whole = Period(_day(2), _day(20))
    gaps = [
        Period(_day(1), _day(3)),
        Period(_day(5), _day(7)),
        Period(_day(6), _day(8)),
        Period(_day(18)),
    ]
    assert without(whole, gaps) == (Period(_day(3), _day(5)), Period(_day(8), _day(18)))
    assert without(whole, [Period(_day(1), _day(30))]) == ()
    assert without(whole, [Period(_day(21), _day(22))]) == (whole,)


@pytest.mark.parametrize(
    ("first", "last", "answer"),
    [(3, 4, True), (3, 5, None), (4, 9, None), (5, 7, False), (1, 2, False), (1, 3, None), (8, 8, True)],
)  # fmt: skip
def test_what_held_in_a_window(first: int, last: int, answer: bool | None) -> None:
    periods = (Period(_day(3), _day(5)), Period(_day(8), _day(18)))
    assert held(periods, Window(_day(first), _day(last))) is answer
