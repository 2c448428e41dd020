"""Sample pages of signing, for the gallery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from hkeid_server.models import CeremonyForm, Text, WhoAsks
from hkeid_server.signing_models import (
    DocumentPage,
    DocumentToSign,
    PagePicture,
    SignEndPage,
    SigningCertificatePage,
    SignPage,
)

_UNTIL = datetime(2026, 11, 23, 4, 35, tzinfo=UTC)
_HERE = "/sandbox/pages"
_PICTURE = PagePicture(address="/static/mark.svg", width=1200, height=1697)
_PRINT = " ".join(["9f86", "d081", "884c", "7d65", "9a2f", "eaa0", "c55a", "d015"] * 2)


def _declaration(number: int = 1, **more: object) -> DocumentToSign:
    document = DocumentToSign(
        number=number,
        name="天氣建議聲明書 Declaration on weather suggestions.pdf",
        fingerprint=_PRINT,
        file="/static/mark.svg",
        size=48,
        pages=2,
        here="/sandbox/pages/sign-document",
        pictures=(_PICTURE, _PICTURE),
        looked_at=True,
        reason="I declare that this is true",
    )
    return replace(document, **more)  # type: ignore[arg-type]


def _hash(number: int = 1) -> DocumentToSign:
    return DocumentToSign(number=number, name="Form 12A", fingerprint=_PRINT, here=_HERE)


def signing_samples(
    request: Callable[[], CeremonyForm], who: Callable[[], WhoAsks]
) -> dict[str, tuple[str, Callable[[], object]]]:
    """Template and page of each sample, by name."""

    def sign(*documents: DocumentToSign, **more: object) -> SignPage:
        page = SignPage(
            who=who(),
            purpose="For your suggestion WS-7F3K9Q2M",
            code="K7WM",
            documents=documents or (_declaration(),),
            ceremony=request(),
            refuse=_HERE,
            until=_UNTIL,
        )
        return replace(page, **more)  # type: ignore[arg-type]

    def end(kind: str, **more: object) -> SignEndPage:
        return replace(SignEndPage(kind=kind, who=who()), **more)  # type: ignore[arg-type]

    def certificate(*, trouble: bool = False) -> SigningCertificatePage:
        names = (Text(text="CHAN, Tai Man", lang="en"), Text(text="陳大文", lang="zh-Hant-HK"))
        return SigningCertificatePage(
            who=who(), names=names, action=_HERE, refuse=_HERE, trouble=trouble
        )

    batch = (_declaration(1), _declaration(2, looked_at=False, pictures=()), _hash(3))
    document = partial(
        lambda: DocumentPage(
            who=who(), document=_declaration(2), total=3, back=_HERE, following=_HERE
        )
    )
    back = {"back": "https://suggestions.hko.example/eid/signed"}
    return {
        "sign": ("signing/sign.html", sign),
        "sign-stamped": ("signing/sign.html", partial(sign, _declaration(stamp=2))),
        "sign-hash": ("signing/sign.html", partial(sign, _hash())),
        "sign-batch": ("signing/sign.html", partial(sign, *batch)),
        "sign-expired-page": ("signing/sign.html", partial(sign, problem="expired")),
        "sign-unavailable": ("signing/sign.html", partial(sign, trouble="unavailable")),
        "sign-document": ("signing/document.html", document),
        "sign-certificate": ("signing/certificate.html", certificate),
        "sign-certificate-trouble": (
            "signing/certificate.html",
            partial(certificate, trouble=True),
        ),
        "sign-signed": (
            "signing/end.html",
            partial(end, "signed", documents=("Declaration.pdf",), **back),
        ),
        "sign-refused": ("signing/end.html", partial(end, "refused", **back)),
        "sign-expired": ("signing/end.html", partial(end, "expired", **back)),
        "sign-other-person": ("signing/end.html", partial(end, "other-person")),
        "sign-not-plus": (
            "signing/end.html",
            partial(end, "not-plus", can_upgrade=True, refuse=_HERE),
        ),
        "sign-cooling": ("signing/end.html", partial(end, "cooling", refuse=_HERE)),
    }
