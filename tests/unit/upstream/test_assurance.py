"""Law 7 as a table: an upstream's word is worth a rung, never one above."""

from __future__ import annotations

import tomllib

import pytest

from hkeid.identity.assurance import Acr
from hkeid.kernel.errors import ConfigurationError
from hkeid.oidc.errors import ErrorCode
from hkeid.upstream import AssuranceTable, UpstreamRefused
from hkeid.upstream.iam_smart.assurance import Method, amr_of, authentication_word
from hkeid.upstream.iam_smart.settings import DEFAULT_ASSURANCE

TABLE = """
default = "urn:hkeid:acr:eid"
[values]
"urn:example:mfa" = "urn:hkeid:acr:eid-bound"
"urn:example:card" = "urn:hkeid:acr:eid-plus"
"""


def test_values_are_compared_letter_by_letter_and_others_get_the_default() -> None:
    table = AssuranceTable.read(tomllib.loads(TABLE))
    assert table.rung("urn:example:mfa") is Acr.EID_BOUND
    for other in (
        None,
        "",
        "URN:EXAMPLE:MFA",
        "urn:example:mfa ",
        "urn:hkeid:acr:eid-plus-attested",
    ):
        assert table.rung(other) is Acr.EID


def test_without_a_default_the_unknown_is_refused() -> None:
    table = AssuranceTable.read({"values": {"x": "urn:hkeid:acr:eid"}})
    for other in (None, "y"):
        with pytest.raises(UpstreamRefused) as caught:
            table.rung(other)
        assert caught.value.reason == "upstream_acr_unknown"
        assert caught.value.code is ErrorCode.UNMET_AUTHENTICATION_REQUIREMENTS


def test_what_to_ask_for() -> None:
    table = AssuranceTable.read(tomllib.loads(TABLE))
    assert table.asking(None) == ()
    assert table.asking(Acr.EID) == ("urn:example:mfa", "urn:example:card")
    assert table.asking(Acr.EID_PLUS) == ("urn:example:card",)
    assert table.reaches(Acr.EID_PLUS)
    assert not table.reaches(Acr.EID_PLUS_ATTESTED)
    assert not AssuranceTable().reaches(Acr.EID)


def test_what_no_answer_could_be_worth_is_not_asked_for() -> None:
    table = AssuranceTable(values={"mfa": Acr.EID_BOUND})
    table.require_reach(None)
    table.require_reach(Acr.EID_BOUND)
    with pytest.raises(UpstreamRefused) as caught:
        table.require_reach(Acr.EID_PLUS)
    assert (caught.value.reason, caught.value.code) == (
        "upstream_acr_out_of_reach",
        ErrorCode.UNMET_AUTHENTICATION_REQUIREMENTS,
    )


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ({"defualt": "refuse"}, "did you mean 'default'?"),
        ({"default": "urn:hkeid:acr:eid-bound"}, "the lowest rung"),
        ({"default": "high"}, "is no rung"),
        ({"values": {"x": "high"}}, "is no rung"),
        ({"values": {"x": "urn:hkeid:acr:eid-plus-attested"}}, "above the ceiling"),
        ({"values": {"": "urn:hkeid:acr:eid"}}, "above the ceiling"),
        (
            {"ceiling": "urn:hkeid:acr:eid", "values": {"x": "urn:hkeid:acr:eid-bound"}},
            "above the ceiling",
        ),
        ({"values": "x"}, "no table of texts"),
    ],
)
def test_a_table_that_promises_too_much_is_refused(
    table: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        AssuranceTable.read(table)
    assert caught.value.reason == "assurance_table_invalid"
    assert complaint in str(caught.value.detail)


def test_the_topmost_rung_has_to_be_meant() -> None:
    top = "urn:hkeid:acr:eid-plus-attested"
    assert (
        AssuranceTable.read({"ceiling": top, "values": {"x": top}}).rung("x")
        is Acr.EID_PLUS_ATTESTED
    )


def test_iam_smart_reaches_the_chip_only_by_tapping_it() -> None:
    """FIDO alone → at most ``eid``; with the card tapped and a signing account → at most ``eid-plus``."""
    every = [
        frozenset({Method.FIDO, *more})
        for more in ((), (Method.FACE,), (Method.NFC,), (Method.FACE, Method.NFC))
    ]
    for methods in every:
        for signs in (False, True):
            if methods == set(Method) and not signs:
                continue
            rung = DEFAULT_ASSURANCE.rung(authentication_word(methods, signs=signs))
            chip = Method.NFC in methods and signs
            assert rung is (Acr.EID_PLUS if chip else Acr.EID)
    assert amr_of(frozenset(Method)) == ("hwk", "user", "face", "sc")
