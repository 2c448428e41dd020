"""Steps of random consent histories that are about forms: sent for once or to stand, and fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from random import Random as Dice
from typing import TYPE_CHECKING, Any, Final

from hkeid.kernel.errors import HkeidError
from hkeid.kernel.secret import Secret
from hkeid.oidc.forms import FORM_DETAIL
from hkeid.op.records import Client
from hkeid.profile import ConsentEvidence
from hkeid.profile.forms import FormAnswer, FormFetching, FormFilling
from hkeid.testing.consent_clients import PURPOSES
from hkeid.testing.consent_model import (
    FETCHED_WITHIN,
    NO_FORMS,
    ConsentModel,
    ModelAnswer,
    ModelSubmission,
)

CLIENTS: Final = ("bank", "clinic", "shop")
BEGINNING = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
VALUES: Final = {
    "ah": {
        "name": "CHAN, Tai Man",
        "family_name": "CHAN",
        "birthdate": "1985-04-12",
        "gender": "male",
        "hkic_number": "A123456(3)",
    },
    "siu": {
        "name": "CHAN, Siu Fung",
        "family_name": "CHAN",
        "birthdate": "2013-06-18",
        "gender": "female",
        "hkic_number": "G123456(A)",
    },
}


class Difference(AssertionError):
    """The ledger does not do what the model does."""


class MovedClock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.moment = BEGINNING

    def now(self) -> datetime:
        """The present moment."""
        return self.moment


class SendsForms:
    """Part of :class:`hkeid.testing.consent_histories.History`."""

    dice: Dice
    clock: MovedClock
    model: ConsentModel
    filling: FormFilling
    fetching: FormFetching
    releases: int
    _submissions: list[tuple[ModelSubmission, Secret]]

    if TYPE_CHECKING:

        def _who(self) -> str: ...
        def _fill_in(self, client: str, purpose: str) -> tuple[ModelAnswer, str]: ...
        def _evidence(self, page: str) -> ConsentEvidence: ...
        def _registered(self, client: str) -> Client: ...
        def _recorded_release(
            self, who: str, client: str, purpose: str, got: Mapping[str, Any]
        ) -> None: ...

    def _send(self) -> None:
        """A form is answered and sent: for once, or to stand."""
        who, client = self._who(), self.dice.choice(CLIENTS)
        given, statement = self._fill_in(client, self.dice.choice(PURPOSES))
        once = self.dice.random() < 0.6
        now = self.clock.now()
        until = now + FETCHED_WITHIN if once else None
        given = replace(given, until=until, once=once)
        detail = {
            "type": FORM_DETAIL,
            "forms": [{"form": given.purpose, "fields": sorted(given.agreed | given.refused)}],
        }
        answer = FormAnswer(
            form=given.purpose,
            agreed=given.agreed,
            refused=given.refused,
            statement=statement,
            language="en",
            evidence=self._evidence(given.page),
            standing=not once,
        )
        form = given.purpose not in NO_FORMS
        expected = form and self.model.answer(who, given, now)
        try:
            sent = self.filling.send(who, self._registered(client), detail, (answer,), {})
        except HkeidError as error:
            if expected:
                raise Difference(f"form {given}: {error.reason}") from error
            return
        if not expected:
            raise Difference(f"form {given}: taken")
        submission = ModelSubmission(who=who, answer=given, sent_at=now)
        self._submissions.append((submission, sent.secret))

    def _fetch(self) -> None:
        """A client fetches a form with the token of a sending, or with another one."""
        if not self._submissions:
            return
        submission, secret = self.dice.choice(self._submissions[-3:])
        who, client = submission.who, submission.answer.client
        purpose, now = submission.answer.purpose, self.clock.now()
        owned = self.dice.random() < 0.8
        may = self.model.fetch(submission if owned else None, who, client, purpose, now)
        self.releases += 1
        try:
            got = self.fetching.fetch(
                who, self._registered(client), purpose, secret if owned else None
            ).claims
        except HkeidError:
            got = {}
        if dict(got) != {claim: VALUES[who][claim] for claim in may}:
            raise Difference(f"form {purpose} of {client}: got {sorted(got)}, may {sorted(may)}")
        self._recorded_release(who, client, purpose, got)
