"""One lazy look-up by which public façades find the parts that plug in behind them.

A part is named ``group`` and ``name``: first the ones that hkeid ships, then the entry points of
installed packages. Nothing is imported before it is asked for, and a missing optional package is named
together with its extra (law 8).
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from hkeid.kernel.errors import ConfigurationError, MissingExtra

CARD_READERS = "hkeid.card_readers"
PDF_ENGINES = "hkeid.pdf_engines"
PDF_VALIDATORS = "hkeid.pdf_validators"
CARD_PROFILES = "hkeid.card_profiles"
SURROUNDINGS = "hkeid.surroundings"

# Group → name → (module:attribute, extra that brings its packages).
_SHIPPED: dict[str, dict[str, tuple[str, str]]] = {
    CARD_READERS: {"pcsc": ("hkeid.adapters.pcsc:open_pcsc", "pcsc")},
    PDF_ENGINES: {"pyhanko": ("hkeid.adapters.pdf:default_engine", "signing")},
    PDF_VALIDATORS: {"pyhanko": ("hkeid.adapters.pdf:default_validator", "signing")},
    CARD_PROFILES: {
        "icao": ("hkeid.chip.profiles:icao", ""),
        "hkic-specimen": ("hkeid.chip.profiles:hkic_specimen", ""),
    },
    SURROUNDINGS: {
        "clock": ("hkeid.adapters.system:SystemClock", ""),
        "random": ("hkeid.adapters.system:SystemRandom", ""),
    },
}


def load(group: str, name: str) -> Any:
    """The part called ``name`` of ``group``.

    :raises hkeid.kernel.errors.ConfigurationError: ``plugin_unknown``; the detail lists what there is.
    :raises hkeid.kernel.errors.MissingExtra: a package that the part needs is not installed.
    """
    shipped = _SHIPPED.get(group, {}).get(name)
    if shipped is not None:
        return _import(*shipped)
    for point in entry_points(group=group, name=name):
        return point.load()
    raise ConfigurationError(
        "plugin_unknown", detail=f"{group} has no {name!r}; there are: {', '.join(names(group))}"
    )


def names(group: str) -> tuple[str, ...]:
    """Names of the parts of ``group``, in order."""
    found = set(_SHIPPED.get(group, {})) | {point.name for point in entry_points(group=group)}
    return tuple(sorted(found))


def _import(target: str, extra: str) -> Any:
    module, _, attribute = target.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except MissingExtra:
        raise
    except ModuleNotFoundError as error:
        if not extra or (error.name or "").startswith("hkeid."):
            raise
        raise MissingExtra(error.name or module, extra) from None
