"""Forms on the wire, as both sides know them: the authorization detail, the endpoint, the signed answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

FORM_DETAIL: Final = "urn:hkeid:form"
"""``type`` of the authorization detail (RFC 9396 §2)."""

FORM_ENDPOINT: Final = "hkeid_form_endpoint"
"""In the provider's metadata: the address below which forms are fetched, each by its id."""

FORM_PATH: Final = "/forms"

FORM_JWT: Final = "form+jwt"
"""``typ`` of a signed form: none is taken for an ID token (RFC 8725 §3.11)."""

MOST_FORMS: Final = 10
"""Forms in one request."""


def form_detail(forms: Mapping[str, Sequence[str] | None]) -> dict[str, Any]:
    """The detail that asks for ``forms``: by id the fields wanted, or None for all of them."""
    return {
        "type": FORM_DETAIL,
        "forms": [
            {"form": form} if fields is None else {"form": form, "fields": list(fields)}
            for form, fields in forms.items()
        ],
    }
