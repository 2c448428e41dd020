"""Every page in every state with invented content, for translators, testers and designers.

Served by the sandbox profile only, under ``/sandbox/pages``. It uses the same templates and page
models as the journeys do, but neither store nor keys.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from flask import Blueprint, Response, abort

from hkeid_server.gallery_console import console_samples
from hkeid_server.gallery_csc import csc_samples
from hkeid_server.gallery_life import life_samples
from hkeid_server.gallery_profile import profile_samples
from hkeid_server.gallery_registration import CAMERA, samples
from hkeid_server.gallery_signing import signing_samples
from hkeid_server.gallery_stations import CAMERA as STATION_CAMERA
from hkeid_server.gallery_stations import station_samples
from hkeid_server.gallery_verification import verification_samples
from hkeid_server.models import (
    AccessLine,
    AccountPage,
    ActivatedPage,
    ActivatePage,
    ActivatePasskeyPage,
    CeremonyForm,
    ChoosePage,
    ConsentItem,
    ConsentPage,
    DeviceAddPage,
    DeviceCard,
    DeviceReinstatePage,
    DeviceRemovePage,
    DisclosureLine,
    EidCard,
    Elsewhere,
    ElsewhereAddPage,
    FarewellPage,
    LinkCard,
    LocalService,
    LoginPage,
    LogoutPage,
    PersonaCard,
    PlainPage,
    ProblemPage,
    SandboxPage,
    ServiceCard,
    SessionCard,
    SignedLine,
    Terms,
    Text,
    Ticket,
    WhoAsks,
)
from hkeid_server.problems import KINDS
from hkeid_server.registration_models import HomePage
from hkeid_server.shell import language, show, translate

blueprint = Blueprint("gallery", __name__)

_NOON = datetime(2026, 11, 23, 4, 5, tzinfo=UTC)
_EARLIER = datetime(2026, 9, 1, 1, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A page with sample content; ``make`` runs within a request, in its language."""

    template: str
    make: Callable[[], object] = PlainPage
    again: dict[str, str] = field(default_factory=dict)


def _in_script(en: str, hant: str, hans: str) -> str:
    return {"zh-Hant-HK": hant, "zh-Hans": hans}.get(language().tag, en)


def _observatory() -> WhoAsks:
    return WhoAsks(
        name=_in_script(
            "Hong Kong Observatory: suggestion form",
            "香港天文台 天氣服務建議表格",
            "香港天文台 天气服务建议表格",
        ),
        domain="suggestions.hko.example",
        policy="https://suggestions.hko.example/privacy",
    )


def _tax() -> str:
    return _in_script("Inland Revenue Department: eTAX", "稅務局 稅務易", "税务局 税务易")


def _ceremony(kind: str) -> CeremonyForm:
    request = {"challenge": "c2FtcGxl", "rpId": "localhost", "userVerification": "required"}
    creation = {
        "challenge": "c2FtcGxl",
        "rp": {"id": "localhost", "name": "hkeid"},
        "user": {"id": "c2FtcGxl", "name": "eID", "displayName": "eID"},
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
    }
    return CeremonyForm(
        kind=kind,
        id="sample",
        options=json.dumps(request if kind == "get" else creation),
        action="/sandbox/pages",
        lifetime=300,
        restart="/sandbox/pages",
    )


def _card(state: str = "active") -> EidCard:
    return EidCard(
        names=(Text(text="CHAN, Tai Man", lang="en"), Text(text="陳大文", lang="zh-Hant-HK")),
        state=state,
        since=_EARLIER,
    )


def _login(problem: str | None = None) -> LoginPage:
    return LoginPage(
        who=_observatory(),
        ceremony=_ceremony("get"),
        decline="/sandbox/pages",
        will_ask=True,
        problem=problem,
    )


def _consent() -> ConsentPage:
    name = ConsentItem(
        claim="name",
        label=translate("Name"),
        values=(Text(text="CHAN, Tai Man", lang="en"), Text(text="陳大文", lang="zh-Hant-HK")),
        why=_in_script("To address our answer to you.", "以便稱呼你及回覆。", "以便称呼你及回复。"),
    )
    number = ConsentItem(
        claim="hkic_number",
        label=translate("Identity card number"),
        values=(Text(text="A123***(*)"),),
        why=_in_script("To find your file.", "以便查找你的個案。", "以便查找你的个案。"),
    )
    birth = ConsentItem(
        claim="birthdate",
        label=translate("Date of birth"),
        values=(Text(text=_in_script("April 1990", "1990年4月", "1990年4月")),),
        why=_in_script("For statistics on age groups.", "用作年齡組別統計。", "用作年龄组别统计。"),
    )
    return ConsentPage(
        who=_observatory(),
        action="/sandbox/pages",
        required=(name,),
        voluntary=(birth, number),
        statement="2026-11",
        terms=Terms(
            title=_in_script(
                "Personal information collection statement", "收集個人資料聲明", "收集个人资料声明"
            ),
            opening=_in_script(
                "Your data is collected for these purposes:", "收集資料的目的：", "收集资料的目的："
            ),
            purposes=(name.why, birth.why, number.why),
            paragraphs=(
                _in_script(
                    "You may see and correct it.", "你有權查閱及改正。", "你有权查阅及改正。"
                ),
            ),
        ),
        shown="name birthdate hkic_number",
    )


def _account(done: str | None = None) -> AccountPage:
    phone = _in_script("My phone", "我的手機", "我的手机")
    laptop = _in_script("Laptop at home", "家中手提電腦", "家里的笔记本电脑")
    return AccountPage(
        card=_card(),
        devices=(
            DeviceCard(id="a", name=phone, synced=False, added=_EARLIER, used=_NOON, current=True),
            DeviceCard(id="b", name=laptop, synced=True, added=_NOON, used=None, stopped=True),
        ),
        sessions=(
            SessionCard(
                id="1",
                agent="Chrome, Android",
                since=_NOON,
                current=True,
                services=(_observatory().name, _tax()),
            ),
            SessionCard(id="2", agent="Safari, macOS", since=_EARLIER, current=False),
        ),
        services=(
            ServiceCard(
                id="hko",
                name=_observatory().name,
                domain=_observatory().domain,
                agreed=(translate("Name"),),
                disclosures=(
                    DisclosureLine(claims=(translate("Name"),), at=_NOON),
                    DisclosureLine(
                        claims=(translate("Name"), translate("Date of birth")), at=_EARLIER
                    ),
                ),
            ),
            ServiceCard(
                id="ird", name=_tax(), domain="etax.ird.example", agreed=(), disclosures=()
            ),
        ),
        accesses=(
            AccessLine(at=_NOON, role="station_officer", reason="resident_at_counter"),
            AccessLine(at=_EARLIER, role="registration_officer", reason="review_of_registration"),
        ),
        done=done,
        signing=True,
        signed=(
            SignedLine(at=_NOON, client=_observatory().name, documents=("Declaration.pdf",)),
            SignedLine(at=_EARLIER, client=_tax(), documents=("Return 2025/26.pdf", "Annex.pdf")),
        ),
    )


def _new_account() -> AccountPage:
    full = _account()
    return AccountPage(
        card=full.card, devices=full.devices[:1], sessions=full.sessions[:1], services=()
    )


def _doors(begin: str) -> tuple[Elsewhere, ...]:
    university = _in_script("Harbour University", "海港大學", "海港大学")
    company = _in_script("Company staff", "公司員工", "公司员工")
    return (
        Elsewhere(id="university", name=university, href=begin, last=True),
        Elsewhere(id="company", name=company, href=begin),
    )


def _linked() -> AccountPage:
    first, second = _doors("/")
    link = LinkCard(provider=first.id, subject="s", name=first.name, since=_EARLIER, used=_NOON)
    return replace(_account("linked"), links=(link,), elsewhere=(second,))


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
                name=_observatory().name, domain="localhost:5001", url="http://localhost:5001"
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
        make=lambda: ActivatePasskeyPage(ceremony=_ceremony("create")),
        again={"code": "sample"},
    ),
    "activate-passkey-expired": Sample(
        template="activate_passkey.html",
        make=lambda: ActivatePasskeyPage(ceremony=_ceremony("create"), problem="expired"),
    ),
    "activated": Sample(template="activate_done.html", make=lambda: ActivatedPage(card=_card())),
    "login": Sample(template="login.html", make=_login),
    "login-stronger-passkey": Sample(
        template="login.html", make=lambda: replace(_login(), fresh=True, stronger=True)
    ),
    "login-elsewhere": Sample(
        template="login.html", make=lambda: replace(_login(), elsewhere=_doors("/"))
    ),
    "account-add-login": Sample(
        template="elsewhere_add.html", make=lambda: ElsewhereAddPage(doors=_doors("/"))
    ),
    "account-other-logins": Sample(template="account.html", make=_linked),
    "login-to-sign": Sample(
        template="login.html", make=lambda: replace(_login(), signing=True, will_ask=False)
    ),
    "login-own": Sample(
        template="login.html", make=lambda: LoginPage(who=None, ceremony=_ceremony("get"))
    ),
    "consent": Sample(template="consent.html", make=_consent),
    "choose": Sample(
        template="choose.html",
        make=lambda: ChoosePage(
            who=_observatory(), name="CHAN, Tai Man", keep="#", change="#", decline="#"
        ),
    ),
    "account": Sample(template="account.html", make=_account),
    "account-new": Sample(template="account.html", make=_new_account),
    "account-done": Sample(template="account.html", make=lambda: _account("device-added")),
    "device-add-login": Sample(
        template="device_add.html", make=lambda: DeviceAddPage(ceremony=_ceremony("get"))
    ),
    "device-add": Sample(
        template="device_add.html", make=lambda: DeviceAddPage(ceremony=_ceremony("create"))
    ),
    "device-remove": Sample(
        template="device_remove.html",
        make=lambda: DeviceRemovePage(
            name=_in_script("My phone", "我的手機", "我的手机"), action="#", last=True
        ),
    ),
    "device-reinstate": Sample(
        template="device_reinstate.html",
        make=lambda: DeviceReinstatePage(
            name=_in_script("My phone", "我的手機", "我的手机"), action="#"
        ),
    ),
    "device-reinstate-login": Sample(
        template="device_reinstate.html",
        make=lambda: DeviceReinstatePage(name="", action="#", ceremony=_ceremony("get")),
    ),
    "freeze": Sample(template="freeze.html"),
    "logout": Sample(
        template="logout.html",
        make=lambda: LogoutPage(who=_observatory(), confirm="#", decline="#"),
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
        make=lambda: FarewellPage(onward="#main", who=_observatory()),
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
            *samples(partial(_ceremony, "create"), partial(_ceremony, "get")).items(),
            *life_samples(
                partial(_ceremony, "create"), partial(_ceremony, "get"), _account
            ).items(),
        )
    },
    **{
        name: Sample(template=template, make=make)
        for name, (template, make) in (
            *csc_samples(_observatory, partial(_ceremony, "get")).items(),
            *station_samples(partial(_ceremony, "create"), partial(_ceremony, "get")).items(),
            *console_samples().items(),
            *profile_samples().items(),
            *verification_samples().items(),
            *signing_samples(partial(_ceremony, "get"), _observatory).items(),
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
