"""Question and answer as they travel. Reading is strict: what is odd is no answer."""

from __future__ import annotations

import base64
import re
from typing import Any

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import HkeidError, MalformedInput
from hkeid.ports.documents import CardField
from hkeid.ports.faces import FaceBand
from hkeid.ports.registry import RegistryFinding, RegistryQuery, RegistryStatus

PATH = "/v1/checks"
PURPOSES = frozenset({"registration", "upgrade", "recovery", "recheck"})
LARGEST_PORTRAIT = 8 * 1024 * 1024
_PARTICULARS = (
    "hkic_number",
    "name_english",
    "name_chinese",
    "name_commercial_code",
    "birth_date",
    "sex",
)
_MEMBERS = frozenset({"status", "differing", "face", "reference"})
_REFERENCE = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_FIELDS = frozenset(field.value for field in CardField)


def write_query(query: RegistryQuery) -> bytes:
    """A question as JSON.

    :raises hkeid.kernel.errors.MalformedInput: ``registry_query_incomplete``.
    """
    texts = query.person.as_fields()
    if "hkic_number" not in texts or query.purpose not in PURPOSES:
        raise MalformedInput("registry_query_incomplete")
    body: dict[str, Any] = {name: texts[name] for name in _PARTICULARS if name in texts}
    body["purpose"] = query.purpose
    if query.issued is not None:
        body["issued"] = query.issued.isoformat()
    if query.portrait is not None:
        body["portrait"] = base64.b64encode(query.portrait).decode("ascii")
    return canonical_json.dumps(body)


def read_answer(body: bytes) -> RegistryFinding:
    """An answer from its JSON.

    :raises hkeid.kernel.errors.MalformedInput: ``registry_answer_malformed``.
    """
    try:
        said = canonical_json.loads_object(body)
        if set(said) != _MEMBERS:
            raise MalformedInput("registry_answer_malformed", detail="members")
        differing = said["differing"]
        reference = said["reference"]
        if (
            not isinstance(differing, list)
            or not _FIELDS.issuperset(differing)
            or len(set(differing)) != len(differing)
        ):
            raise MalformedInput("registry_answer_malformed", detail="differing")
        if not isinstance(reference, str) or _REFERENCE.fullmatch(reference) is None:
            raise MalformedInput("registry_answer_malformed", detail="reference")
        finding = RegistryFinding(
            status=RegistryStatus(said["status"]),
            differing=tuple(differing),
            face=FaceBand(said["face"]),
            reference=reference,
        )
    except HkeidError as error:
        raise MalformedInput("registry_answer_malformed", detail=error.detail) from None
    except (ValueError, TypeError):
        raise MalformedInput("registry_answer_malformed", detail="values") from None
    if finding.status is RegistryStatus.MATCH and finding.differing:
        raise MalformedInput("registry_answer_malformed", detail="a match that differs")
    return finding
