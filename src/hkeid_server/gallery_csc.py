"""Sample pages of approving signatures, for the gallery."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256

from hkeid_server.csc.models import HashesPage, HashToSign
from hkeid_server.interactions.approval import grouped
from hkeid_server.models import CeremonyForm, WhoAsks
from hkeid_server.shell import language

_UNTIL = datetime(2029, 11, 3, 9, 0, tzinfo=UTC)
_TEMPLATE = "signing/hashes.html"


def _document(label: str, *, known: bool = True) -> HashToSign:
    digest = grouped(sha256(label.encode()).digest())
    return HashToSign(label=label, document=digest if known else "", to_be_signed=digest)


def _page(
    who: Callable[[], WhoAsks],
    request: Callable[[], CeremonyForm],
    documents: tuple[HashToSign, ...],
    *,
    code: str | None = "7KQ4",
    problem: str | None = None,
) -> HashesPage:
    return HashesPage(
        who=who(),
        decline="/sandbox/pages",
        code=code,
        holder="CHAN Tai Man 陳大文",
        credential="k3Zq9-Vt7Lw2Pd8YsdQxHg",
        until=_UNTIL,
        documents=documents,
        language=language().tag,
        ceremony=request(),
        problem=problem,
    )


def _refused(who: Callable[[], WhoAsks], problem: str) -> HashesPage:
    return HashesPage(who=who(), decline="/sandbox/pages", problem=problem)


def csc_samples(
    who: Callable[[], WhoAsks], request: Callable[[], CeremonyForm]
) -> dict[str, tuple[str, Callable[[], object]]]:
    """Template and page by name.

    :param who: who asks.
    :param request: a ceremony that uses a passkey.
    """
    one = (_document("Declaration for the weather watchers.pdf"),)
    many = (
        _document("報稅表 2026-27.pdf"),
        _document(
            "Annex A – a very long name that the service gave to its document without mercy.pdf"
        ),
        _document("", known=False),
    )
    page = partial(_page, who, request)
    samples: dict[str, Callable[[], object]] = {
        "sign-hashes": partial(page, one),
        "sign-hashes-many": partial(page, many),
        "sign-hashes-no-code": partial(page, one, code=None),
        "sign-hashes-refused": partial(page, one, problem="unverified"),
    }
    for problem in ("not-upgraded", "cooling", "other-credential", "no-document", "unfit"):
        samples[f"sign-hashes-{problem}"] = partial(_refused, who, problem)
    return {name: (_TEMPLATE, make) for name, make in samples.items()}
