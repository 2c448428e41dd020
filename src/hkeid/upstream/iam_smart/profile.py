"""Profile and e-ME fields as attributes.

What the card says (five fields) iAM Smart has verified; e-ME fields are the person's own statement, and a
Chinese name counts as verified only where ``chNameVerified`` stands beside it. So the attributes keep
their names and the mapping decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from hkeid.identity.hkic_number import HkicNumber
from hkeid.kernel.errors import MalformedInput
from hkeid.upstream.attributes import Attributes
from hkeid.upstream.errors import UpstreamMalformed, UpstreamMisbehaved
from hkeid.upstream.mapping import AttributeMapping

PROFILE_FIELDS: Final = frozenset(
    {"idNo", "enName", "chName", "chNameVerified", "birthDate", "gender"}
)
EME_FIELDS: Final = frozenset(
    {
        "prefix",
        "maritalStatus",
        "educationLevel",
        "homeTelNumber",
        "officeTelNumber",
        "mobileNumber",
        "emailAddress",
        "residentialAddress",
        "postalAddress",
        "addressDocInfo",
        "addressDocFile",
    }
)
_LONGEST: Final = 2_000
_DEEPEST: Final = 8
_HONG_KONG: Final = "852"


def read_profile(content: Mapping[str, Any], asked: Iterable[str]) -> Attributes:
    """The fields that were asked for; others are dropped, whatever came.

    ``idNo`` becomes ``A123456(3)``, telephone numbers ``+85212345678``, addresses lines from the small to the
    large; what is absent or empty is left out.

    :raises UpstreamMalformed: ``profile_field_malformed``; the error names the field.
    :raises UpstreamMisbehaved: ``profile_number_wrong``: the check character does not belong to the number.
    """
    wanted = set(asked)
    if "chName" in wanted:
        wanted.add("chNameVerified")
    found: dict[str, tuple[str, ...]] = {}
    for name in sorted(wanted & (PROFILE_FIELDS | EME_FIELDS)):
        value = content.get(name)
        if value in (None, "", {}):
            continue
        found[name] = tuple(_READERS.get(name, _plain)(name, value))
    return Attributes({name: values for name, values in found.items() if values})


def default_mapping() -> AttributeMapping:
    """The mapping where an operator gives none: identity as verified, e-ME by name."""
    return AttributeMapping.read(
        [
            {"claim": "hkic_number", "from": "idNo"},
            {"claim": "name", "from": "enName"},
            {"claim": "name#zh-Hant-HK", "first": ["chNameVerified"]},
            {"claim": "birthdate", "from": "birthDate", "date": "YYYYMMDD"},
            {"claim": "gender", "from": "gender", "values": {"M": "male", "F": "female"}},
            {"claim": "phone_number", "from": "mobileNumber"},
            {"claim": "email", "from": "emailAddress"},
        ]
    )


def _refuse(name: str) -> UpstreamMalformed:
    return UpstreamMalformed("profile_field_malformed", field=name)


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise _refuse(name)
    return value


def _plain(name: str, value: Any) -> Iterator[str]:
    yield _text(name, value)


def _member(key: str) -> Callable[[str, Any], Iterator[str]]:
    def read(name: str, value: Any) -> Iterator[str]:
        if not isinstance(value, Mapping):
            raise _refuse(name)
        if text := _text(name, value.get(key, "")):
            yield text

    return read


def _number(name: str, value: Any) -> Iterator[str]:
    """``{Identification, CheckDigit}``, which stay apart until the check character is checked."""
    if not isinstance(value, Mapping):
        raise _refuse(name)
    try:
        number = HkicNumber(
            _text(name, value.get("Identification", "")).strip().upper(),
            _text(name, value.get("CheckDigit", "")).strip().upper(),
        )
    except MalformedInput as error:
        if isinstance(error, UpstreamMalformed):
            raise
        raise UpstreamMisbehaved("profile_number_wrong", detail=error.reason) from None
    yield number.reveal()


def _telephone(name: str, value: Any) -> Iterator[str]:
    if not isinstance(value, Mapping):
        raise _refuse(name)
    country = _text(name, value.get("CountryCode", "")) or _HONG_KONG
    parts = [country] + [
        _text(name, value.get(key, "")) for key in ("NationalDestinationCode", "SubscriberNumber")
    ]
    digits = "".join(parts).replace(" ", "").replace("-", "").removeprefix("+")
    if not (digits.isascii() and digits.isdigit()) or not 5 <= len(digits) <= 15:
        raise _refuse(name)
    yield f"+{digits}"


def _lines(name: str, value: Any) -> Iterator[str]:
    """Every text of an address (Address Lookup Service schema or free lines), in one attribute."""
    if not isinstance(value, Mapping):
        raise _refuse(name)
    texts = list(_leaves(name, value, 0))
    if texts:
        yield ", ".join(reversed(texts) if "FreeFormatAddress" not in value else texts)


def _leaves(name: str, value: Any, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise _refuse(name)
    match value:
        case None | "":
            return
        case str():
            yield _text(name, value)
        case dict():
            for key, inner in value.items():
                if key != "LanguageCode":
                    yield from _leaves(name, inner, depth + 1)
        case list():
            for inner in value:
                yield from _leaves(name, inner, depth + 1)
        case _:
            raise _refuse(name)


_READERS: Final[Mapping[str, Callable[[str, Any], Iterator[str]]]] = {
    "idNo": _number,
    "enName": _member("UnstructuredName"),
    "chName": _member("ChineseName"),
    "homeTelNumber": _telephone,
    "officeTelNumber": _telephone,
    "mobileNumber": _telephone,
    "residentialAddress": _lines,
    "postalAddress": _lines,
    "addressDocInfo": _lines,
    # The bill itself is evidence, not an attribute: its hash says which one it was.
    "addressDocFile": _member("docHash"),
}
