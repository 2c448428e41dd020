"""Sample pages of a resident's own data, and of the privacy officers' desk, for the gallery."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Final

from hkeid.officers import Permission
from hkeid.profile.rights import TERM, RefusalGround, RequestFigures, RequestKind, WaitingRequest
from hkeid.profile.rights.desk import GROUNDS
from hkeid_server.console.models import Choice
from hkeid_server.console.pages.requests import request_row
from hkeid_server.console.requests_models import (
    HeldRow,
    RequestPage,
    RequestRow,
    RequestsPage,
    RequestTakePage,
)
from hkeid_server.console.words import reasons_for
from hkeid_server.data_content import asked_fields, particular_labels, what_stays
from hkeid_server.data_models import (
    DataAskPage,
    DataPage,
    ErasedPage,
    ErasePage,
    RequestCard,
)
from hkeid_server.gallery_content import EARLIER, NOON, in_script
from hkeid_server.profile_content import spoken
from hkeid_server.registration_content import local_date

Make = Callable[[], object]
_ID: Final = "7F3K-9Q2M-XA4D"


def _wish() -> str:
    return in_script("12 April 1985", "1985年4月12日", "1985年4月12日")


def _words() -> str:
    return in_script(
        "My birth certificate says so. The clerk misread a digit.",
        "出世紙上是這樣寫的，職員看錯了一個數字。",
        "出生证上是这样写的，职员看错了一个数字。",
    )


def _card(state: str = "received", *, id: str = _ID, overdue: bool = False) -> RequestCard:  # noqa: A002
    refused = state == "refused"
    return RequestCard(
        id=id,
        kind="correction",
        labels=(particular_labels()["birth_date"],),
        wish=_wish(),
        words=_words(),
        received_at=EARLIER,
        due_at=EARLIER + TERM,
        overdue=overdue,
        state=state,
        ground=RefusalGround.CORRECTION_UNPROVED.words(spoken()) if refused else "",
        answer=in_script(
            "Please bring the certificate to a counter.",
            "請攜同出世紙親臨櫃位。",
            "请带出生证到柜位。",
        )
        if state in ("refused", "answered")
        else "",
        closed_at=None if state == "received" else NOON,
    )


def _data(*requests: RequestCard, **more: object) -> DataPage:
    return DataPage(requests=requests, pdf=True, **more)  # type: ignore[arg-type]


def _many() -> DataPage:
    return _data(
        _card(),
        _card("refused", id="2C4H-8N7P-TB0S"),
        _card("answered", id="5D1J-3R6V-YE9W"),
        _card("withdrawn", id="0A2B-4C6E-8G1H"),
        waiting=frozenset({"correction"}),
        done="asked",
    )


def _ask(kind: str, **more: object) -> DataAskPage:
    fields = asked_fields(("birth_date",)) if kind == "correction" else ()
    return DataAskPage(kind=kind, fields=fields, **more)  # type: ignore[arg-type]


def _erase(**more: object) -> ErasePage:
    return ErasePage(stays=what_stays(spoken()), pdf=True, **more)  # type: ignore[arg-type]


def _row(days: int, number: int = 1, kind: RequestKind = RequestKind.CORRECTION) -> RequestRow:
    due = NOON + timedelta(days=days)
    return request_row(
        WaitingRequest(
            id=f"7F3K-9Q2M-XA4{number}",
            kind=kind,
            fields=("birth_date", "name_english") if kind is RequestKind.CORRECTION else (),
            received_at=due - TERM,
            due_at=due,
            days_left=days,
            overdue=days <= 0,
            soon=0 < days <= 7,
        )
    )


def _queue(done: str | None = None) -> RequestsPage:
    rows = (
        _row(-2),
        _row(5, 2, RequestKind.ACCESS),
        _row(33, 3),
    )
    return RequestsPage(rows=rows, figures=RequestFigures(waiting=3, soon=1, overdue=1), done=done)


def _take(error: str | None = None) -> RequestTakePage:
    return RequestTakePage(row=_row(5), reasons=reasons_for(Permission.REQUEST_OPEN), error=error)


def _request(kind: RequestKind = RequestKind.CORRECTION, error: str | None = None) -> RequestPage:
    corrects = kind is RequestKind.CORRECTION
    labels = particular_labels()
    return RequestPage(
        row=_row(5, kind=kind),
        access_id="sample",
        wish=_wish() if corrects else "",
        words=_words() if corrects else "",
        held=(
            HeldRow(label=labels["birth_date"], value=local_date("1986-04-12")),
            HeldRow(label=labels["name_english"], value="CHAN, Tai Man"),
        )
        if corrects
        else (),
        language="繁體中文",
        grounds=tuple(
            Choice(value=one.value, words=f"{one.words(spoken())} ({section})")
            for one, section in GROUNDS[kind].items()
        ),
        error=error,
        decision="refuse" if error else "",
    )


def data_samples() -> dict[str, tuple[str, Make]]:
    """Template and page by name."""
    page, ask, erase = "data/page.html", "data/ask.html", "data/erase.html"
    cooling = NOON + timedelta(days=3)
    return {
        "data": (page, _data),
        "data-requests": (page, _many),
        "data-overdue": (
            page,
            lambda: _data(_card(overdue=True), waiting=frozenset({"correction"})),
        ),
        "data-cooling": (page, partial(_data, cooling_until=cooling)),
        "data-no-font": (page, partial(_data, error="no-font")),
        "data-ask-access": (ask, partial(_ask, "access")),
        "data-ask-access-open": (ask, partial(_ask, "access", error="open", at_fault="words")),
        "data-ask-correction": (ask, partial(_ask, "correction")),
        "data-ask-correction-wrong": (
            ask,
            partial(_ask, "correction", error="wish", at_fault="wish"),
        ),
        "data-ask-correction-nothing": (
            ask,
            lambda: DataAskPage(
                kind="correction", fields=asked_fields(), error="choose", at_fault="field-1"
            ),
        ),
        "data-erase": (erase, _erase),
        "data-erase-unconfirmed": (erase, partial(_erase, error="confirm")),
        "data-erase-cooling": (erase, partial(_erase, cooling_until=cooling)),
        "data-erased": ("data/erased.html", partial(ErasedPage, reference=_ID)),
        "console-requests": ("console/requests.html", _queue),
        "console-requests-refused": ("console/requests.html", partial(_queue, "refused")),
        "console-requests-none": (
            "console/requests.html",
            lambda: RequestsPage(rows=(), figures=RequestFigures(waiting=0, soon=0, overdue=0)),
        ),
        "console-request-take": ("console/request_take.html", _take),
        "console-request-take-own": ("console/request_take.html", partial(_take, "own")),
        "console-request": ("console/request.html", _request),
        "console-request-access": (
            "console/request.html",
            partial(_request, RequestKind.ACCESS),
        ),
        "console-request-wrong": ("console/request.html", partial(_request, error="ground")),
    }
