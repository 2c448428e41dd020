"""A card for a person: data groups, security object, keys, all into one chip."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hkeid.adapters.system import SystemRandom
from hkeid.chip.domain_parameters import CurveParameters
from hkeid.identity.person import Person
from hkeid.testing.card_issuer import chip_security, groups
from hkeid.testing.card_issuer.features import (
    PROFILES,
    SUITES,
    CardFeatures,
    domain_of,
    pace_setting,
)
from hkeid.testing.card_issuer.issuer import CardIssuer
from hkeid.testing.card_issuer.keys import new_signer
from hkeid.testing.der import tlv
from hkeid.testing.personas import Persona
from hkeid.testing.virtual_card import ActiveKey, ChipImage, ChipKey, VirtualCard
from hkeid.testing.virtual_card.groups import group_of

_MAPPING_KEY_NUMBER = 13
_FIVE_YEARS = timedelta(days=5 * 365)
_ZONES = {"td1": groups.zone_td1, "td2": groups.zone_td2, "td3": groups.zone_td3}


@dataclass(kw_only=True)
class CardDraft:
    """Everything about a card before EF.SOD is made; change it, then :meth:`image`.

    :ivar files: data groups by name; ``COM``, ``SOD``, ``CardAccess``, ``CardSecurity`` and
        ``ATR/INFO`` are made by :meth:`image` unless they are here already.
    :ivar listed: the data groups that EF.COM lists.
    """

    person: Person = field(repr=False)
    issuer: CardIssuer
    features: CardFeatures
    document_number: str
    can: str = field(repr=False)
    expires: date
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    chip_keys: tuple[ChipKey, ...] = ()
    active_key: ActiveKey | None = None
    mapping_key: ChipKey | None = None

    @property
    def data_groups(self) -> dict[str, bytes]:
        """The data groups among the files, in order of their numbers."""
        found = [name for name in self.files if name.startswith("DG")]
        return {name: self.files[name] for name in sorted(found, key=lambda one: int(one[2:]))}

    def image(self) -> ChipImage:
        """Finish the card."""
        made, features = dict(self.files), self.features
        settings = tuple(pace_setting(words) for words in features.pace)
        made.setdefault("COM", groups.com(list(self.data_groups), version=features.lds_version))
        if "SOD" not in made:
            made["SOD"] = self.issuer.security_object(
                self.data_groups, digest=features.digest, lds_version=features.lds_version
            )
        if settings:
            infos = [chip_security.pace_info(one) for one in settings]
            made.setdefault("CardAccess", chip_security.security_infos(infos))
        if self.mapping_key is not None:
            made.setdefault("CardSecurity", self.issuer.card_security(self._card_security()))
        made.setdefault("ATR/INFO", atr_info(features))
        born = groups.zone_birth(self.person.birth_date)
        return ChipImage(
            files=made,
            mrz_information=groups.access_information(self.document_number, born, self.expires),
            can=self.can if features.can else None,
            basic_access=features.bac,
            pace=settings,
            mapping_key=self.mapping_key.private if self.mapping_key else None,
            chip_keys=self.chip_keys,
            active_key=self.active_key,
            extended_length=features.extended_length,
            longest_answer=features.longest_answer,
            warn_at_end=features.warn_at_end,
        )

    def _card_security(self) -> bytes:
        infos = [chip_security.pace_info(pace_setting(words)) for words in self.features.pace]
        if self.mapping_key is not None:
            infos += chip_security.chip_key_infos(self.mapping_key)[1:]
        return chip_security.security_infos(infos)


def atr_info(features: CardFeatures) -> bytes:
    """EF.ATR/INFO: how long commands and answers may be (Doc 9303-10 §3.11.1)."""
    if not features.extended_length:
        return tlv(0x47, b"\x94\x01\x00")
    longest = min(features.longest_answer, 65_535).to_bytes(2, "big")
    return tlv(0x47, b"\x94\x01\x40") + tlv(0x7F66, tlv(0x02, b"\xff\xff"), tlv(0x02, longest))


def drawn_portrait() -> bytes:
    """A small JPEG of nobody: a head and shoulders of two shapes, marked SPECIMEN."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (240, 320), (222, 226, 230))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((75, 60, 165, 180), fill=(150, 130, 115))
    pen.ellipse((35, 190, 205, 420), fill=(70, 90, 120))
    pen.text((70, 20), "SPECIMEN", fill=(160, 0, 0))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()


def filled_up(image: bytes, size: int) -> bytes:
    """A JPEG made longer by comment segments after its first marker; unchanged if long enough."""
    missing = size - len(image)
    segments = b""
    while missing >= 4:
        body = min(missing - 4, 65_533)
        segments += b"\xff\xfe" + (body + 2).to_bytes(2, "big") + bytes(body)
        missing -= body + 4
    return image[:2] + segments + image[2:]


def stable_digits(seed: str, size: int) -> str:
    """Digits that are the same for the same seed: numbers of invented cards."""
    value = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big")
    return f"{value % 10**size:0{size}}"


def document_number_of(person: Person) -> str:
    """The number of an invented person's card: ``SP`` and seven digits."""
    number = person.hkic_number.reveal() if person.hkic_number else person.name.english
    return "SP" + stable_digits(f"document {number}", 7)


def card_access_number_of(who: Persona | Person) -> str:
    """The six digits printed on an invented person's card: the persona's, or made from the number."""
    if isinstance(who, Persona):
        return who.card.access_number
    person = who
    number = person.hkic_number.reveal() if person.hkic_number else person.name.english
    return stable_digits(f"can {number}", 6)


def _chip_key(words: str, number: int | None) -> ChipKey:
    suite, domain_word = words.split()
    domain = domain_of(domain_word)
    private = group_of(domain).private_key(SystemRandom())
    return ChipKey(domain=domain, private=private, suite=SUITES[suite], number=number)


def _active_key(words: str) -> ActiveKey:
    kind, digest = words.split()
    return ActiveKey(private=new_signer(kind).private, digest=digest)


def _add_keys(draft: CardDraft) -> None:
    """Keys into the chip, DG14 and DG15 beside them."""
    features = draft.features
    settings = [pace_setting(words) for words in features.pace]
    mapped = any(setting.mapping == "cam" for setting in settings)
    several = len(features.chip_authentication) > 1 or mapped
    draft.chip_keys = tuple(
        _chip_key(words, place + 1 if several else None)
        for place, words in enumerate(features.chip_authentication)
    )
    infos = [chip_security.pace_info(one) for one in settings]
    for key in draft.chip_keys:
        infos += chip_security.chip_key_infos(key)
    for setting in settings:
        if setting.mapping == "cam" and isinstance(setting.domain, CurveParameters):
            private = group_of(setting.domain).private_key(SystemRandom())
            draft.mapping_key = ChipKey(
                domain=setting.domain,
                private=private,
                suite=setting.suite,
                number=_MAPPING_KEY_NUMBER,
            )
            if draft.chip_keys:
                # DG14 lists every key of the chip, or none.
                infos += chip_security.chip_key_infos(draft.mapping_key)[1:]
    if features.active_authentication:
        active = draft.active_key = _active_key(features.active_authentication)
        public = active.private.public_key()
        encoded = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        draft.files["DG15"] = tlv(0x6F, encoded)
        if isinstance(active.private, ec.EllipticCurvePrivateKey):
            infos.append(chip_security.active_info(active.digest))
        else:
            assert isinstance(active.private, rsa.RSAPrivateKey)
    if infos:
        draft.files["DG14"] = tlv(0x6E, chip_security.security_infos(infos))


def _issued(who: Persona | Person, issuer: CardIssuer) -> date:
    """The persona's date of issue; for other persons ten days ago."""
    if isinstance(who, Persona):
        return who.card.issued
    return (issuer.now - timedelta(days=10)).date()


def _ten_years_after(day: date) -> date:
    return day.replace(year=day.year + 10, day=min(day.day, 28))


def _portrait(who: Persona | Person) -> bytes:
    """The picture that stands in for a persona's face, where there is one."""
    if isinstance(who, Persona) and who.portrait is not None:
        from hkeid.testing.portraits import portrait

        return portrait(who.key)
    return drawn_portrait()


def draft_card(
    who: Persona | Person,
    *,
    portrait: bytes | None = None,
    issuer: CardIssuer | None = None,
    profile: str = "icao",
    features: CardFeatures | None = None,
    document_number: str | None = None,
    can: str | None = None,
    expires: date | None = None,
    issued: date | None = None,
) -> CardDraft:
    """A card that is not sealed yet; for tests that break something. See :func:`issue_card`."""
    person = who.person if isinstance(who, Persona) else who
    by = issuer or CardIssuer()
    made = features or PROFILES[profile]
    begins = issued or _issued(who, by)
    draft = CardDraft(
        person=person,
        issuer=by,
        features=made,
        document_number=document_number or document_number_of(person),
        can=can or card_access_number_of(who),
        expires=expires or _ten_years_after(max(begins, by.now.date() - _FIVE_YEARS)),
    )
    zone = _ZONES[made.zone](
        person, state=by.state, number=draft.document_number, expires=draft.expires
    )
    picture = filled_up(portrait or _portrait(who), made.portrait_size)
    draft.files["DG1"] = groups.dg1(zone)
    draft.files["DG2"] = groups.dg2(groups.face_record(picture))
    optional: dict[int, Callable[[], bytes]] = {
        3: groups.dg3,
        11: lambda: groups.dg11(person),
        12: lambda: groups.dg12(authority="hkeid test documents, SPECIMEN", issued=begins),
        13: lambda: groups.dg13(b"SPECIMEN"),
    }
    for number in sorted(made.groups):
        draft.files[f"DG{number}"] = optional[number]()
    _add_keys(draft)
    return draft


def issue_card(
    who: Persona | Person,
    *,
    portrait: bytes | None = None,
    issuer: CardIssuer | None = None,
    profile: str = "icao",
    features: CardFeatures | None = None,
    document_number: str | None = None,
    can: str | None = None,
    expires: date | None = None,
    issued: date | None = None,
) -> VirtualCard:
    """An honest card, ready to be put into a reader.

    :param who: a persona's card has its access number, date of issue and picture.
    :param portrait: JPEG; for persons without a picture a drawn one, marked SPECIMEN, unless given.
    :param issuer: a new invented country, unless given. Keep it: its :meth:`CardIssuer.trust` is what
        a reader needs to accept the card.
    :param profile: ``icao`` (PACE or BAC, chip authentication) or ``hkic`` (PACE with the CAN, active
        authentication); ``features`` instead says everything.
    :param can: six digits; the same ones each time for the same person, unless given.
    :param expires: in five to ten years from now, unless given.
    """
    draft = draft_card(
        who,
        portrait=portrait,
        issuer=issuer,
        profile=profile,
        features=features,
        document_number=document_number,
        can=can,
        expires=expires,
        issued=issued,
    )
    return VirtualCard(draft.image())
