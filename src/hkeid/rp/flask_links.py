"""Accounts that a Flask application has already: ``/eid/link`` and ``/eid/unlink``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import flask

from hkeid.kernel.errors import ConfigurationError
from hkeid.rp.account_links import AccountEvent, AccountLinks, LinkingPolicy, Match
from hkeid.rp.errors import LoginFailed
from hkeid.rp.flask_bridge import finish, send
from hkeid.rp.link_pages import LinkPage
from hkeid.rp.records import Resident
from hkeid.rp.web import Answer, BrowserRequest, WebLogin
from hkeid.rp.web_linking import WebLinking

LinkView = Callable[[LinkPage], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """What :meth:`LinksAccounts.link_account` was given."""

    policy: LinkingPolicy
    current_account: Callable[[], str | None]
    fresh: Callable[[], bool] | None
    view: LinkView | None


class LinksAccounts(ABC):
    """The part of :class:`~hkeid.rp.flask.EidLogin` that links accounts."""

    _linking_options: _Options | None = None
    _app: flask.Flask | None

    @property
    @abstractmethod
    def resident(self) -> Resident | None:
        """Who is logged in in this browser, or None."""

    @abstractmethod
    def _request(self) -> BrowserRequest: ...

    @abstractmethod
    def _failure(self, request: BrowserRequest, failed: LoginFailed) -> flask.Response: ...

    def link_account(
        self,
        links: AccountLinks,
        *,
        current_account: Callable[[], str | None],
        account_login: str,
        has_other_login: Callable[[str], bool],
        account_name: Callable[[str], str] = str,
        account_login_is_fresh: Callable[[], bool] | None = None,
        match: Match | None = None,
        acr: str | None = None,
        notify: Callable[[AccountEvent], None] | None = None,
        view: LinkView | None = None,
    ) -> None:
        """Let visitors link the account that they have here already with their eID, once, on ``/eid/link``.

        :param links: the table of links, see :class:`~hkeid.rp.account_links.AccountLinks`.
        :param current_account: called within a request for the account that is logged in by the application's own
            login, eID left out; or None.
        :param account_login: path of the application's own login page. ``next`` says where to lead afterwards, and
            ``again=1`` asks for the password though somebody is logged in.
        :param has_other_login: whether an account can be entered without eID; else it is not unlinked.
        :param account_name: what to call the account on pages.
        :param account_login_is_fresh: called within a request: did the visitor log in to the account in the last few
            minutes? Then the account can be unlinked without the eID, by whoever finds a foreign one there.
        :param match: a verified value that must agree with the account.
        :param acr: the lowest rung of the eID login that links.
        :param notify: called after linking and unlinking, to tell the account's owner.
        :param view: called with a :class:`~hkeid.rp.link_pages.LinkPage` to show it in the application's own dress.
        :raises ConfigurationError: ``links_given_twice``, ``account_login_not_local``.
        """
        if self._linking_options is not None:
            raise ConfigurationError("links_given_twice", detail="link_account is called once")
        policy = LinkingPolicy(
            links=links,
            account_login=account_login,
            has_other_login=has_other_login,
            account_name=account_name,
            match=match,
            acr=acr,
            notify=notify,
        )
        self._linking_options = _Options(
            policy=policy,
            current_account=current_account,
            fresh=account_login_is_fresh,
            view=view,
        )
        if self._app is not None:
            self._add_links(self._app)

    @property
    def account(self) -> str | None:
        """The account that the visitor's eID leads to; None where nobody is logged in with eID, or it leads nowhere."""
        linking = self._linking()
        if linking is None:
            return None
        if "_eid_account" not in flask.g:
            flask.g._eid_account = linking.account_of(self.resident)  # noqa: SLF001
        return flask.g._eid_account  # type: ignore[no-any-return]  # noqa: SLF001

    def link_url(self, next_page: str | None = None) -> str:
        """Address of the page that links; leads on to ``next_page``, a path of this application."""
        return flask.url_for("eid_links.link", next=next_page)

    def unlink_url(self, next_page: str | None = None) -> str:
        """Address of the page that unlinks."""
        return flask.url_for("eid_links.unlink", next=next_page)

    def _add_links(self, app: flask.Flask) -> None:
        login: WebLogin = app.extensions["hkeid"]
        assert self._linking_options is not None
        app.extensions["hkeid_links"] = login.linking(self._linking_options.policy)
        pages = flask.Blueprint("eid_links", __name__, url_prefix=login.settings.prefix)
        pages.add_url_rule("/link", "link", self._link_page)
        pages.add_url_rule("/link", "begin_link", self._begin_link, methods=["POST"])
        pages.add_url_rule("/unlink", "unlink", self._unlink_page)
        pages.add_url_rule("/unlink", "begin_unlink", self._begin_unlink, methods=["POST"])
        app.register_blueprint(pages)

    def _linking(self) -> WebLinking | None:
        return flask.current_app.extensions.get("hkeid_links")

    def _link_page(self) -> flask.Response:
        return self._about_links(lambda request, web, own: web.page(request, own))

    def _begin_link(self) -> flask.Response:
        return self._about_links(lambda request, web, own: web.begin(request, own))

    def _unlink_page(self) -> flask.Response:
        fresh = self._fresh()
        return self._about_links(
            lambda request, web, own: web.unlink_page(request, own, fresh=fresh)
        )

    def _begin_unlink(self) -> flask.Response:
        fresh = self._fresh()
        return self._about_links(
            lambda request, web, own: web.begin_unlink(request, own, fresh=fresh)
        )

    def _linked_page(self) -> flask.Response:
        return self._about_links(lambda request, web, own: web.finish(request, own))

    def _fresh(self) -> bool | None:
        assert self._linking_options is not None
        fresh = self._linking_options.fresh
        return None if fresh is None else fresh()

    def _about_links(
        self, act: Callable[[BrowserRequest, WebLinking, str | None], LinkPage | Answer]
    ) -> flask.Response:
        request, linking, options = self._request(), self._linking(), self._linking_options
        assert linking is not None
        assert options is not None
        try:
            done = act(request, linking, options.current_account())
        except LoginFailed as failed:
            return self._failure(request, failed)
        if isinstance(done, Answer):
            return send(done)
        if options.view is not None:
            response = flask.make_response(options.view(done))
        else:
            response = flask.make_response(done.html(flask.url_for("eid.style")))
            response.headers["Content-Security-Policy"] = done.content_security_policy
        finish(response, Answer(location="", cookies=done.cookies))
        # Browsers say nothing of where a form stood under "no-referrer"; form protections want to know.
        response.headers["Referrer-Policy"] = "same-origin"
        return response
