"""CONSENT: the resident sees what is asked, decides, and is heeded."""

from __future__ import annotations

import hashlib

from flask import Response, request

from hkeid.identity.authentication import SessionView
from hkeid.kernel import base64url
from hkeid.kernel.errors import NotFound, Refused
from hkeid.op import ConsentGiven, Declined
from hkeid.profile import Answer, ConsentEvidence, ConsentQuestion
from hkeid.profile import ConsentItem as LedgerItem
from hkeid_server.consent_models import ConsentItem, ConsentPage, Terms
from hkeid_server.house import house
from hkeid_server.interactions.turn import Turn
from hkeid_server.models import Text
from hkeid_server.shell import language, show, translate


class ConsentHandler:
    """The page where the resident decides."""

    def show(self, turn: Turn) -> Response:
        """The question."""
        return self._page(turn)

    def act(self, turn: Turn, action: str) -> Response:
        """``decide``: agree (to the required claims and the voluntary ones switched on) or not."""
        if action != "decide":
            raise NotFound("action_unknown")
        if request.form.get("decision") != "agree":
            return turn.finish(Declined(), turn.session)
        session = _session(turn)
        question = self._question(turn, session)
        if request.form.get("shown", "") != _shown(question):
            return self._page(turn, changed=True)
        if question.items:
            reason = self._decide(turn, session, question)
            if reason is not None:
                return self._page(
                    turn,
                    changed=reason == "statement_outdated",
                    guardian=reason == "guardian_missing",
                )
        return turn.finish(ConsentGiven(), session)

    def _decide(self, turn: Turn, session: SessionView, question: ConsentQuestion) -> str | None:
        """Record the decision; why not, when the statement has changed since the page was shown, or a
        minor's guardian has not agreed.
        """
        picked = question.voluntary & frozenset(request.form.getlist("claim"))
        try:
            house().ledger.decide(
                session.authentication.resident_id,
                turn.client.id,
                Answer(
                    agreed=question.required | picked,
                    refused=question.voluntary - picked,
                    statement=request.form.get("statement", ""),
                    language=language().content,
                    evidence=ConsentEvidence.of(session, question_of(turn.interaction.id)),
                ),
            )
        except Refused as error:
            if error.reason not in ("statement_outdated", "guardian_missing"):
                raise
            return error.reason
        return None

    def _question(self, turn: Turn, session: SessionView) -> ConsentQuestion:
        return house().ledger.question(
            turn.client,
            session.authentication.resident_id,
            turn.interaction.claims,
            language().content,
        )

    def _page(self, turn: Turn, *, changed: bool = False, guardian: bool = False) -> Response:
        question = self._question(turn, _session(turn))
        who = turn.who()
        assert who is not None
        items = [(item.required, _item(item)) for item in question.items]
        page = ConsentPage(
            who=who,
            action=turn.action("decide"),
            required=tuple(item for required, item in items if required),
            voluntary=tuple(item for required, item in items if not required),
            statement=question.statement.version,
            terms=terms_of(question),
            shown=_shown(question),
            changed=changed,
            guardian=guardian,
        )
        status = 409 if changed or guardian else 200
        return show("consent.html", page, here=turn.here, status=status, leads_to=turn.leads_to)


def terms_of(question: ConsentQuestion) -> Terms:
    """The statement of a question in the page's language."""
    return Terms(
        title=question.text.title,
        opening=question.text.opening,
        purposes=question.text.purposes,
        paragraphs=question.text.paragraphs,
    )


def question_of(page: str) -> str:
    """The name of an answered page in the ledger: a digest (22 characters base64url), because the
    page's own id is part of a browser's address.
    """
    return base64url.encode(hashlib.sha256(f"hkeid-question-1:{page}".encode()).digest()[:16])


def _session(turn: Turn) -> SessionView:
    if turn.session is None:
        raise Refused("session_ended")
    return turn.session


def _item(item: LedgerItem) -> ConsentItem:
    values: tuple[Text, ...]
    if item.value is None:
        values = (Text(text=translate("We hold nothing here, so nothing is sent.")),)
    else:
        # Several forms of one value (a name in two scripts) stand two spaces apart.
        values = tuple(Text(text=part) for part in item.value.split("  "))
    return ConsentItem(
        claim=item.claim,
        label=item.label,
        values=values,
        why=item.why,
        on=item.on and not item.required,
        held=item.value is not None,
    )


def _shown(question: ConsentQuestion) -> str:
    return " ".join(item.claim for item in question.items)
