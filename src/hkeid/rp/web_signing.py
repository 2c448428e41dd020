"""Asking for a signature from a web page: what the kits for Flask and Django share, free of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from hkeid.kernel.errors import MalformedInput
from hkeid.ports.surroundings import Clock
from hkeid.rp.callback import read_callback
from hkeid.rp.client import RelyingParty
from hkeid.rp.errors import LoginFailed, StartAgain
from hkeid.rp.sealing import Sealer
from hkeid.rp.signature_records import DocumentToSign, Signed
from hkeid.rp.signatures import LIFETIME
from hkeid.rp.transport import check_url
from hkeid.rp.web import BrowserRequest, SetCookie, WebSettings, is_local_path

_LONGEST_CONTEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureBegun:
    """What a page needs to send its visitor to sign.

    :ivar code: show it, large, before the visitor goes: eID shows the same.
    :ivar url: where the visitor goes.
    :ivar cookie: to be set with the page.
    """

    code: str = field(repr=False)
    url: str
    cookie: SetCookie


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFinished:
    """A visitor who signed.

    :ivar context: what the application gave when it asked.
    :ivar cookies: to be set with the answer.
    """

    signed: Signed
    context: str
    cookies: tuple[SetCookie, ...]


class WebSigning:
    """Ask for a signature, come back.

    :param name: how this relying party's cookies begin.
    """

    def __init__(
        self, party: RelyingParty, settings: WebSettings, sealer: Sealer, clock: Clock, name: str
    ) -> None:
        self._party = party
        self._settings = settings
        self._sealer = sealer
        self._clock = clock
        self._name = name

    def begin(
        self,
        request: BrowserRequest,
        documents: Sequence[DocumentToSign],
        *,
        purpose: str = "",
        subject: str | None = None,
        context: str = "",
    ) -> SignatureBegun:
        """Ask.

        :param context: up to 200 characters that come back with what was signed.
        :raises LoginFailed: the provider cannot be asked, or does not take the request on.
        :raises hkeid.kernel.errors.MalformedInput: ``context_too_long``.
        """
        if len(context) > _LONGEST_CONTEXT:
            raise MalformedInput("context_too_long")
        asked = self._party.request_signature(
            documents=documents,
            redirect_uri=self._callback(request),
            purpose=purpose,
            subject=subject,
        )
        name = self._cookie(request, asked.request_id)
        members = {"state": asked.state, "context": context, "next": self._page(request)}
        value = self._sealer.seal(name, members, self._clock.now() + LIFETIME)
        cookie = SetCookie(
            name=name,
            value=value,
            max_age=int(LIFETIME.total_seconds()),
            secure=self._secure(request),
        )
        return SignatureBegun(code=asked.code, url=asked.url, cookie=cookie)

    def finish(self, request: BrowserRequest) -> SignatureFinished:
        """The visitor is back: fetch what was signed.

        :raises LoginFailed: there is no signature; ``StartAgain`` with reason
            ``signature_state_missing``: this browser did not begin this.
        """
        kept = self._kept(request)
        if kept is None:
            raise StartAgain("signature_state_missing")
        signed = self._party.finish_signature(kept["state"], request.query)
        return SignatureFinished(
            signed=signed, context=kept["context"], cookies=self.forget(request)
        )

    def forget(self, request: BrowserRequest) -> tuple[SetCookie, ...]:
        """Delete what was kept for the request that the browser comes back from."""
        name = self._cookie(request, request.query.get("request_id") or "")
        if name not in request.cookies:
            return ()
        return (SetCookie(name=name, secure=self._secure(request)),)

    def retry_path(self, request: BrowserRequest) -> str:
        """The page from which it was asked."""
        try:
            kept = self._kept(request)
        except LoginFailed:
            kept = None
        page = kept["next"] if kept else self._page(request)
        return str(page)

    def _kept(self, request: BrowserRequest) -> dict[str, Any] | None:
        request_id = read_callback(request.query).get("request_id") or ""
        name = self._cookie(request, request_id)
        return self._sealer.open(name, request.cookies.get(name, ""), self._clock.now())

    def _page(self, request: BrowserRequest) -> str:
        """Where the visitor was before: the form's own page, never one of the kit's."""
        page: str | None = request.path
        if request.method not in ("GET", "HEAD"):
            parts = urlsplit(request.referrer or "")
            page = parts.path + (f"?{parts.query}" if parts.query else "")
        kit = request.root + self._settings.prefix + "/"
        if not page or not is_local_path(page) or page.startswith(kit):
            return request.root + self._settings.after_login
        return page

    def _callback(self, request: BrowserRequest) -> str:
        uri = f"{self._base(request)}{request.root}{self._settings.prefix}/signed"
        try:
            check_url(uri, field="redirect_uri")
        except MalformedInput as error:
            raise StartAgain("host_malformed", detail=error.reason) from error
        return uri

    def _base(self, request: BrowserRequest) -> str:
        return (self._settings.base_url or request.base_url).rstrip("/")

    def _secure(self, request: BrowserRequest) -> bool:
        return self._base(request).startswith("https:")

    def _cookie(self, request: BrowserRequest, request_id: str) -> str:
        prefix = "__Host-" if self._secure(request) else ""
        mark = sha256(request_id.encode("utf-8", "replace")).hexdigest()[:12]
        return f"{prefix}{self._name}-sign-{mark}"
