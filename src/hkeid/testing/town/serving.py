"""All services of the town behind one port."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Response

from hkeid.testing.town.address import address
from hkeid.testing.town.bank import bank
from hkeid.testing.town.describing import SERVICES
from hkeid.testing.town.hospital import hospital
from hkeid.testing.town.pension import pension
from hkeid.testing.town.shop import shop
from hkeid.testing.town.street import ServiceMaker, Street
from hkeid.testing.town.wallet import wallet

_MAKERS: Final[Mapping[str, ServiceMaker]] = {
    "hospital": hospital,
    "pension": pension,
    "bank": bank,
    "wallet": wallet,
    "shop": shop,
    "address": address,
}


def town(base_url: str, *, issuer: str, keys: Path) -> DispatcherMiddleware:
    """The town as a WSGI application.

    :param base_url: where browsers reach it.
    :param keys: folder of the services' private keys (:func:`hkeid.testing.town.descriptions` makes them).
    """
    street = Street(base_url=base_url, issuer=issuer, keys=keys)
    applications: dict[str, Any] = {
        f"/{service}": make(street) for service, make in _MAKERS.items()
    }
    return DispatcherMiddleware(_square, applications)


def _square(environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The page that leads to all of them."""
    if environ.get("PATH_INFO") not in ("/", ""):
        return Response("There is nothing here.", 404)(dict(environ), start_response)
    links = "".join(
        f'<li><a id="{service}" href="/{service}/">{escape(names[0])}</a> '
        f'<span lang="zh-Hant-HK">{escape(names[1])}</span></li>'
        for service, names in SERVICES.items()
    )
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Town</title>'
        f"<h1>Services of a town</h1><ul>{links}</ul></html>"
    )
    return Response(text, mimetype="text/html")(dict(environ), start_response)
