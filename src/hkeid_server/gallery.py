"""Every page in every state with invented content, for translators, testers and designers.

Served by the sandbox profile only, under ``/sandbox/pages``. It uses the same templates and page
models as the journeys do, but neither store nor keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from flask import Blueprint, Response, abort

from hkeid.identity import Language
from hkeid.profile import CLAIMS
from hkeid.profile.display import LINES
from hkeid.residents.proofing import (
    Proofing,
    ProofingCheck,
    ProofingPlace,
    ProofingProcedure,
)
from hkeid_server.consent_models import ConsentItem, ConsentPage, Terms
from hkeid_server.elsewhere_models import ElsewhereAddPage, WaysIn
from hkeid_server.gallery_account import account, marketing, new_account
from hkeid_server.gallery_console import console_samples
from hkeid_server.gallery_content import EARLIER, NOON, card, ceremony, in_script, observatory
from hkeid_server.gallery_csc import csc_samples
from hkeid_server.gallery_elsewhere import doors, more_logins
from hkeid_server.gallery_forms import form_samples
from hkeid_server.gallery_life import life_samples
from hkeid_server.gallery_profile import profile_samples
from hkeid_server.gallery_registration import CAMERA, samples
from hkeid_server.gallery_signing import signing_samples
from hkeid_server.gallery_stations import CAMERA as STATION_CAMERA
from hkeid_server.gallery_stations import station_samples
from hkeid_server.gallery_verification import verification_samples
from hkeid_server.models import (
    AccountPage,
    ActivatedPage,
    ActivatePage,
    ActivatePasskeyPage,
    ChoosePage,
    DeviceAddPage,
    DeviceReinstatePage,
    DeviceRemovePage,
    FarewellPage,
    LinkCard,
    LocalService,
    LoginPage,
    LogoutPage,
    PersonaCard,
    PlainPage,
    ProblemPage,
    SandboxPage,
    Text,
    Ticket,
)
from hkeid_server.problems import KINDS
from hkeid_server.registration_models import HomePage
from hkeid_server.shell import language, show, translate

blueprint = Blueprint("gallery", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A page with sample content; ``make`` runs within a request, in its language."""

    template: str
    make: Callable[[], object] = PlainPage
    again: dict[str, str] = field(default_factory=dict)


def _login(problem: str | None = None) -> LoginPage:
    return LoginPage(
        who=observatory(),
        ceremony=ceremony("get"),
        decline="/sandbox/pages",
        will_ask=True,
        problem=problem,
    )


_PROOFING = Proofing(
    at=NOON,
    procedure=ProofingProcedure.CHIP_UPGRADE,
    place=ProofingPlace.COUNTER,
    policy="2026-11",
    checks=(ProofingCheck.CARD_CHIP, ProofingCheck.FACE_BY_OFFICER, ProofingCheck.REGISTER),
).as_field()
_RISK = {
    "eid_risk": '{"chip_read":true,"device_binding":["synced","device_bound"],"eid_age":"under_1_year"}'
}


def _assured(claim: str, texts: Mapping[str, str]) -> ConsentItem:
    """A claim about the eID, as the ledger would show it."""
    spoken = Language.parse(language().content)
    shown = CLAIMS[claim].show(texts, spoken, NOON)
    return ConsentItem(
        claim=claim,
        label=CLAIMS[claim].label[spoken],
        values=tuple(Text(text=part) for part in (shown or "").split(LINES)),
        why=in_script("The law wants us to know.", "法例規定我們須知悉。", "法例规定我们须知悉。"),
    )


def _consent() -> ConsentPage:
    name = ConsentItem(
        claim="name",
        label=translate("Name"),
        values=(Text(text="CHAN, Tai Man", lang="en"), Text(text="陳大文", lang="zh-Hant-HK")),
        why=in_script("To address our answer to you.", "以便稱呼你及回覆。", "以便称呼你及回复。"),
    )
    number = ConsentItem(
        claim="hkic_number",
        label=translate("Identity card number"),
        values=(Text(text="A123***(*)"),),
        why=in_script("To find your file.", "以便查找你的個案。", "以便查找你的个案。"),
    )
    birth = ConsentItem(
        claim="birthdate",
        label=translate("Date of birth"),
        values=(Text(text=in_script("April 1990", "1990年4月", "1990年4月")),),
        why=in_script("For statistics on age groups.", "用作年齡組別統計。", "用作年龄组别统计。"),
    )
    return ConsentPage(
        who=observatory(),
        action="/sandbox/pages",
        required=(name, _assured("verified_claims", _PROOFING)),
        voluntary=(birth, number, _assured("eid_risk", _RISK)),
        statement="2026-11",
        terms=Terms(
            title=in_script(
                "Personal information collection statement", "收集個人資料聲明", "收集个人资料声明"
            ),
            opening=in_script(
                "Your data is collected for these purposes:", "收集資料的目的：", "收集资料的目的："
            ),
            purposes=(name.why, birth.why, number.why),
            paragraphs=(
                in_script(
                    "You may see and correct it.", "你有權查閱及改正。", "你有权查阅及改正。"
                ),
            ),
        ),
        shown="name birthdate hkic_number",
    )


def _linked() -> AccountPage:
    first, second = doors("/")
    link = LinkCard(provider=first.id, subject="s", name=first.name, since=EARLIER, used=NOON)
    return replace(account("linked"), links=(link,), elsewhere=(second,))


def _sandbox(ticket: Ticket | None = None) -> SandboxPage:
    stories = (
        ("chan-tai-man", "CHAN, Tai Man", "陳大文", "Adult, permanent resident.", "applicant"),
        ("wong-siu-ling", "WONG, Siu Ling", "黃小玲", "Has upgraded to eID+.", "upgraded"),
        ("smith-john", "SMITH, John", None, "No Chinese name; partial birth date.", "suspended"),
    )
    return SandboxPage(
        personas=tuple(
            PersonaCard(
                id=id_,
                name=name,
                chinese=chinese,
                story=story,
                state=state,
                can_activate=state == "applicant",
            )
            for id_, name, chinese, story, state in stories
        ),
        services=(
            LocalService(
                name=observatory().name, domain="localhost:5001", url="http://localhost:5001"
            ),
        ),
        ticket=ticket,
    )


_CEREMONY_STATES = (
    "expired", "unverified", "unknown", "suspended", "device-suspended", "another-person",
    "stronger", "taken", "attempts", "refused",
)  # fmt: skip

SAMPLES: dict[str, Sample] = {
    "home": Sample(template="home.html", make=HomePage),
    "help": Sample(template="help.html"),
    "privacy": Sample(template="privacy.html"),
    "activate": Sample(template="activate.html", make=ActivatePage),
    "activate-unknown": Sample(
        template="activate.html", make=lambda: ActivatePage(error="unknown")
    ),
    "activate-passkey": Sample(
        template="activate_passkey.html",
        make=lambda: ActivatePasskeyPage(ceremony=ceremony("create")),
        again={"code": "sample"},
    ),
    "activate-passkey-expired": Sample(
        template="activate_passkey.html",
        make=lambda: ActivatePasskeyPage(ceremony=ceremony("create"), problem="expired"),
    ),
    "activated": Sample(template="activate_done.html", make=lambda: ActivatedPage(card=card())),
    "login": Sample(template="login.html", make=_login),
    "login-stronger-passkey": Sample(
        template="login.html", make=lambda: replace(_login(), fresh=True, stronger=True)
    ),
    "login-elsewhere": Sample(
        template="login.html",
        make=lambda: replace(_login(), elsewhere=WaysIn(doors=more_logins().doors[:5], more="/")),
    ),
    "more-logins": Sample(template="more_logins.html", make=more_logins),
    "more-logins-found": Sample(
        template="more_logins.html", make=lambda: more_logins(in_script("hong", "學院", "学院"))
    ),
    "more-logins-none": Sample(template="more_logins.html", make=lambda: more_logins("zzz")),
    "account-add-login": Sample(
        template="elsewhere_add.html", make=lambda: ElsewhereAddPage(doors=doors("/"))
    ),
    "account-other-logins": Sample(template="account.html", make=_linked),
    "login-to-sign": Sample(
        template="login.html", make=lambda: replace(_login(), signing=True, will_ask=False)
    ),
    "login-own": Sample(
        template="login.html", make=lambda: LoginPage(who=None, ceremony=ceremony("get"))
    ),
    "consent": Sample(template="consent.html", make=_consent),
    "consent-guardian": Sample(
        template="consent.html", make=lambda: replace(_consent(), guardian=True)
    ),
    "marketing": Sample(template="marketing.html", make=marketing),
    "marketing-agreed": Sample(template="marketing.html", make=partial(marketing, agreed=True)),
    "marketing-guardian": Sample(template="marketing.html", make=partial(marketing, guardian=True)),
    "choose": Sample(
        template="choose.html",
        make=lambda: ChoosePage(
            who=observatory(), name="CHAN, Tai Man", keep="#", change="#", decline="#"
        ),
    ),
    "account": Sample(template="account.html", make=account),
    "account-new": Sample(template="account.html", make=new_account),
    "account-done": Sample(template="account.html", make=lambda: account("device-added")),
    "device-add-login": Sample(
        template="device_add.html", make=lambda: DeviceAddPage(ceremony=ceremony("get"))
    ),
    "device-add": Sample(
        template="device_add.html", make=lambda: DeviceAddPage(ceremony=ceremony("create"))
    ),
    "device-remove": Sample(
        template="device_remove.html",
        make=lambda: DeviceRemovePage(
            name=in_script("My phone", "我的手機", "我的手机"), action="#", last=True
        ),
    ),
    "device-reinstate": Sample(
        template="device_reinstate.html",
        make=lambda: DeviceReinstatePage(
            name=in_script("My phone", "我的手機", "我的手机"), action="#"
        ),
    ),
    "device-reinstate-login": Sample(
        template="device_reinstate.html",
        make=lambda: DeviceReinstatePage(name="", action="#", ceremony=ceremony("get")),
    ),
    "freeze": Sample(template="freeze.html"),
    "logout": Sample(
        template="logout.html",
        make=lambda: LogoutPage(who=observatory(), confirm="#", decline="#"),
    ),
    "sandbox": Sample(template="sandbox.html", make=_sandbox),
    "sandbox-ticket": Sample(
        template="sandbox.html",
        make=lambda: _sandbox(Ticket(name="CHAN, Tai Man", code="7F3K-9Q2M-XA4D")),
    ),
    **{
        f"farewell-{kind}": Sample(template="farewell.html", make=partial(FarewellPage, kind=kind))
        for kind in ("out", "stayed", "frozen")
    },
    "farewell-telling": Sample(
        template="farewell.html",
        make=lambda: FarewellPage(onward="#main", who=observatory()),
    ),
    **{
        f"login-{state}": Sample(template="login.html", make=partial(_login, state))
        for state in _CEREMONY_STATES
    },
    **{
        f"problem-{kind}": Sample(template="problem.html", make=partial(ProblemPage, kind=kind))
        for kind in KINDS
    },
    **{
        name: Sample(template=template, make=make)
        for name, (template, make) in (
            *samples(partial(ceremony, "create"), partial(ceremony, "get")).items(),
            *life_samples(partial(ceremony, "create"), partial(ceremony, "get"), account).items(),
        )
    },
    **{
        name: Sample(template=template, make=make)
        for name, (template, make) in (
            *csc_samples(observatory, partial(ceremony, "get")).items(),
            *station_samples(partial(ceremony, "create"), partial(ceremony, "get")).items(),
            *console_samples().items(),
            *profile_samples().items(),
            *form_samples().items(),
            *verification_samples().items(),
            *signing_samples(partial(ceremony, "get"), observatory).items(),
        )
    },
}


@blueprint.get("/sandbox/pages/<name>")
def page(name: str) -> Response:
    """One sample page."""
    sample = SAMPLES.get(name)
    if sample is None:
        abort(404)
    camera = sample.template in CAMERA | STATION_CAMERA
    return show(sample.template, sample.make(), again=sample.again, camera=camera)
