"""What the services of the town have in common: an application, a page, where eID is."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flask

from hkeid.rp.flask import EidLogin
from hkeid.testing.town.describing import SERVICES, client_id

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }} · {{ names[0] }}</title>
<style>
:root { color-scheme: light dark; --ink: #17252b; --paper: #fbfaf7; --line: #c9d0d2; --brand: {{ colour }}; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eef0; --paper: #141b1e; --line: #44525a; } }
body { margin: 0; font: 18px/1.5 system-ui, "Noto Sans HK", "PingFang HK", "Microsoft JhengHei", sans-serif; color: var(--ink); background: var(--paper); }
header { padding: 16px; color: #fff; background: var(--brand); }
header p { margin: 0; font-weight: 600; } header span { font-weight: 400; }
main { max-width: 38rem; margin: 0 auto; padding: 24px 16px; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 8px 24px; padding: 16px; border: 1px solid var(--line); border-radius: 8px; }
dt { opacity: .75; } dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
a.button { display: inline-block; padding: 12px 24px; border-radius: 8px; color: #fff; background: var(--brand); text-decoration: none; font-weight: 600; }
a.button:focus-visible { outline: 3px solid var(--ink); outline-offset: 3px; }
.small { font-size: 16px; opacity: .8; }
</style>
</head>
<body>
<header><p>{{ names[0] }} <span lang="zh-Hant-HK">{{ names[1] }}</span></p></header>
<main>
<h1 id="title">{{ title }}</h1>
{% for text in texts %}<p>{{ text }}</p>
{% endfor %}
{% if rows %}<dl id="{{ id }}">{% for key, value in rows.items() %}<dt>{{ key.replace("_", " ") }}</dt><dd id="{{ id }}-{{ key }}">{{ value }}</dd>{% endfor %}</dl>{% endif %}
{% for key, (href, words) in buttons.items() %}<p><a class="button" id="{{ key }}" href="{{ href }}">{{ words }}</a></p>
{% endfor %}
<p class="small">An invented service of a demonstration. Every person in it is invented.</p>
</main>
</body>
</html>
"""
_COLOURS = {
    "hospital": "#0b6b4f",
    "pension": "#7a3e00",
    "bank": "#1d3f8f",
    "wallet": "#6b1f7a",
    "shop": "#2f5d1e",
    "address": "#8a1538",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """Where the town is, and where eID is.

    :ivar keys: folder of the services' private keys.
    :ivar base_url: scheme, host and port of the town.
    """

    base_url: str
    issuer: str
    keys: Path

    def application(self, service: str) -> flask.Flask:
        """An application with a secret of its own."""
        app = flask.Flask(f"hkeid.testing.town.{service}")
        app.secret_key = secrets.token_urlsafe(32)
        return app

    def eid(self, app: flask.Flask, service: str, **options: Any) -> EidLogin:
        """Log in with eID there."""
        return EidLogin(
            app,
            issuer=self.issuer,
            client_id=client_id(service),
            private_key=str(self.keys / f"{service}.pem"),
            base_url=self.base_url,
            **options,
        )


def page(
    service: str,
    title: str,
    *texts: str,
    id: str = "facts",  # noqa: A002 - it becomes an id
    rows: Mapping[str, Any] | None = None,
    buttons: Mapping[str, tuple[str, str]] | None = None,
) -> str:
    """A page of a service."""
    return flask.render_template_string(
        _PAGE,
        title=title,
        names=SERVICES[service],
        colour=_COLOURS[service],
        texts=texts,
        id=id,
        rows=rows or {},
        buttons=buttons or {},
    )


ServiceMaker = Callable[[Street], flask.Flask]
"""Makes the application of a service."""
