"""Fetching forms: what the resident sent, once; and what the resident let stand, with the values of now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from hkeid.doors.relying_party import DataForm, RelyingParty
from hkeid.kernel.errors import NotFound
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret
from hkeid.ports.notices import Tell, tell_nobody
from hkeid.ports.storage import Store, Won
from hkeid.ports.surroundings import Clock, Random
from hkeid.profile.forms.submissions import (
    SUBMISSION_KIND,
    Submission,
    read_submission,
    submission_digest,
)
from hkeid.profile.holding import Holding
from hkeid.profile.proofs import SALT_BYTES
from hkeid.profile.records import ConsentDecision, Disclosure, ProfileTransaction
from hkeid.profile.releasing import Releasing, digests_of, record
from hkeid.residents.sealing import PersonalFields

_ID_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledForm:
    """A form as a relying party receives it.

    :ivar id: of the disclosure.
    :ivar claims: values by wire name.
    :ivar sources: where they come from, by claim (:meth:`hkeid.profile.sources.ClaimSource.as_json`).
    :ivar standing: it comes from an agreement that stands, with values as they are now; else it is what
        the resident sent just before.
    """

    id: str
    form: str
    claims: Mapping[str, Any] = field(repr=False)
    sources: Mapping[str, Mapping[str, Any]]
    standing: bool


class FormFetching:
    """Forms between the consent ledger and the relying parties.

    :param tell: tells residents of each form that a relying party fetched, where they want that.
    """

    __slots__ = ("_holding", "_releasing")

    def __init__(
        self,
        store: Store[ProfileTransaction],
        fields: PersonalFields,
        clock: Clock,
        random: Random,
        *,
        tell: Tell = tell_nobody,
    ) -> None:
        self._holding = Holding(store, fields, clock, random, tell)
        self._releasing = Releasing(self._holding)

    def fetch(
        self,
        resident_id: str,
        client: RelyingParty,
        form: str,
        secret: Secret | None,
        fields: Collection[str] | None = None,
    ) -> FilledForm:
        """What the relying party may have of a form at this moment: first what was sent, once; then, where
        the resident let it stand, the values of now.

        The disclosure is recorded in the same transaction, committed before this returns.

        :param secret: of the access token, or None.
        :param fields: of the form that the access token is good for; None: all.
        :raises NotFound: ``form_not_available``: never sent, fetched before, ended, withdrawn, or the form is
            not registered any more.
        """
        registered = next((one for one in client.forms if one.id == form), None)
        found = None
        if registered is not None and (fields is None or fields):
            now = self._holding.clock.now()
            if secret is not None:
                found = self._fetch_sent(resident_id, client, form, secret.reveal(), fields, now)
            if found is None:
                found = self._fetch_standing(resident_id, client, registered, fields, now)
        if found is None:
            raise NotFound("form_not_available")
        return found

    def _fetch_sent(
        self,
        resident_id: str,
        client: RelyingParty,
        form: str,
        secret: str,
        fields: Collection[str] | None,
        now: Instant,
    ) -> FilledForm | None:
        """What was sent, if nobody fetched it before; less what was withdrawn since."""
        holding = self._holding
        digest = submission_digest(secret, form)
        with holding.store.transaction() as tx:
            outcome = tx.single_use.use_up(SUBMISSION_KIND, digest, now)
            if not isinstance(outcome, Won):
                return None
            try:
                sent = read_submission(outcome.record, holding.fields)
            except NotFound:  # the data key is gone: erased meanwhile
                return None
            if (sent.resident_id, sent.client_id) != (resident_id, client.id):
                return None
            kept = tx.clients.get(client.id)
            resident = tx.residents.get(resident_id)
            if kept is None or not kept.enabled or resident is None:
                return None
            if not resident.state.may_log_in:
                return None
            newest = holding.newest(tx, resident_id, kept, form, now)
            permitted = {
                claim: newest[claim].id
                for claim in sent.decisions
                if (fields is None or claim in fields)
                and claim in newest
                and _same(newest[claim], sent)
            }
            claims = {
                name: value
                for name, value in sent.claims.items()
                if name.partition("#")[0] in permitted
            }
            if not claims:
                return None
            disclosure = self._disclosure(sent, permitted, claims, now)
            record(tx, disclosure)
            holding.tell(tx, disclosure.resident_id, "form_sent", now)
        return FilledForm(
            id=disclosure.id,
            form=form,
            claims=claims,
            sources={claim: sent.sources[claim] for claim in sent.sources if claim in permitted},
            standing=False,
        )

    def _disclosure(
        self,
        sent: Submission,
        permitted: Mapping[str, str],
        claims: Mapping[str, Any],
        now: Instant,
    ) -> Disclosure:
        holding = self._holding
        disclosure_id = holding.random.token(_ID_BYTES)
        salt = holding.random.token_bytes(SALT_BYTES)
        told = {name.partition("#")[0] for name in claims}
        return Disclosure(
            id=disclosure_id,
            resident_id=sent.resident_id,
            client_id=sent.client_id,
            purpose=sent.form,
            claims=tuple(claims),
            disclosed_at=now,
            decisions=tuple(one for claim, one in permitted.items() if claim in told),
            digests=digests_of(claims, disclosure_id, salt),
            salt=holding.fields.seal_disclosure_salt(sent.resident_id, disclosure_id, salt),
        )

    def _fetch_standing(
        self,
        resident_id: str,
        client: RelyingParty,
        form: DataForm,
        fields: Collection[str] | None,
        now: Instant,
    ) -> FilledForm | None:
        wanted = tuple(claim for claim in form.claims if fields is None or claim in fields)
        told = self._releasing.tell(resident_id, client.id, wanted, now, form.id, with_sources=True)
        if told is None:
            return None
        return FilledForm(
            id=told.disclosure_id,
            form=form.id,
            claims=told.claims,
            sources={claim: source.as_json() for claim, source in told.sources.items()},
            standing=True,
        )


def _same(newest: ConsentDecision, sent: Submission) -> bool:
    """Whether the newest decision about a claim still is the one with which it was sent."""
    if not newest.agreed or newest.evidence is None:
        return False
    return newest.evidence.question == sent.question
