"""Sign: the document, who asks, the code; sign or refuse."""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, Response

from hkeid.identity.assurance import Acr
from hkeid.identity.authentication import AuthenticationRequest, SessionView
from hkeid.identity.state import EidState
from hkeid.kernel.errors import HkeidError, MalformedInput, NotFound, Refused, Unavailable
from hkeid.op.records import Client
from hkeid.signing.requests import ApprovalRefused, OpenRequest, RequestOver
from hkeid_server import metrics
from hkeid_server.house import house
from hkeid_server.models import LoginPage
from hkeid_server.names import form_targets, who_asks
from hkeid_server.passkey_login import finish_login
from hkeid_server.problems import ceremony_problem
from hkeid_server.residents import own_names, resident_entry
from hkeid_server.shell import language, show, visit
from hkeid_server.signing_content import (
    address,
    document_page,
    end_page,
    requests,
    shown_as,
    sign_page,
)
from hkeid_server.signing_models import SignEndPage, SigningCertificatePage
from hkeid_server.visitors import (
    CEREMONY_FAILURES,
    ceremony_answer,
    ceremony_form,
    current_session,
    failed,
    forget_signal,
    give_session,
    see_other,
)

blueprint = Blueprint("signing", __name__)

_CANNOT = {
    "other_person": "other-person",
    "eid_not_upgraded": "not-plus",
    "eid_cooling": "cooling",
}


@blueprint.get("/sign/<request_id>")
def page(request_id: str) -> Response:
    """Where the request is: log in, look and decide, or what came of it."""
    session = _signer(request_id)
    if isinstance(session, Response):
        return session
    return _page(request_id, session)


@blueprint.post("/sign/<request_id>/login")
def passkey(request_id: str) -> Response:
    """The browser used a passkey to log in."""
    client = requests().viewing.asked_by(request_id)
    try:
        session = finish_login()
    except CEREMONY_FAILURES as error:
        return _login(request_id, client, error)
    return give_session(see_other(address(request_id)), session)


@blueprint.post("/sign/<request_id>/certificate")
def certificate(request_id: str) -> Response:
    """The resident agreed to a key and a certificate."""
    session = _signer(request_id)
    if isinstance(session, Response):
        return session
    opened = requests().viewing.open(request_id, session)
    try:
        requests().approving.make_key(session)
    except Unavailable as error:
        _note(error, "/sign/…/certificate")
        return _certificate(opened, session, trouble=True)
    return see_other(address(request_id))


@blueprint.get("/sign/<request_id>/documents/<int:number>")
def document(request_id: str, number: int) -> Response:
    """One document of a batch, all its pages."""
    session = _signer(request_id)
    if isinstance(session, Response):
        return session
    try:
        opened, wanted, drawn = requests().viewing.document(request_id, number, session)
    except (ApprovalRefused, RequestOver):
        return see_other(address(request_id))
    return show("signing/document.html", document_page(opened, wanted, number, drawn))


@blueprint.get("/sign/<request_id>/documents/<int:number>/file.pdf")
def file(request_id: str, number: int) -> Response:
    """The file itself, for the resident's own reader: exactly what is hashed."""
    content = requests().viewing.file(request_id, number, _session())
    answer = Response(content, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="document-{number}.pdf"'
    return answer


@blueprint.get("/sign/<request_id>/documents/<int:number>/pages/<int:page_number>.png")
def picture(request_id: str, number: int, page_number: int) -> Response:
    """A page of a document as a picture."""
    content = requests().viewing.image(request_id, number, page_number, _session())
    return Response(content, mimetype="image/png")


@blueprint.post("/sign/<request_id>/approve")
def approve(request_id: str) -> Response:
    """The passkey was used: sign."""
    session = _signer(request_id)
    if isinstance(session, Response):
        return session
    ceremony_id, response = ceremony_answer()
    try:
        requests().approving.finish(
            request_id, session, ceremony_id, response, binding=visit().browser
        )
    except (RequestOver, NotFound):
        return see_other(address(request_id))
    except (Refused, MalformedInput) as error:
        _note(error, "/sign/…/approve")
        return _page(request_id, session, problem=ceremony_problem(error.reason))
    except Unavailable as error:
        _note(error, "/sign/…/approve")
        return _page(request_id, session, trouble="unavailable")
    metrics.count_signature_request("signed")
    return see_other(address(request_id))


@blueprint.post("/sign/<request_id>/refuse")
def refuse(request_id: str) -> Response:
    """The resident does not sign."""
    return _refuse(request_id, code_differs=False)


@blueprint.post("/sign/<request_id>/code-differs")
def code_differs(request_id: str) -> Response:
    """The resident does not sign: the screens show different codes."""
    return _refuse(request_id, code_differs=True)


def _refuse(request_id: str, *, code_differs: bool) -> Response:
    session = _session()
    with suppress(RequestOver):  # decided already: the page says how
        requests().approving.refuse(
            request_id, session, "code_differs" if code_differs else "resident"
        )
        metrics.count_signature_request("code_differs" if code_differs else "refused")
    return see_other(address(request_id))


def _note(error: HkeidError, where: str) -> None:
    """For operators: a line, and a count by reason."""
    metrics.count_refusal(error.reason)
    house().journal.refusal(error, where=where)


def _session() -> SessionView:
    """The live session.

    :raises hkeid.kernel.errors.NotFound: ``signature_request_unknown``: nobody is logged in.
    """
    session = current_session()
    if session is None:
        raise NotFound("signature_request_unknown")
    return session


def _signer(request_id: str) -> SessionView | Response:
    """The session of somebody who may look, or the page that comes before."""
    client = requests().viewing.asked_by(request_id)
    session = current_session()
    if session is None:
        return _login(request_id, client)
    resident = resident_entry(session.authentication.resident_id)
    enough = session.authentication.acr.at_least(Acr.EID_PLUS)
    if (
        not enough
        and resident.state is EidState.UPGRADED
        and not resident.cools(house().clock.now())
    ):
        return _login(request_id, client, session=session)
    return session


def _login(
    request_id: str,
    client: Client,
    error: HkeidError | None = None,
    *,
    session: SessionView | None = None,
) -> Response:
    """Log in with eID+.

    :param session: who is logged in already, but not strongly enough.
    """
    begun = house().broker.start_login(
        AuthenticationRequest(
            client_id=client.id,
            acr=Acr.EID_PLUS,
            resident_id=None if session is None else session.authentication.resident_id,
        ),
        browser=visit().browser,
        session_reference=visit().session,
    )
    here = address(request_id)
    synced = session is not None and session.authentication.acr is Acr.EID
    page = LoginPage(
        who=who_asks(client, language().content),
        ceremony=ceremony_form(
            "get", begun.id, begun.options, action=f"{here}/login", restart=here,
            autofill=session is None,
        ),
        signing=True,
        stronger=synced,
        fresh=session is not None and not synced,
        problem=None if error is None else failed(error),
        signal=None if error is None else forget_signal(error),
    )  # fmt: skip
    return show("login.html", page, here=here, status=200 if error is None else 403)


def _page(
    request_id: str,
    session: SessionView,
    *,
    problem: str | None = None,
    trouble: str | None = None,
) -> Response:
    try:
        opened = requests().viewing.open(request_id, session)
        if opened.particulars is None:
            return show("signing/end.html", end_page(opened, session))
        requests().viewing.require_signer(session)
        if not requests().approving.has_key(session):
            return _certificate(opened, session)
        started = requests().approving.start(
            request_id, session, shown_as(opened), binding=visit().browser
        )
    except ApprovalRefused as refused:
        return _cannot(request_id, session, refused)
    page = sign_page(started, problem=problem, trouble=trouble)
    status = 503 if trouble else 403 if problem else 200
    return show(
        "signing/sign.html",
        page,
        here=address(request_id),
        status=status,
        leads_to=form_targets(opened.client),
    )


def _certificate(opened: OpenRequest, session: SessionView, *, trouble: bool = False) -> Response:
    here = address(opened.request.id)
    page = SigningCertificatePage(
        who=who_asks(opened.client, language().content),
        names=own_names(session.authentication.resident_id),
        action=f"{here}/certificate",
        refuse=f"{here}/refuse",
        trouble=trouble,
    )
    return show("signing/certificate.html", page, here=here, status=503 if trouble else 200)


def _cannot(request_id: str, session: SessionView, refused: ApprovalRefused) -> Response:
    """The page that says why this resident cannot sign, and what helps."""
    _note(refused, "/sign/…")
    kind = _CANNOT.get(refused.reason)
    if kind is None:
        raise refused
    client = requests().viewing.asked_by(request_id)
    resident = resident_entry(session.authentication.resident_id)
    own = kind != "other-person"
    page = SignEndPage(
        kind=kind,
        who=who_asks(client, language().content),
        refuse=f"{address(request_id)}/refuse" if own else None,
        can_upgrade=house().stations is not None and resident.state is EidState.ACTIVE,
    )
    return show("signing/end.html", page, here=address(request_id), status=403)
