"""Asking a visitor for a signature."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.http import HttpRequest, HttpResponse

from hkeid.rp.django.bridge import browser_request, eid_of, finish
from hkeid.rp.django.conf import web_login
from hkeid.rp.signature_records import DocumentToSign, VisibleStamp
from hkeid.rp.web import Answer, SetCookie


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSignature:
    """A signature that is asked for.

    :ivar code: eID shows the same; show it, large, before the visitor goes there.
    :ivar url: where the visitor goes to sign.
    """

    code: str = field(repr=False)
    url: str
    cookie: SetCookie = field(repr=False)

    def remember(self, response: HttpResponse) -> HttpResponse:
        """The response, by which this browser is known again when it comes back."""
        return finish(response, Answer(location="", cookies=(self.cookie,)))


def request_signature(
    request: HttpRequest,
    pdf: bytes | None = None,
    *,
    hash: bytes | None = None,  # noqa: A002 - the word that everybody looks for
    document_name: str = "",
    stamp: VisibleStamp | None = None,
    documents: Iterable[DocumentToSign] = (),
    purpose: str = "",
    context: str = "",
) -> AskedSignature:
    """Ask the visitor for a signature: show the code, with a link to the address, and
    :meth:`AskedSignature.remember` the request with the page.

    Whoever is logged in is the only one who may sign. ``HKEID["SIGNED"]`` is the dotted path of what is
    called with the request, a :class:`~hkeid.rp.signature_records.Signed` and ``context`` afterwards.

    :raises hkeid.rp.errors.SignatureNotTaken: eID does not take it on, and why.
    :raises hkeid.rp.errors.LoginFailed: eID cannot be asked.
    """
    given = list(documents) or [DocumentToSign(name=document_name, pdf=pdf, hash=hash, stamp=stamp)]
    resident = eid_of(request).resident
    begun = web_login().signing.begin(
        browser_request(request),
        given,
        purpose=purpose,
        subject=None if resident is None else resident.sub,
        context=context,
    )
    return AskedSignature(code=begun.code, url=begun.url, cookie=begun.cookie)
