"""What stands on the pages of the resident's own profile, gathered from registry and profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hkeid.identity import Acr, HkicNumber, Language
from hkeid.identity.birth_date import BirthDate
from hkeid.identity.person import Sex
from hkeid.ports.notices import Channel
from hkeid.profile import EME_FIELDS, EmeValue, Source
from hkeid.profile.display import shown_birth_date, shown_sex
from hkeid.residents import find_by_hkic
from hkeid_server.house import house
from hkeid_server.models import Text
from hkeid_server.profile_forms import ADDRESS_FORMS, KINDS, choices_of, districts, regions
from hkeid_server.profile_models import ProfileFieldPage, ProfilePage, ProfileRow, ProfileStopPage
from hkeid_server.residents import resident_entry
from hkeid_server.shell import language, translate

_PARTICULARS = ("name_english", "name_chinese", "hkic_number", "birth_date", "sex")
_DONE = frozenset({"started", "kept", "removed", "ended"})


_TYPED: Final = frozenset({"address", "name"})


def spoken() -> Language:
    """The script of this request's pages."""
    return Language.parse(language().content)


def offered_fields() -> tuple[str, ...]:
    """Fields that can be filled in here: an e-mail address only where codes can be sent."""
    mail = Channel.EMAIL in house().notices.channels
    return tuple(name for name in EME_FIELDS if name != "email" or mail)


def profile_page(
    resident_id: str, *, done: str | None = None, error: str | None = None
) -> ProfilePage:
    """The whole page."""
    found = house().profile.overview(resident_id)
    offered = offered_fields()
    return ProfilePage(
        since=found.since,
        proved=_proved(resident_id),
        rows=tuple(
            _row(name, found.values.get(name))
            for name in EME_FIELDS
            if name in offered or name in found.values
        ),
        done=done if done in _DONE else None,
        error=error,
    )


def stop_page(resident_id: str) -> ProfileStopPage:
    """What would be erased."""
    found = house().profile.overview(resident_id)
    return ProfileStopPage(labels=tuple(EME_FIELDS[name].label[spoken()] for name in found.values))


def value_texts(name: str, value: object, script: Language) -> tuple[Text, ...]:
    """The forms of a value; where a form is in another script than the page, it says so."""
    forms = EME_FIELDS[name].show(value, script)
    typed = KINDS[name] in _TYPED
    return tuple(_text(form, script, typed=typed) for form in forms)


def _text(form: str, script: Language, *, typed: bool) -> Text:
    if form.isascii():
        return Text(text=form, lang=None if script is Language.ENGLISH else "en")
    # Addresses and names stand in traditional characters on every page; the rest is translated.
    foreign = script is Language.ENGLISH or (typed and script is Language.SIMPLIFIED)
    return Text(text=form, lang="zh-Hant-HK" if foreign else None)


def _row(name: str, kept: EmeValue | None) -> ProfileRow:
    script = spoken()
    label = EME_FIELDS[name].label[script]
    if kept is None:
        return ProfileRow(name=name, label=label)
    return ProfileRow(
        name=name,
        label=label,
        values=value_texts(name, kept.value, script),
        source=kept.source.label(script),
        at=kept.kept_at,
    )


def _proved(resident_id: str) -> tuple[ProfileRow, ...]:
    """What registration proved; the identity-card number masked."""
    parts = house()
    with parts.store.transaction() as tx:
        texts = parts.fields.read(tx, resident_id, _PARTICULARS)
        number = HkicNumber.parse(texts["hkic_number"]) if "hkic_number" in texts else None
        registered = number is not None and find_by_hkic(tx, parts.keys, number) == resident_id
    source = _source_of_particulars(resident_id, registered=registered)
    script = spoken()
    names = tuple(
        Text(text=texts[field], lang=tag)
        for field, tag in (("name_english", "en"), ("name_chinese", "zh-Hant-HK"))
        if field in texts
    )
    found: dict[str, tuple[str, tuple[Text, ...]]] = {"name": (translate("Name"), names)}
    if number is not None:
        label = translate("Identity card number")
        found["hkic_number"] = (label, (Text(text=number.masked()),))
    if "birth_date" in texts:
        born = shown_birth_date(BirthDate.parse(texts["birth_date"]), script)
        found["birth_date"] = (translate("Date of birth"), (Text(text=born),))
    if "sex" in texts:
        sex = shown_sex(Sex.parse(texts["sex"]), script)
        found["sex"] = (translate("Sex"), (Text(text=sex),))
    return tuple(
        ProfileRow(name=name, label=label, values=values, source=source)
        for name, (label, values) in found.items()
        if values
    )


def _source_of_particulars(resident_id: str, *, registered: bool) -> str:
    if resident_entry(resident_id).proofed in (Acr.EID_PLUS, Acr.EID_PLUS_ATTESTED):
        return Source.CHIP.label(spoken())
    if registered:
        return Source.REGISTRY.label(spoken())
    return translate("The provider that you log in with")


def field_page(name: str, *, kept: bool, form: str, typed: Mapping[str, str]) -> ProfileFieldPage:
    """The page on which one field is filled in, without anything wrong."""
    script = spoken()
    address = name in ADDRESS_FORMS
    return ProfileFieldPage(
        name=name,
        label=EME_FIELDS[name].label[script],
        kind=KINDS[name],
        kept=kept,
        typed=typed,
        choices=choices_of(name, script),
        form=form,
        forms=ADDRESS_FORMS.get(name, ()),
        districts=districts(script) if address else (),
        regions=regions(script) if address else (),
        action=f"/account/profile/{name}",
    )
