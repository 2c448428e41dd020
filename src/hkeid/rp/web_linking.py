"""Linking an account that a service has already with an eID, from a web page: what the kits share, free of both.

Three things must hold before a link is made: the account is logged in in this browser, its visitor agreed on a page
that only this browser was shown, and the same browser then came back from an eID login that is new. What is
remembered of the account is sealed until then; if another one is logged in by that time, nothing is linked.
"""

from __future__ import annotations

import logging
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from hkeid.kernel.http import Parameters
from hkeid.ports.surroundings import Clock
from hkeid.rp.account_links import (
    AccountEvent,
    AccountLink,
    EventKind,
    LinkingPolicy,
    PutLink,
)
from hkeid.rp.callback import read_callback
from hkeid.rp.client import LOGIN_LIFETIME
from hkeid.rp.errors import LoginFailed, StartAgain
from hkeid.rp.link_forms import LinkForms
from hkeid.rp.link_pages import LinkPage, LinkPages
from hkeid.rp.link_refusals import LinkRefused
from hkeid.rp.records import Resident
from hkeid.rp.sealing import Sealer
from hkeid.rp.web import Answer, BrowserRequest, SetCookie

if TYPE_CHECKING:
    from hkeid.rp.web import WebLogin

_LOG = logging.getLogger("hkeid.rp")
_LINK, _UNLINK = "link", "unlink"
_MOST_PENDING = 3


class WebLinking:
    """Show what will happen, send to eID, come back; and the same for unlinking.

    In every method ``account`` is the account that the service's own login has in this browser, or None. Whatever
    the browser says about accounts counts for nothing.
    """

    def __init__(
        self, login: WebLogin, policy: LinkingPolicy, sealer: Sealer, clock: Clock
    ) -> None:
        self._login = login
        self._policy = policy
        self._sealer = sealer
        self._clock = clock
        self._forms = LinkForms(login, sealer, clock)
        self._pages = LinkPages(login, policy)

    def account_of(self, resident: Resident | None) -> str | None:
        """The account that somebody's eID leads to, or None. Looked up anew each time: a link can end."""
        if resident is None:
            return None
        link = self._policy.links.find(resident.issuer, resident.sub)
        return None if link is None else link.account

    def page(self, request: BrowserRequest, account: str | None) -> LinkPage:
        """What there is to do about linking: log in to the account first, confirm, or nothing any more."""
        after = self._login.safe_next(request, request.query.get("next"))
        owner = account or self._account_here(request)
        if owner is not None and self._link_of(owner) is not None:
            return self._pages.linked(request, owner, after)
        if request.query.get("done") == _UNLINK:
            return self._pages.unlinked(request, owner, after)
        if account is None:
            return self._pages.have_account(request, after)
        return self._pages.confirm(request, account, after, self._forms.shown(request, account))

    def begin(self, request: BrowserRequest, account: str | None) -> Answer:
        """The visitor confirmed: to a new eID login.

        :raises LinkRefused: ``link_account_changed``, ``link_form_invalid``, ``link_account_taken``.
        :raises LoginFailed: the provider cannot be asked.
        """
        if account is None:
            raise LinkRefused("link_account_changed")
        self._check_form(request, account)
        if self._link_of(account) is not None:
            raise self._refused("link_account_taken", account)
        match = self._policy.match
        claims = (*self._login.settings.claims, *(match.claims if match else ()))
        return self._send(request, _LINK, account, claims=tuple(dict.fromkeys(claims)))

    def unlink_page(
        self, request: BrowserRequest, account: str | None, *, fresh: bool | None = None
    ) -> LinkPage | Answer:
        """What unlinking means, with the ways to prove who asks.

        :param fresh: whether the login to the account is recent; None: the service does not say.
        :raises LinkRefused: ``unlink_only_way_in``.
        """
        owner = account or self._account_here(request)
        after = self._login.safe_next(request, request.query.get("next"))
        if owner is None or self._link_of(owner) is None:
            return Answer(location=self._own(request, "/link", next=after))
        if not self._policy.has_other_login(owner):
            raise LinkRefused("unlink_only_way_in")
        form = self._forms.shown(request, owner)
        # Nobody but the service's own login can be asked to show that it is recent.
        return self._pages.unlink(request, owner, after, form, fresh=fresh if account else None)

    def begin_unlink(
        self, request: BrowserRequest, account: str | None, *, fresh: bool | None = None
    ) -> Answer:
        """The visitor wants to unlink: after a new eID login, or at once after a recent one to the account.

        The second way is for whoever finds an eID linked that is not theirs.

        :raises LinkRefused: ``link_account_changed``, ``link_form_invalid``, ``unlink_nothing``, ``unlink_not_fresh``,
            ``unlink_only_way_in``.
        :raises LoginFailed: the provider cannot be asked.
        """
        owner = account or self._account_here(request)
        if owner is None:
            raise LinkRefused("link_account_changed")
        self._check_form(request, owner)
        link = self._link_of(owner)
        if link is None:
            raise self._refused("unlink_nothing", owner)
        if request.form.get("by") != "account":
            return self._send(request, _UNLINK, owner, subject=link.sub)
        if account is None or not fresh:
            raise self._refused("unlink_not_fresh", owner)
        self._unlink(link, "after_account_login", None)
        after = self._login.safe_next(request, request.form.get("next"))
        return Answer(
            location=self._own(request, "/link", done=_UNLINK, next=after),
            cookies=self._forms.used(request),
        )

    def awaits(self, request: BrowserRequest) -> bool:
        """Whether this request is the return from an eID login that was begun here."""
        try:
            return self._kept(request) is not None
        except LoginFailed:
            return False

    def finish(self, request: BrowserRequest, account: str | None) -> Answer:
        """The browser is back from eID: link, or unlink.

        :raises LinkRefused: nothing was changed, and why; recorded.
        :raises LoginFailed: the eID login came to nothing; recorded.
        """
        kept = self._kept(request)
        if kept is None:
            raise StartAgain("login_state_missing")
        owner, linking = kept["account"], kept["act"] == _LINK
        here = account if linking else account or self._account_here(request)
        if here != owner:
            raise self._refused("link_account_changed", owner)
        try:
            resident = self._login.party.finish_login(kept["state"], request.query)
        except LoginFailed as failed:
            self._record(EventKind.REFUSED, failed.reason, owner)
            raise
        gone = (*self.forget(request), *self._forms.used(request))
        if linking:
            self._link(owner, resident)
            session = self._login.begin_session(request, resident)
            return Answer(
                location=self._own(request, "/link", next=kept["next"]), cookies=(*gone, session)
            )
        link = self._link_of(owner)
        if link is None or link.sub != resident.sub:
            raise self._refused("unlink_nothing", owner, resident)
        self._unlink(link, "after_eid_login", resident)
        location = self._own(request, "/link", done=_UNLINK, next=kept["next"])
        return Answer(location=location, cookies=gone)

    def forget(self, request: BrowserRequest) -> tuple[SetCookie, ...]:
        """Delete what was kept for the login that this request ends, well or badly."""
        name = self._cookie(request, request.query.get("state") or "")
        if name not in request.cookies:
            return ()
        return (SetCookie(name=name, secure=self._login.is_secure(request)),)

    def retry_path(self, request: BrowserRequest) -> str:
        """Where "try again" leads: the page from which it began."""
        try:
            kept = self._kept(request)
        except LoginFailed:
            kept = None
        after = kept["next"] if kept else self._login.safe_next(request, request.query.get("next"))
        return self._own(request, "/link", next=after)

    def _link(self, account: str, resident: Resident) -> None:
        match, reason = self._policy.match, "confirmed"
        if match is not None:
            released, reason = match.released(resident.claims), "confirmed_and_matched"
            if released is None:
                raise self._refused("link_match_missing", account, resident)
            if not match.agrees(account, released):
                raise self._refused("link_match_failed", account, resident)
        link = AccountLink(
            issuer=resident.issuer, sub=resident.sub, account=account, linked_at=self._clock.now()
        )
        event = self._event(EventKind.LINKED, reason, account, resident)
        put = self._policy.links.put(link, event)
        if put is PutLink.EID_TAKEN:
            raise self._refused("link_eid_taken", account, resident)
        if put is PutLink.ACCOUNT_TAKEN:
            raise self._refused("link_account_taken", account, resident)
        if put is PutLink.MADE:
            self._tell(event)

    def _unlink(self, link: AccountLink, reason: str, resident: Resident | None) -> None:
        if not self._policy.has_other_login(link.account):
            raise self._refused("unlink_only_way_in", link.account, resident)
        event = self._event(EventKind.UNLINKED, reason, link.account, resident)
        if not self._policy.links.remove(link, event):
            raise self._refused("unlink_nothing", link.account, resident)
        self._tell(event)

    def _send(
        self,
        request: BrowserRequest,
        act: str,
        account: str,
        *,
        subject: str | None = None,
        claims: tuple[str, ...] = (),
    ) -> Answer:
        """To eID, where the resident must act anew: whoever left an eID login open here links nothing by it."""
        options: dict[str, Any] = {} if subject is None else {"subject": subject}
        signed_in = self._login.current(request)
        if signed_in is not None and subject in (None, signed_in.resident.sub):
            options = {"subject": signed_in.resident.sub, "id_token_hint": signed_in.id_token}
        login = self._login.party.start_login(
            redirect_uri=self._login.callback_uri(request),
            acr=self._login.wanted_acr(self._policy.acr),
            scope=self._login.settings.scope,
            claims=claims,
            max_age=0,
            prompt="login",
            ui_locales=request.ui_locales,
            **options,
        )
        state = Parameters.parse(urlsplit(login.url).query).get("state") or ""
        name = self._cookie(request, state)
        members = {
            "state": login.state,
            "next": self._login.safe_next(request, request.form.get("next")),
            "account": account,
            "act": act,
        }
        kept = SetCookie(
            name=name,
            value=self._sealer.seal(name, members, self._clock.now() + LOGIN_LIFETIME),
            max_age=int(LOGIN_LIFETIME.total_seconds()),
            secure=self._login.is_secure(request),
        )
        return Answer(location=login.url, cookies=(*self._crowded_out(request), kept))

    def _check_form(self, request: BrowserRequest, account: str) -> None:
        if not self._forms.holds(request, account):
            raise self._refused("link_form_invalid", account)

    def _link_of(self, account: str) -> AccountLink | None:
        issuer = self._login.party.issuer
        found = self._policy.links.of_account(account)
        return next((link for link in found if link.issuer == issuer), None)

    def _account_here(self, request: BrowserRequest) -> str | None:
        """The account that the eID leads to which is logged in in this browser."""
        signed_in = self._login.current(request)
        return None if signed_in is None else self.account_of(signed_in.resident)

    def _event(
        self, kind: EventKind, reason: str, account: str, resident: Resident | None
    ) -> AccountEvent:
        return AccountEvent(
            kind=kind,
            reason=reason,
            at=self._clock.now(),
            account=account,
            issuer=self._login.party.issuer,
            sub=None if resident is None else resident.sub,
            acr=None if resident is None else resident.acr,
        )

    def _record(
        self, kind: EventKind, reason: str, account: str, resident: Resident | None = None
    ) -> None:
        self._policy.links.record(self._event(kind, reason, account, resident))

    def _refused(self, reason: str, account: str, resident: Resident | None = None) -> LinkRefused:
        """Recorded, and to be raised."""
        self._record(EventKind.REFUSED, reason, account, resident)
        return LinkRefused(reason)

    def _tell(self, event: AccountEvent) -> None:
        if self._policy.notify is None:
            return
        try:
            self._policy.notify(event)
        except Exception:  # noqa: BLE001 - whatever a message's way may raise
            # The link stands, whether or not the message went out.
            _LOG.exception("the owner of a linked account was not told: kind=%s", event.kind.value)

    def _kept(self, request: BrowserRequest) -> dict[str, Any] | None:
        name = self._cookie(request, read_callback(request.query).get("state") or "")
        return self._sealer.open(name, request.cookies.get(name, ""), self._clock.now())

    def _crowded_out(self, request: BrowserRequest) -> tuple[SetCookie, ...]:
        begin = self._cookie(request, None)
        pending = [name for name in request.cookies if name.startswith(begin)]
        surplus = max(len(pending) - _MOST_PENDING + 1, 0)
        secure = self._login.is_secure(request)
        return tuple(SetCookie(name=name, secure=secure) for name in pending[:surplus])

    def _cookie(self, request: BrowserRequest, state: str | None) -> str:
        mark = "" if state is None else sha256(state.encode("utf-8", "replace")).hexdigest()[:12]
        return f"{self._login.cookie_name(request)}-linking-{mark}"

    def _own(self, request: BrowserRequest, page: str, **members: str) -> str:
        return f"{self._login.prefix(request)}{page}?{urlencode(members)}"
