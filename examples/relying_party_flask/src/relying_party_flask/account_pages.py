"""The account from before eID: its log-in page, its own page, and where it is linked with an eID."""

from __future__ import annotations

import logging
import secrets
import time
from hmac import compare_digest
from pathlib import Path
from typing import Any

from flask import Flask, redirect, render_template, request, session, url_for

from hkeid.rp.account_links import AccountEvent
from hkeid.rp.account_links_sqlite import SqliteAccountLinks
from hkeid.rp.flask import EidLogin
from hkeid.rp.link_pages import LinkPage
from relying_party_flask.languages import is_own_page
from relying_party_flask.old_accounts import PEOPLE, OldAccount, OldAccounts

_FRESH = 300
_LOG = logging.getLogger(__name__)


def add_old_accounts(app: Flask, eid: EidLogin, database: Path) -> OldAccounts:
    """Add the pages, and let eID link the accounts."""
    accounts, links = OldAccounts(database), SqliteAccountLinks(database)
    eid.link_account(
        links,
        current_account=lambda: session.get("account"),
        account_login="/old-login",
        has_other_login=accounts.has_password,
        account_name=lambda key: _name(accounts.find(key)),
        account_login_is_fresh=_is_fresh,
        notify=_tell,
        view=_link_page,
    )

    @app.get("/old-login")
    def old_login() -> Any:
        if "account" in session and "again" not in request.args:
            return redirect(_next_page(request.args.get("next")), 303)
        return _login_form()

    @app.post("/old-login")
    def enter_old() -> Any:
        if not _form_is_ours():
            return _login_form("error_stale"), 400
        found = accounts.check(request.form.get("user_name", ""), request.form.get("password", ""))
        if found is None:
            return _login_form("old_wrong"), 400
        # Nothing that stood in this browser's session before belongs to the account.
        session.clear()
        session.update(account=found.key, since=int(time.time()))
        return redirect(_next_page(request.form.get("next")), 303)

    @app.post("/old-logout")
    def leave_old() -> Any:
        if _form_is_ours():
            session.clear()
        return redirect(url_for("home"), 303)

    @app.get("/old-account")
    def old_account() -> Any:
        found = accounts.find(eid.account or session.get("account"))
        if found is None:
            return redirect(url_for("old_login", next=url_for("old_account")), 303)
        return render_template(
            "old_account.html",
            old=found,
            linked=bool(links.of_account(found.key)),
            by_eid=eid.account is not None,
            history=[kind for kind, _ in links.events(found.key) if kind != "refused"],
            form=_form_token() if "account" in session else None,
        )

    return accounts


def _login_form(error: str | None = None) -> str:
    page = request.values.get("next")
    given = request.form.get("user_name", "")
    return render_template(
        "old_login.html",
        people=PEOPLE,
        error=error,
        user_name=given,
        next=page,
        form=_form_token(),
    )


def _link_page(page: LinkPage) -> str:
    return render_template("link.html", page=page)


def _name(account: OldAccount | None) -> str:
    return "" if account is None else f"{account.name} ({account.user_name})"


def _is_fresh() -> bool:
    return time.time() - session.get("since", 0) < _FRESH


def _tell(event: AccountEvent) -> None:
    """A real service writes to the address that it has; this one has none."""
    _LOG.info("account %s was %s: %s", event.account, event.kind.value, event.reason)


def _form_token() -> str:
    return str(session.setdefault("form", secrets.token_urlsafe(16)))


def _form_is_ours() -> bool:
    given = request.form.get("form", "").encode("utf-8", "replace")
    return compare_digest(given, _form_token().encode())


def _next_page(page: str | None) -> str:
    return page if page and is_own_page(page) else url_for("old_account")
