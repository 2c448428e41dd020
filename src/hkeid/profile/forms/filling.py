"""Filling forms: the resident sees each value, edits, and sends once or lets it stand (S7, S8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hkeid.doors.relying_party import RelyingParty
from hkeid.identity.language import Language
from hkeid.kernel.errors import MalformedInput, Refused
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret
from hkeid.oidc.authorization_details import Detail
from hkeid.oidc.forms import FORM_DETAIL
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.profile.claims import render
from hkeid.profile.deciding import Answer, Deciding
from hkeid.profile.forms.detail import AskedForm, asked_forms
from hkeid.profile.forms.events import FormSent
from hkeid.profile.forms.question import (
    EditedValues,
    Edits,
    FormQuestion,
    form_items,
    read_edits,
)
from hkeid.profile.forms.submissions import (
    SUBMISSION_LIFETIME,
    Submission,
    new_submission_record,
)
from hkeid.profile.holding import Holding
from hkeid.profile.question import consent_question
from hkeid.profile.records import ConsentEvidence, ProfileTransaction
from hkeid.profile.sources import field_of_claim, sources_of
from hkeid.profile.statement import in_language
from hkeid.residents.sealing import PersonalFields

_ID_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class FormAnswer:
    """A resident's answer to the page of one form.

    :ivar agreed: claims that are sent; with ``refused`` all that were asked for.
    :ivar statement: version of the collection statement that was on the page.
    :ivar standing: the relying party may have these claims later too, until it is withdrawn or ends.
    """

    form: str
    agreed: frozenset[str]
    refused: frozenset[str]
    statement: str
    language: str
    evidence: ConsentEvidence
    standing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FormsSent:
    """What the authorization answers with.

    :ivar detail: the detail as granted: the forms that were sent, with the fields in them (RFC 9396 §7.1).
    :ivar secret: fetches them; belongs into the access token.
    """

    detail: Detail
    secret: Secret


class FormFilling:
    """Forms between their pages and the consent ledger."""

    __slots__ = ("_deciding", "_holding")

    def __init__(
        self,
        store: Store[ProfileTransaction],
        fields: PersonalFields,
        clock: Clock,
        random: Random,
    ) -> None:
        self._holding = Holding(store, fields, clock, random)
        self._deciding = Deciding(self._holding)

    def question(
        self,
        client: RelyingParty,
        resident_id: str,
        asked: AskedForm,
        language: str,
        edits: Edits,
    ) -> FormQuestion:
        """The page of one form.

        :param edits: what the resident wrote into it so far.
        :raises hkeid.kernel.errors.MalformedInput: ``language_unknown``, ``form_edits_malformed``, or as
            the field that was edited says.
        """
        script = Language.parse(language)
        holding, now = self._holding, self._holding.clock.now()
        edited = read_edits(edits, asked.claims, now)
        with holding.store.transaction() as tx:
            decided = holding.decisions(tx, resident_id, client, asked.form.id, now)
            texts = holding.read(tx, resident_id, asked.claims) | edited.texts()
            resident = tx.residents.get(resident_id)
            particulars = None
            if resident is not None and texts:
                particulars = holding.particulars_source(tx, resident)
        consent = consent_question(client, asked.claims, decided, texts, script, now, asked.form.id)
        ends = [one.expires_at for one in decided.values() if one.agreed and one.expires_at]
        return FormQuestion(
            consent=consent,
            items=form_items(consent, sources_of(asked.claims, texts, particulars), edited),
            recipient=in_language(asked.form.recipient, script),
            days=asked.form.keeps_for,
            agreed_until=max(ends) if ends else None,
        )

    def send(
        self,
        resident_id: str,
        client: RelyingParty,
        detail: Detail,
        answers: Sequence[FormAnswer],
        edits: Edits,
    ) -> FormsSent:
        """Record the decisions about all forms and keep what is sent, in one transaction.

        :param answers: of the forms that are sent; those that the resident does not send are left out.
        :raises hkeid.kernel.errors.HkeidError: as :meth:`hkeid.profile.ConsentLedger.decide` and
            :meth:`question`; ``form_not_registered``, ``form_answer_other`` (the answer is about other
            claims than were asked for), ``form_value_missing`` (``field`` names the claim),
            ``form_nothing_sent``.
        """
        now = self._holding.clock.now()
        forms = {one.form.id: one for one in asked_forms(client, detail)}
        if not answers:
            raise Refused("form_nothing_sent")
        secret = self._holding.random.token()
        sent: list[Submission] = []
        with self._holding.store.transaction() as tx:
            for answer in answers:
                asked = forms.pop(answer.form, None)
                if asked is None:
                    raise Refused("form_answer_other")
                edited = read_edits(edits, asked.claims, now)
                submission = self._take(tx, resident_id, client, asked, answer, edited, now)
                kept = new_submission_record(submission, secret, self._holding.fields, now)
                tx.single_use.put(kept)
                sent.append(submission)
        granted = {
            "type": FORM_DETAIL,
            "forms": [{"form": one.form, "fields": sorted(one.decisions)} for one in sent],
        }
        return FormsSent(detail=granted, secret=Secret(secret))

    def _take(
        self,
        tx: ProfileTransaction,
        resident_id: str,
        client: RelyingParty,
        asked: AskedForm,
        answer: FormAnswer,
        edited: EditedValues,
        now: Instant,
    ) -> Submission:
        """Decide, and put together what is sent."""
        if answer.agreed | answer.refused != set(asked.claims):
            raise Refused("form_answer_other")
        decisions = self._deciding.decide_in(
            tx,
            resident_id,
            client.id,
            Answer(
                agreed=answer.agreed,
                refused=answer.refused,
                statement=answer.statement,
                language=answer.language,
                evidence=answer.evidence,
                purpose=answer.form,
                until=None if answer.standing else now + SUBMISSION_LIFETIME,
                once=not answer.standing,
            ),
        )
        held = self._holding.read(tx, resident_id, answer.agreed) | edited.texts()
        claims = render(answer.agreed, answer.agreed, held, now)
        self._refuse_missing(asked, answer, claims)
        resident = tx.residents.get(resident_id)
        particulars = None if resident is None else self._holding.particulars_source(tx, resident)
        told = {name.partition("#")[0] for name in claims}
        sources = sources_of([one for one in asked.claims if one in told], held, particulars)
        submission = Submission(
            id=self._holding.random.token(_ID_BYTES),
            resident_id=resident_id,
            client_id=client.id,
            form=asked.form.id,
            claims=claims,
            sources={claim: source.as_json() for claim, source in sources.items()},
            decisions={one.claim: one.id for one in decisions if one.agreed},
            question=answer.evidence.question,
        )
        tx.audit.append(
            FormSent(
                submission=submission.id,
                resident_id=resident_id,
                client_id=client.id,
                form=submission.form,
                claims=tuple(sorted(claims)),
                edited=tuple(sorted(edited.values)),
                standing=answer.standing,
            )
        )
        return submission

    def _refuse_missing(
        self, asked: AskedForm, answer: FormAnswer, claims: Mapping[str, Any]
    ) -> None:
        """Required values that the resident can write are there."""
        told = {name.partition("#")[0] for name in claims}
        for claim in asked.form.required:
            if claim in answer.agreed and claim not in told and field_of_claim(claim) is not None:
                raise MalformedInput("form_value_missing", field=claim)
