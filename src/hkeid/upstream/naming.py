"""How an upstream is called: in addresses, and by people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from hkeid.identity.language import Language
from hkeid.kernel.errors import ConfigurationError

_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


def check_identity(provider_id: str, names: Mapping[Language, str]) -> None:
    """Refuse an id that cannot stand in an address, and a name that a script lacks.

    :raises ConfigurationError: ``upstream_id_malformed``, ``upstream_name_missing``.
    """
    if _ID.fullmatch(provider_id) is None:
        raise ConfigurationError("upstream_id_malformed", detail=repr(provider_id))
    if any(not names.get(language, "").strip() for language in Language):
        raise ConfigurationError(
            "upstream_name_missing", detail=f"{provider_id}: a name in each of the three scripts"
        )
