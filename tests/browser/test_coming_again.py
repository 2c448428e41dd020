"""A service sends its request by POST: cookies come along at the second try, and nothing is in an
address.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

from playwright.sync_api import expect

SERVICE = "http://service.example/"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
HINT = "a hint that belongs to nobody's history"


def send(page: Any, action: str, **fields: str) -> list[str]:
    """Post a form from another site; gives every address that the browser visits from then on."""
    inputs = "".join(f'<input name="{n}" value="{escape(v)}">' for n, v in fields.items())
    body = f'<form method="post" action="{action}">{inputs}<button>Go</button></form>'
    page.route(f"{SERVICE}**", lambda route: route.fulfill(content_type="text/html", body=body))
    page.goto(SERVICE)
    visited: list[str] = []
    page.on("request", lambda request: visited.append(request.url))
    page.click("button")
    return visited


def request(places: Any, **more: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": "hko-suggestions",
        "redirect_uri": f"{places.observatory}/eid/callback",
        "scope": "openid",
        "state": "abc",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "login_hint": HINT,
        **more,
    }


def test_the_session_is_known(
    phone: Any, person: str, places: Any, activate: Callable[[Any, str], None]
) -> None:
    activate(phone, person)
    address = f"{places.issuer}/authorize"
    visited = send(phone.page, address, **request(places, prompt="select_account"))
    phone.page.wait_for_url("**/interaction/**")
    expect(phone.page.locator("#continue-account")).to_be_visible()
    assert visited[0] == address
    assert not [url for url in visited if "hint" in url]
    # Straight back to the service: no policy of the page in between is in the way.
    send(phone.page, address, **request(places, prompt="none"))
    phone.page.wait_for_url(f"{places.observatory}/**")


def test_a_newcomer_logs_in(phone: Any, places: Any) -> None:
    visited = send(phone.page, f"{places.issuer}/authorize", **request(places))
    phone.page.wait_for_url("**/interaction/**")
    expect(phone.page.locator("#use-passkey")).to_be_visible()
    assert not [url for url in visited if "hint" in url]
