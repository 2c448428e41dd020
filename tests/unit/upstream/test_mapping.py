"""Attributes by table: what comes out, what is dropped and why, and which tables are refused."""

from __future__ import annotations

import pickle
import tomllib

import pytest

from hkeid.kernel.errors import ConfigurationError
from hkeid.oidc.errors import ErrorCode
from hkeid.upstream import AttributeMapping, Attributes, UpstreamMalformed, UpstreamRefused
from hkeid.upstream.mapping import NEVER_MAPPED

SAMPLE = Attributes(
    {
        "mail": ("a@example.hk", "b@example.hk"),
        "sn": ("CHAN",),
        "givenName": ("Tai Man",),
        "dob": ("12/04/1985",),
        "sex": ("M",),
        "dn": ("CN=CHAN,EMPNO=E-17,O=Specimen",),
        "empty": (),
        "blank": ("  ",),
        "evil": ("a\x00b",),
        "unread": ("x",),
    }
)


def mapping(text: str, **options: object) -> AttributeMapping:
    return AttributeMapping.read(tomllib.loads(text)["attributes"], **options)  # type: ignore[arg-type]


TABLE = """
[[attributes]]
claim = "email"
from = "mail"
[[attributes]]
claim = "name"
join = ["sn", "givenName"]
separator = ", "
[[attributes]]
claim = "birthdate"
first = ["dateOfBirth", "dob"]
date = "DD/MM/YYYY"
[[attributes]]
claim = "gender"
from = "sex"
values = { M = "male", F = "female" }
[[attributes]]
claim = "employee_number"
from = "dn"
after = "EMPNO="
before = ","
[[attributes]]
claim = "organisation"
constant = "Specimen"
"""


def test_the_six_forms_of_a_rule() -> None:
    assert dict(mapping(TABLE).apply(SAMPLE)) == {
        "email": ("a@example.hk", "b@example.hk"),
        "name": ("CHAN, Tai Man",),
        "birthdate": ("1985-04-12",),
        "gender": ("male",),
        "employee_number": ("E-17",),
        "organisation": ("Specimen",),
    }


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ('from = "absent"', "attribute_missing"),
        ('from = "empty"', "attribute_missing"),
        ('first = ["absent", "empty"]', "attribute_missing"),
        ('join = ["sn", "absent"]', "attribute_missing"),
        ('from = "blank"', "value_empty"),
        ('from = "evil"', "value_has_control_characters"),
        ('from = "dn"\nafter = "NOT="', "value_not_found_between_marks"),
        ('from = "dn"\nbefore = ";"', "value_not_found_between_marks"),
        ('from = "dn"\nafter = "Specimen"', "value_empty"),
        ('from = "dob"\ndate = "YYYY-MM-DD"', "value_not_a_date"),
        ('from = "sn"\nvalues = { M = "male" }', "value_not_in_table"),
    ],
)
def test_a_dry_run_says_what_was_dropped_and_why(rule: str, why: str) -> None:
    table = mapping(f'[[attributes]]\nclaim = "claim"\n{rule}\n')
    report = table.dry_run(SAMPLE)
    assert [one.why for one in report.dropped] == [why]
    assert "claim" not in report.claims
    assert dict(table.apply(SAMPLE)) == {}


def test_a_dry_run_names_what_nobody_reads() -> None:
    report = mapping(TABLE).dry_run(SAMPLE)
    assert report.unread == ("blank", "empty", "evil", "unread")
    assert report.refused == ()


def test_a_required_claim_that_is_missing_lets_nobody_in() -> None:
    table = mapping('[[attributes]]\nclaim = "email"\nfrom = "absent"\nrequired = true\n')
    assert [one.claim for one in table.dry_run(SAMPLE).refused] == ["email"]
    with pytest.raises(UpstreamRefused) as caught:
        table.apply(SAMPLE)
    assert (caught.value.reason, caught.value.code) == (
        "attribute_required_missing",
        ErrorCode.ACCESS_DENIED,
    )
    assert caught.value.detail == "email: attribute_missing"


@pytest.mark.parametrize(
    ("form", "value", "came"),
    [
        ("YYYYMMDD", "19850412", "1985-04-12"),
        ("YYYYMMDD", "19850000", "1985"),
        ("YYYYMMDD", "19850400", "1985"),
        ("YYYYMMDD", "00000412", "0000-04-12"),
        ("DD-MM-YYYY", "12-04-1985", "1985-04-12"),
        ("DD.MM.YYYY", "12.04.1985", "1985-04-12"),
        ("YYYY-MM-DD", "1985-04-12", "1985-04-12"),
        ("YYYY-MM-DD", "1985", "1985"),
        ("epoch", "482097600", "1985-04-12"),
        ("epoch", "-1", "1970-01-01"),
        ("epoch", "9" * 12, None),
        ("epoch", "١", None),
        ("YYYYMMDD", "19851304", None),
        ("YYYYMMDD", "1985041２", None),
        ("DD/MM/YYYY", "4/12/1985", None),
        ("DD/MM/YYYY", "12/04/1985/1", None),
    ],
)
def test_date_forms(form: str, value: str, came: str | None) -> None:
    table = mapping(f'[[attributes]]\nclaim = "birthdate"\nfrom = "d"\ndate = "{form}"\n')
    assert table.apply(Attributes({"d": (value,)})).first("birthdate") == came


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ('claim = "email"\nform = "mail"', "did you mean 'from'?"),
        ('claim = "email"', "exactly one of"),
        ('claim = "email"\nfrom = "a"\nconstant = "b"', "exactly one of"),
        ('claim = "E mail"\nfrom = "a"', "no name of a claim"),
        ('from = "a"', "no name of a claim"),
        ('claim = "email"\nfrom = ["a"]', "from wants a text"),
        ('claim = "email"\nfirst = "a"', "is no list"),
        ('claim = "email"\nfirst = []', "is no list"),
        ('claim = "email"\nfirst = [1]', "wants texts"),
        ('claim = "email"\nfrom = "a"\nseparator = ","', "goes with join"),
        ('claim = "email"\nfrom = "a"\ndate = "MM/DD/YYYY"', "date is one of"),
        ('claim = "email"\nconstant = "a"\ndate = "epoch"', "a constant is not changed"),
        ('claim = "email"\nfrom = "a"\nafter = ""', "after wants a text"),
        ('claim = "email"\nfrom = "a"\nvalues = { M = 1 }', "no table of texts"),
        ('claim = "email"\nfrom = "a"\nrequired = "yes"', "true or false"),
        ('claim = "emial"\nfrom = "a"', "did you mean 'email'?"),
    ],
)
def test_a_table_that_is_wrong_is_refused_with_what_to_change(rule: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        mapping(f"[[attributes]]\n{rule}\n", known={"email", "name"})
    assert caught.value.reason == "mapping_table_invalid"
    assert complaint in str(caught.value.detail)


def test_a_claim_has_one_rule() -> None:
    with pytest.raises(ConfigurationError) as caught:
        mapping(
            '[[attributes]]\nclaim = "a"\nfrom = "x"\n[[attributes]]\nclaim = "a"\nfrom = "y"\n'
        )
    assert "has a rule already" in str(caught.value.detail)


@pytest.mark.parametrize("claim", sorted(NEVER_MAPPED))
def test_no_upstream_writes_claims_about_the_login(claim: str) -> None:
    with pytest.raises(ConfigurationError):
        mapping(f'[[attributes]]\nclaim = "{claim}"\nfrom = "a"\n')


def test_language_tags_belong_to_a_claims_name() -> None:
    table = mapping('[[attributes]]\nclaim = "name#zh-Hant-HK"\nfrom = "sn"\n', known={"name"})
    assert table.apply(SAMPLE).first("name#zh-Hant-HK") == "CHAN"


def test_cutting_costs_no_more_than_the_value_is_long() -> None:
    """No pattern language: nothing that a value could make slow."""
    table = mapping('[[attributes]]\nclaim = "a"\nfrom = "x"\nafter = "aab"\nbefore = "c"\n')
    assert (
        table.dry_run(Attributes({"x": ("a" * 60_000,)})).dropped[0].why
        == "value_not_found_between_marks"
    )


def test_attributes_do_not_print_change_or_leave_by_pickle() -> None:
    assert (
        repr(SAMPLE) == "Attributes(blank, dn, dob, empty, evil, givenName, mail, sex, sn, unread)"
    )
    assert "CHAN" not in f"{SAMPLE} {SAMPLE!r}"
    with pytest.raises(TypeError):
        SAMPLE["sn"] = ("x",)  # type: ignore[index]
    with pytest.raises(TypeError):
        pickle.dumps(SAMPLE)
    assert Attributes({"a": ["b"]}) == Attributes({"a": ("b",)})
    assert len({Attributes({"a": ["b"]}), Attributes({"a": ("b",)})}) == 1


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({str(number): ("x",) for number in range(201)}, "attributes_too_many"),
        ({"a": ("x",) * 201}, "attributes_too_many"),
        ({"a": ("x" * 65_537,)}, "attribute_too_long"),
    ],
)
def test_attributes_have_bounds(values: dict[str, tuple[str, ...]], reason: str) -> None:
    with pytest.raises(UpstreamMalformed) as caught:
        Attributes(values)
    assert caught.value.reason == reason
