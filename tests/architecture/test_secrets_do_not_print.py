"""No value that must stay secret shows itself in a repr (law 3, law 4)."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pickle
import pkgutil
import re
from collections.abc import Iterator

import pytest

import hkeid
from hkeid.kernel.secret import Secret

CANARY = "canary-9f2c"

_SECRET_NAMES = re.compile(
    r"(^|_)(secret|token|password|passphrase|private_key|cookie|reference|ticket|code|verifier)$"
)
_NOT_SECRET = {
    # Words of a protocol that only look like secrets.
    ("status_code",),
    ("return_code",),
    # The stable word of a reason under Cap. 553.
    ("LegalReason", "code"),
}


def _dataclasses() -> Iterator[type]:
    for found in pkgutil.walk_packages(hkeid.__path__, "hkeid."):
        if ".migrations" in found.name or found.name.startswith("hkeid.rp."):
            continue
        module = importlib.import_module(found.name)
        for _, thing in inspect.getmembers(module, inspect.isclass):
            if thing.__module__ == module.__name__ and dataclasses.is_dataclass(thing):
                yield thing


CLASSES = sorted(_dataclasses(), key=lambda cls: (cls.__module__, cls.__qualname__))


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: f"{cls.__module__}.{cls.__qualname__}")
def test_fields_named_like_secrets_are_secret_or_left_out_of_repr(cls: type) -> None:
    if cls.__dataclass_params__.repr is False:  # type: ignore[attr-defined]
        return
    showing = [
        field.name
        for field in dataclasses.fields(cls)
        if _SECRET_NAMES.search(field.name)
        and not {(field.name,), (cls.__name__, field.name)} & _NOT_SECRET
        and field.repr
        and str(field.type).replace('"', "").split(" | ")[0] in {"str", "bytes"}
    ]
    assert not showing, "make it a kernel.secret.Secret or field(repr=False)"


@pytest.mark.parametrize("show", [repr, str, format, "{!r:>40}".format, "%s".__mod__])
def test_a_secret_shows_nothing(show: object) -> None:
    assert callable(show)
    assert CANARY not in show(Secret(CANARY))


def test_a_secret_is_not_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(CANARY))
