"""Sample pages of the life of an eID, for the gallery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from hkeid.enrolment.notices import CHOSEN_BY, OPTIONAL, Topic, message
from hkeid.identity.language import Language
from hkeid_server.life_models import (
    BrowserRow,
    EmailCodePage,
    InboxPage,
    Letter,
    LostPage,
    MinorAskPage,
    MinorCodePage,
    MinorDonePage,
    NewPhoneAskPage,
    NewPhoneCodePage,
    NewPhoneEnterPage,
    NewPhonePasskeyPage,
    NoticesPage,
    NotificationsPage,
    StepUpPage,
    StopPage,
    ToldLine,
    TopicRow,
)
from hkeid_server.models import AccountPage, CeremonyForm
from hkeid_server.pages.life_new_phone import qr_picture
from hkeid_server.registration_content import local_date
from hkeid_server.registration_models import Case, EndedPage, StartPage, WaitingPage
from hkeid_server.shell import language

_UNTIL = datetime(2026, 11, 23, 4, 35, tzinfo=UTC)
_LATER = datetime(2026, 11, 25, 4, 35, tzinfo=UTC)
_ADDRESS = "https://eid.example.hk/new-phone"
_SERVICES = ("fcm.googleapis.com", "updates.push.services.mozilla.com")
_EVERY = frozenset({"email", "web_push", "sms", "inbox"})


def _code(*, keep: bool = True) -> NewPhoneCodePage:
    return NewPhoneCodePage(
        code="7F3K-9Q2M-XA4D",
        until=_UNTIL,
        seconds=600,
        address=_ADDRESS,
        picture=qr_picture(_ADDRESS),
        keep=keep,
    )


def _step_up(request: Callable[[], CeremonyForm], why: str) -> StepUpPage:
    return StepUpPage(why=why, ceremony=request())


def _notices(**more: object) -> NoticesPage:
    page = NoticesPage(
        email="tai-man.chan@mail.example.hk",
        browsers=tuple(
            BrowserRow(reference=f"r{number}", service=service)
            for number, service in enumerate(_SERVICES)
        ),
        lately=tuple(
            ToldLine(title=message(about, Language.parse(language().content)).title, at=_UNTIL)
            for about in ("contact_changed", "device_added", "eid_activated")
        ),
        phone="+85291234567",
        channels=_EVERY,
        language="zh-Hant-HK",
        push_key="BKey",
    )
    return replace(page, **more)  # type: ignore[arg-type]


def _notifications(
    *channels: str, done: bool = False, error: str | None = None
) -> NotificationsPage:
    offered = channels or tuple(one.value for one in CHOSEN_BY)
    return NotificationsPage(
        topics=tuple(
            TopicRow(
                topic=topic.value,
                channels=tuple((one, topic in (Topic.PROFILE, Topic.ACCESS)) for one in offered),
            )
            for topic in OPTIONAL
        ),
        done=done,
        error=error,
    )


def _minor(error: str | None = None) -> MinorAskPage:
    return MinorAskPage(
        code="7F3K-9Q2M-XA4D",
        case="R7F3-K9Q2",
        name_english="LEE, Ka Yan",
        name_chinese="李嘉欣",
        born=local_date("2011-04-12"),
        error=error,
    )


def _inbox() -> InboxPage:
    link = "https://eid.example.hk/stop?token=" + "k" * 43
    body = "A new device can now log in with your eID."
    return InboxPage(
        letters=(
            Letter(
                at=_UNTIL,
                channel="email",
                address="tai-man.chan@mail.example.hk",
                title="A device was added",
                body=body,
                language="en",
                link=link,
            ),
        )
    )


def life_samples(
    creation: Callable[[], CeremonyForm],
    request: Callable[[], CeremonyForm],
    account: Callable[[], AccountPage],
) -> dict[str, tuple[str, Callable[[], object]]]:
    """Templates and what fills them, by name.

    :param creation: a sample ceremony that makes a passkey; ``request`` one that uses it.
    :param account: a sample account page.
    """
    found: dict[str, tuple[str, Callable[[], object]]] = {
        **{
            f"step-up-{why}": ("step_up", partial(_step_up, request, why))
            for why in ("new-phone", "notices", "notifications", "minor", "elsewhere", "profile")
        },
        "step-up-without-passkey": ("step_up", partial(StepUpPage, why="elsewhere", ceremony=None)),
        "new-phone-ask": ("new_phone_ask", NewPhoneAskPage),
        **{
            f"new-phone-ask-{error}": ("new_phone_ask", partial(NewPhoneAskPage, error=error))
            for error in ("cooling", "too-many", "not-usable")
        },
        "new-phone-code": ("new_phone_code", _code),
        "new-phone-code-retire": ("new_phone_code", partial(_code, keep=False)),
        "new-phone-enter": ("new_phone_enter", NewPhoneEnterPage),
        **{
            f"new-phone-enter-{error}": ("new_phone_enter", partial(NewPhoneEnterPage, error=error))
            for error in ("empty", "unknown", "attempts", "ended", "too-low")
        },
        "new-phone-passkey": (
            "new_phone_passkey",
            lambda: NewPhonePasskeyPage(initials="C., T. M.", ceremony=creation()),
        ),
        "lost": ("lost", partial(LostPage, offered=True)),
        "lost-not-offered": ("lost", partial(LostPage, offered=False)),
        "account-cooling": (
            "account.html",
            lambda: replace(account(), cooling_until=_LATER, told_by=("email", "web_push", "sms")),
        ),
        **_of_notices(),
        **{f"stop-{kind}": ("stop", partial(StopPage, kind=kind, token="sample"))
           for kind in ("ask", "stopped", "unknown", "used", "expired")},
        **_of_guardians(),
        **_of_recovery(),
        "sandbox-inbox": ("inbox", _inbox),
        "sandbox-inbox-empty": ("inbox", partial(InboxPage, letters=())),
    }  # fmt: skip
    return {
        name: (one if "." in one else f"life/{one}.html", make)
        for name, (one, make) in found.items()
    }


def _of_notices() -> dict[str, tuple[str, Callable[[], object]]]:
    nothing = {"email": "", "browsers": (), "phone": "", "lately": ()}
    return {
        "notices": ("notices", _notices),
        "notices-none": ("notices", partial(_notices, **nothing)),
        "notices-done": ("notices", partial(_notices, done="email")),
        "notices-malformed": (
            "notices",
            partial(_notices, errors={"email": "malformed"}, typed={"email": "chan@"}, **nothing),
        ),
        "notices-full": ("notices", partial(_notices, full=True)),
        "notices-changes": ("notices", partial(_notices, errors={"browser": "changes"})),
        "notices-untold": ("notices", partial(_notices, errors={"email": "untold"})),
        "notices-cooling": ("notices", partial(_notices, errors={"phone": "cooling"})),
        "notifications": ("notifications", _notifications),
        "notifications-one-channel": ("notifications", partial(_notifications, "email")),
        "notifications-done": ("notifications", partial(_notifications, done=True)),
        **{
            f"notifications-{error}": ("notifications", partial(_notifications, error=error))
            for error in ("cooling", "changes")
        },
        "email-code": ("email_code", partial(EmailCodePage, address="chan@mail.example.hk")),
        **{
            f"email-code-{error}": (
                "email_code",
                partial(EmailCodePage, address="chan@mail.example.hk", error=error),
            )
            for error in ("malformed", "wrong", "expired", "attempts", "cooling", "changes")
        },
    }


def _of_guardians() -> dict[str, tuple[str, Callable[[], object]]]:
    waiting = Case(reference="R7F3-K9Q2", until=_UNTIL, step="guardian")
    errors = (
        "empty", "unknown", "over", "attempts", "not-adult", "not-eligible", "own", "elsewhere",
    )  # fmt: skip
    return {
        "register-guardian-code": (
            "registration/waiting.html",
            partial(WaitingPage, case=waiting, reason=None, code="7F3K-9Q2M-XA4D"),
        ),
        "minor-code": ("minor_code", MinorCodePage),
        **{
            f"minor-code-{error}": ("minor_code", partial(MinorCodePage, error=error))
            for error in errors
        },
        "minor-ask": ("minor_ask", _minor),
        "minor-ask-declaration": ("minor_ask", partial(_minor, "declaration")),
        "minor-approved": ("minor_done", partial(MinorDonePage, approved=True)),
        "minor-refused": ("minor_done", partial(MinorDonePage, approved=False)),
    }


def _of_recovery() -> dict[str, tuple[str, Callable[[], object]]]:
    ended = {
        "recover-not-registered": EndedPage(
            kind="refused", reference="R7F3-K9Q2", reason="not_registered", recovery=True
        ),
        "recover-refused": EndedPage(
            kind="refused", reference="R7F3-K9Q2", reason="cannot_register_here", recovery=True
        ),
        "recover-stopped": EndedPage(kind="stopped", reference="R7F3-K9Q2", recovery=True),
        "recover-not-offered": EndedPage(kind="not-offered", recovery=True),
    }
    return {
        "recover-start": (
            "registration/start.html",
            partial(StartPage, statement="2026-11", recovery=True),
        ),
        **{
            name: ("registration/ended.html", partial(replace, page))
            for name, page in ended.items()
        },
    }
