"""Sample pages of forms that services have filled, for the gallery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from hkeid.profile import CLAIMS, Source
from hkeid_server.consent_models import Terms
from hkeid_server.form_models import FormItem, FormPage
from hkeid_server.gallery_content import in_script
from hkeid_server.gallery_profile import HOME
from hkeid_server.models import Text, WhoAsks
from hkeid_server.profile_content import field_page, spoken, value_texts
from hkeid_server.profile_models import ProfileFieldPage

_SINCE: Final = datetime(2026, 11, 23, 4, 5, tzinfo=UTC)


def _clinic() -> WhoAsks:
    return WhoAsks(
        name=in_script("Specimen Hospital: appointments", "樣本醫院 預約服務", "样本医院 预约服务"),
        domain="appointments.hospital.example",
        policy="https://appointments.hospital.example/privacy",
    )


def _portal() -> WhoAsks:
    return WhoAsks(
        name=in_script(
            "MyGovHK: change of address", "我的政府一站通 更改地址", "我的政府一站通 更改地址"
        ),
        domain="change-of-address.example",
        policy="https://change-of-address.example/privacy",
    )


def _terms() -> Terms:
    return Terms(
        title=in_script("Statement", "聲明", "声明"),
        opening=in_script("Why this is asked for:", "收集目的：", "收集目的："),
        purposes=(in_script("to book a visit", "預約就診", "预约就诊"),),
        paragraphs=(in_script("You can ask for a copy.", "你可索取副本。", "你可索取副本。"),),
    )


def _item(claim: str, *values: Text, **more: Any) -> FormItem:
    item = FormItem(
        claim=claim,
        label=CLAIMS[claim].label[spoken()],
        values=values,
        source=Source.REGISTRY.label(spoken()),
    )
    return replace(item, **more)


def _own(claim: str, field: str, value: object, **more: Any) -> FormItem:
    return _item(
        claim,
        *value_texts(field, value, spoken()),
        source=Source.SELF.label(spoken()),
        at=_SINCE,
        field=field,
        **more,
    )


def _nothing(claim: str, field: str, **more: Any) -> FormItem:
    words = in_script("Nothing yet", "尚未填寫", "尚未填写")
    return _item(claim, Text(text=words), source="", field=field, held=False, **more)


def _visit(**more: Any) -> FormPage:
    page = FormPage(
        who=_clinic(),
        action="/sandbox/pages",
        name=in_script("Book a visit", "預約就診", "预约就诊"),
        why=in_script(
            "To book your visit and to remind you of it.",
            "為你預約就診，並在事前提醒你。",
            "为你预约就诊，并在事前提醒你。",
        ),
        recipient="",
        required=(
            _item(
                "name",
                Text(text="CHAN, Tai Man", lang="en"),
                Text(text="陳大文", lang="zh-Hant-HK"),
            ),
            _item("hkic_number", Text(text="A123***(*)")),
            _own("phone_number", "mobile_telephone", "+85291234567"),
        ),
        voluntary=(
            _own("email", "email", {"address": "chan@mail.example.hk", "proved": True}, on=True),
            _nothing("home_phone_number", "home_telephone"),
        ),
        statement="3xQ0kO2gW9rJv5ZkqTn1Ag",
        terms=_terms(),
        shown="name hkic_number phone_number email home_phone_number",
        form="visit",
        days=365,
    )
    return replace(page, **more)


def _missing() -> FormPage:
    return _visit(
        required=(_nothing("phone_number", "mobile_telephone", missing=True),),
        problem="missing",
        at_fault="phone_number",
    )


def _address(**more: Any) -> FormPage:
    tax = in_script("Inland Revenue Department", "稅務局", "税务局")
    page = FormPage(
        who=_portal(),
        action="/sandbox/pages",
        name=in_script("Change of address", "更改地址", "更改地址"),
        why=in_script(
            "So that letters reach you at your new address.",
            "讓信件寄到你的新地址。",
            "让信件寄到你的新地址。",
        ),
        recipient=tax,
        required=(
            _item(
                "name",
                Text(text="CHAN, Tai Man", lang="en"),
                Text(text="陳大文", lang="zh-Hant-HK"),
            ),
            replace(_own("address", "residential_address", HOME), edited=True, at=None),
        ),
        voluntary=(),
        statement="3xQ0kO2gW9rJv5ZkqTn1Ag",
        terms=_terms(),
        shown="name address",
        form="tax",
        number=1,
        total=3,
    )
    return replace(page, **more)


def _field(name: str, **more: Any) -> ProfileFieldPage:
    page = field_page(name, kept=True, form="lines", typed={})
    return replace(page, action="/sandbox/pages", state="sample", **more)


def form_samples() -> dict[str, tuple[str, Callable[[], object]]]:
    """Templates and what fills them, by name."""
    found: dict[str, tuple[str, Callable[[], object]]] = {
        "form": ("form", _visit),
        "form-standing": (
            "form",
            partial(_visit, standing=True, agreed_until=_SINCE + timedelta(days=200)),
        ),
        "form-one-of-three": ("form", _address),
        "form-anonymous": ("form", partial(_visit, anonymous=True, days=None)),
        "form-changed": ("form", partial(_visit, problem="changed")),
        "form-guardian": ("form", partial(_visit, problem="guardian")),
        "form-missing": ("form", _missing),
    }
    return {
        **{name: (f"forms/{one}.html", make) for name, (one, make) in found.items()},
        "form-field": ("profile/field.html", partial(_field, "postal_address")),
    }
