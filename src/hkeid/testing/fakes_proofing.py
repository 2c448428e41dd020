"""Fakes of what proofing needs: they understand pictures that say what they show.

A fake card is the text ``HKEID-FAKE-CARD`` with JSON behind it, a fake face ``HKEID-FAKE-FACE``; so
that tests of journeys need no models. Every class says ``sandbox_only``: a server under the
production profile refuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, ClassVar

from hkeid.identity.person import Person
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import Expired, HkeidError, Unavailable
from hkeid.kernel.instants import Instant
from hkeid.ports.documents import (
    CardField,
    DocumentReading,
    ImageRefused,
    ReadField,
    RetakeAdvice,
)
from hkeid.ports.faces import (
    CapturedFrame,
    CaptureIntegrity,
    FaceBand,
    FaceComparison,
    FacePurpose,
    FaceRefused,
    LivenessChallenge,
    LivenessEvidence,
    LivenessResult,
    LivenessVerdict,
    PadClaim,
)
from hkeid.ports.registry import RegistryFinding, RegistryQuery, RegistryStatus
from hkeid.ports.surroundings import Random
from hkeid.testing.personas import PERSONAS, Persona

_CARD = b"HKEID-FAKE-CARD "
_FACE = b"HKEID-FAKE-FACE "
_LIFETIME = timedelta(minutes=2)


def card_texts(persona: Persona) -> dict[CardField, str]:
    """What is printed on a persona's card, in the forms that readers give."""
    known = {one.value: one for one in CardField}
    texts = {known[k]: v for k, v in persona.person.as_fields().items() if k in known}
    texts[CardField.SYMBOLS] = persona.card.symbols
    texts[CardField.FIRST_REGISTRATION] = persona.card.first_registration
    texts[CardField.ISSUED] = persona.card.issued.isoformat()
    return texts


def fake_card(
    key: str,
    *,
    changed: Mapping[CardField, str] | None = None,
    advice: RetakeAdvice | None = None,
    face: str | None = None,
    canary: str = "",
) -> bytes:
    """A picture of a persona's card.

    :param changed: fields that are misread; "" leaves one out.
    :param advice: why the picture is no good.
    :param face: whose portrait is on it, if not the persona's.
    :param canary: a text to search for afterwards.
    """
    texts = {**card_texts(PERSONAS[key]), **(changed or {})}
    return _CARD + canonical_json.dumps(
        {
            "fields": {one.value: text for one, text in texts.items() if text},
            "advice": None if advice is None else advice.value,
            "face": face or key,
            "canary": canary,
        }
    )


def fake_face(key: str, *, canary: str = "", faces: int = 1, similarity: str = "match") -> bytes:
    """A picture of a persona's face.

    :param similarity: the band that a comparison with the same face comes to.
    """
    return _FACE + canonical_json.dumps(
        {"key": key, "canary": canary, "faces": faces, "similarity": similarity}
    )


def fake_selfie(
    challenge: LivenessChallenge, key: str, *, verdict: str = "live", **about: Any
) -> LivenessEvidence:
    """An answer to a challenge of :class:`FakeLiveness`."""
    return LivenessEvidence(
        nonce=challenge.nonce,
        frames=(CapturedFrame(at_ms=500, image=fake_face(key, **about)),),
        capture={"verdict": verdict},
    )


class FakeDocumentReader:
    """:class:`hkeid.ports.DocumentReader`."""

    sandbox_only: ClassVar[bool] = True

    def read(self, image: bytes) -> DocumentReading:
        """Read a picture made by :func:`fake_card`."""
        if not image.startswith(_CARD):
            raise ImageRefused("image_malformed")
        shown = canonical_json.loads_object(image.removeprefix(_CARD))
        advice = shown["advice"]
        fields = {
            CardField(name): ReadField(value=text, printed=text, confidence=0.9)
            for name, text in shown["fields"].items()
        }
        return DocumentReading(
            fields={} if advice else fields,
            advice=None if advice is None else RetakeAdvice(advice),
            card=image,
            portrait=fake_face(shown["face"], canary=shown["canary"]),
            generation="hkic-2018",
            reader="fake-reader 1",
        )


class FakeFaceMatcher:
    """:class:`hkeid.ports.FaceMatcher`.

    :ivar calibration: what it says of its calibration; None, as it has none.
    """

    sandbox_only: ClassVar[bool] = True

    def __init__(self, calibration: str | None = None) -> None:
        self.calibration = calibration

    def compare(self, probe: bytes, reference: bytes, purpose: FacePurpose) -> FaceComparison:
        """Compare two pictures made by :func:`fake_face`."""
        del purpose
        one, other = _face(probe, "probe"), _face(reference, "reference")
        band = FaceBand(one["similarity"]) if one["key"] == other["key"] else FaceBand.NO_MATCH
        return FaceComparison(
            band=band,
            distance=0.2 if band is FaceBand.MATCH else 0.9,
            threshold=0.5,
            claimed_fmr=None,
            model="fake-matcher 1",
            model_sha256="0" * 64,
            calibration=self.calibration,
        )


def _face(image: bytes, which: str) -> dict[str, Any]:
    if not image.startswith(_FACE):
        raise ImageRefused("image_malformed", detail=which)
    shown = canonical_json.loads_object(image.removeprefix(_FACE))
    if shown["faces"] != 1:
        reason = "face_none" if not shown["faces"] else "face_second"
        raise FaceRefused(reason, detail=which)
    return shown


class FakeLiveness:
    """:class:`hkeid.ports.LivenessCheck`: believes what the client says.

    :param pad_claim: what it claims; a fake's claim is worth nothing, so production refuses it.
    """

    sandbox_only: ClassVar[bool] = True

    def __init__(
        self,
        pad_claim: PadClaim = PadClaim.NONE,
        integrity: CaptureIntegrity = CaptureIntegrity.UNKNOWN,
    ) -> None:
        self._pad_claim = pad_claim
        self._integrity = integrity

    def start(self, now: Instant, random: Random) -> LivenessChallenge:
        """A new challenge."""
        return LivenessChallenge(
            nonce=random.token(16),
            expires_at=now + _LIFETIME,
            client={"kind": "fake", "steps": []},
            secret=random.token_bytes(8),
        )

    def finish(
        self, challenge: LivenessChallenge, evidence: LivenessEvidence, now: Instant
    ) -> LivenessResult:
        """What the client said."""
        if now >= challenge.expires_at:
            raise Expired("liveness_expired")
        said = evidence.capture.get("verdict", "inconclusive")
        verdict = (
            LivenessVerdict(said)
            if evidence.nonce == challenge.nonce and challenge.secret and evidence.frames
            else LivenessVerdict.INCONCLUSIVE
        )
        return LivenessResult(
            verdict=verdict,
            pad_claim=self._pad_claim,
            integrity=self._integrity,
            reason="turns_in_order" if verdict is LivenessVerdict.LIVE else "turn_missing",
            best_frame=evidence.frames[0].image if evidence.frames else None,
            provider="fake-liveness 1",
        )


@dataclass
class FakePersonRegistry:
    """:class:`hkeid.ports.PersonRegistry` over the personas, in this process.

    :ivar fault: what it raises instead of answering; None: it answers.
    :ivar compare: how two pictures compare; None: faces are not assessed.
    :ivar portrait: the register's picture of a persona.
    :ivar asked: every query, for tests to look at.
    """

    sandbox_only: ClassVar[bool] = True

    fault: HkeidError | None = None
    compare: Callable[[bytes, bytes, FacePurpose], FaceComparison] | None = None
    portrait: Callable[[str], bytes | None] = fake_face
    asked: list[RegistryQuery] = field(default_factory=list)

    def check(self, query: RegistryQuery) -> RegistryFinding:
        """Look the person up."""
        self.asked.append(query)
        if self.fault is not None:
            raise self.fault
        return look_up(query, compare=self.compare, portrait=self.portrait)

    def break_down(self) -> None:
        """From now on there is no answer."""
        self.fault = Unavailable("registry_unavailable")


def look_up(
    query: RegistryQuery,
    *,
    compare: Callable[[bytes, bytes, FacePurpose], FaceComparison] | None = None,
    portrait: Callable[[str], bytes | None] = fake_face,
) -> RegistryFinding:
    """What a register of the personas answers: one person, by number, and no search.

    The answer about somebody unknown is the same as about somebody whose every field differs. A picture
    is compared in any case, so that the time of an answer tells no more than the answer.
    """
    number = query.person.hkic_number
    persona = next((one for one in PERSONAS.values() if one.hkic_number == number), None)
    face = _band(query, persona, compare, portrait)
    if persona is None:
        return RegistryFinding(
            status=RegistryStatus.NO_MATCH,
            differing=("birth_date", "name_english", "sex"),
            reference="SIM-000000",
        )
    held = {**persona.person.as_fields(), **persona.differing}
    differing = differing_fields(query.person, held)
    found = RegistryFinding(
        status=RegistryStatus.NO_MATCH if differing else RegistryStatus.MATCH,
        differing=differing,
        reference=f"SIM-{_receipt(persona)}",
    )
    if differing:
        return found
    if persona.deceased:
        return replace(found, status=RegistryStatus.DECEASED, face=face)
    if persona.card.reported_lost or query.issued not in (None, persona.card.issued):
        return replace(found, status=RegistryStatus.REPORTED_LOST, face=face)
    return replace(found, face=face)


def differing_fields(person: Person, held: Mapping[str, str]) -> tuple[str, ...]:
    """Fields of the query that the register holds otherwise; what it does not hold differs not."""
    asked = person.as_fields()
    compared = ("birth_date", "name_chinese", "name_english", "sex")
    return tuple(
        name for name in compared if name in asked and _tidy(asked[name]) != _tidy(held.get(name))
    )


def _tidy(text: str | None) -> str | None:
    return None if text is None else " ".join(text.replace(",", ", ").upper().split())


def _band(
    query: RegistryQuery,
    persona: Persona | None,
    compare: Callable[[bytes, bytes, FacePurpose], FaceComparison] | None,
    portrait: Callable[[str], bytes | None],
) -> FaceBand:
    held = query.portrait if persona is None else portrait(persona.key)
    if compare is None or query.portrait is None or held is None:
        return FaceBand.NOT_ASSESSED
    try:
        return compare(query.portrait, held, FacePurpose.SELFIE_WITH_REGISTRY).band
    except (FaceRefused, ImageRefused, Unavailable):
        return FaceBand.NOT_ASSESSED


def _receipt(persona: Persona) -> str:
    """A receipt that says nothing about the person."""
    return f"{list(PERSONAS).index(persona.key) + 1:06}"
