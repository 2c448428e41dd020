"""My eID: receipts to take away, and the question about direct marketing."""

from __future__ import annotations

import re

from flask import Blueprint, Response, request

from hkeid.doors.relying_party import DIRECT_MARKETING
from hkeid.identity.authentication import SessionView
from hkeid.kernel.errors import NotFound, Refused
from hkeid.op.records import Client
from hkeid.profile import Answer, ConsentEvidence, ConsentQuestion, receipt_file
from hkeid_server.consent_models import MarketingPage
from hkeid_server.house import house
from hkeid_server.interactions.consent import question_of, terms_of
from hkeid_server.names import who_asks
from hkeid_server.shell import language, show
from hkeid_server.visitors import see_other, with_session

blueprint = Blueprint("consents", __name__)

_NO_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@blueprint.get("/account/receipt")
@with_session
def receipt_of_everything(session: SessionView) -> Response:
    """One receipt of all that was ever agreed to."""
    jws = house().receipts.issue(session.authentication.resident_id)
    return _file(jws, "consent-receipt.json")


@blueprint.get("/account/services/<client_id>/receipt")
@with_session
def receipt_of_service(session: SessionView, client_id: str) -> Response:
    """The receipt of what was agreed to for one service; ``?purpose=`` narrows it down."""
    jws = house().receipts.issue(
        session.authentication.resident_id, client_id, request.args.get("purpose")
    )
    name = _NO_FILE_NAME.sub("-", client_id)[:60]
    return _file(jws, f"consent-receipt-{name}.json")


@blueprint.get("/account/services/<client_id>/marketing")
@with_session
def ask_about_marketing(session: SessionView, client_id: str) -> Response:
    """The question, by itself."""
    return _marketing_page(session, _advertiser(client_id))


@blueprint.post("/account/services/<client_id>/marketing")
@with_session
def decide_about_marketing(session: SessionView, client_id: str) -> Response:
    """Agree, or stop. A no is never turned down, whatever has changed meanwhile."""
    resident_id = session.authentication.resident_id
    evidence = ConsentEvidence.of(
        session, question_of(f"marketing:{session.session_id}:{client_id}")
    )
    if request.form.get("decision") != "agree":
        house().ledger.withdraw(
            resident_id,
            client_id,
            purpose=DIRECT_MARKETING,
            language=language().content,
            evidence=evidence,
        )
        return see_other("/account?done=marketing-stopped#received")
    client = _advertiser(client_id)
    if request.form.get("shown", "") != _shown(_question(session, client)):
        return _marketing_page(session, client, problem="statement_outdated")
    answer = Answer(
        agreed=frozenset(request.form.get("shown", "").split()),
        refused=frozenset(),
        statement=request.form.get("statement", ""),
        language=language().content,
        evidence=evidence,
        purpose=DIRECT_MARKETING,
    )
    try:
        house().ledger.decide(resident_id, client_id, answer)
    except Refused as error:
        if error.reason not in ("statement_outdated", "guardian_missing"):
            raise
        return _marketing_page(session, client, problem=error.reason)
    return see_other("/account?done=marketing-agreed#received")


def _advertiser(client_id: str) -> Client:
    with house().store.transaction() as tx:
        client = tx.clients.get(client_id)
    if client is None or not client.enabled or client.direct_marketing is None:
        raise NotFound("marketing_not_registered")
    assert isinstance(client, Client)
    return client


def _question(session: SessionView, client: Client) -> ConsentQuestion:
    assert client.direct_marketing is not None
    return house().ledger.question(
        client,
        session.authentication.resident_id,
        client.direct_marketing.claims,
        language().content,
        purpose=DIRECT_MARKETING,
    )


def _marketing_page(session: SessionView, client: Client, problem: str | None = None) -> Response:
    question = _question(session, client)
    page = MarketingPage(
        who=who_asks(client, language().content),
        action=f"/account/services/{client.id}/marketing",
        statement=question.statement.version,
        shown=_shown(question),
        terms=terms_of(question),
        agreed=any(item.decided for item in question.items),
        changed=problem == "statement_outdated",
        guardian=problem == "guardian_missing",
    )
    return show("marketing.html", page, status=200 if problem is None else 409)


def _shown(question: ConsentQuestion) -> str:
    return " ".join(item.claim for item in question.items)


def _file(jws: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(receipt_file(jws), mimetype="application/json", headers=headers)
