"""The sandbox's own page: test persons and their activation codes."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from hkeid.adapters.notices import InboxLetter
from hkeid.kernel.instants import from_epoch_microseconds
from hkeid_server.house import house
from hkeid_server.life_models import InboxPage, Letter
from hkeid_server.models import LocalService, PersonaCard, SandboxPage, Ticket
from hkeid_server.names import client_domain, client_name
from hkeid_server.sandbox import EXAMPLES, Standin, issue_ticket, standins
from hkeid_server.shell import language, show

blueprint = Blueprint("sandbox", __name__)


@blueprint.get("/sandbox")
def persons() -> Response:
    """All test persons."""
    return _page()


@blueprint.post("/sandbox/tickets")
def ticket() -> Response:
    """A new activation code for one of them."""
    key = request.form.get("persona", "")
    code = issue_ticket(house(), key).reveal()
    name = next(one.persona.name.english for one in standins(house()) if one.persona.key == key)
    if request.accept_mimetypes.best == "application/json":
        return jsonify(persona=key, name=name, code=code)
    return _page(Ticket(name=name, code=code))


@blueprint.get("/sandbox/inbox")
def inbox() -> Response:
    """Letters that a real installation would send."""
    kept = house().notices.inbox
    letters = () if kept is None else kept.letters()
    return show("life/inbox.html", InboxPage(letters=tuple(_letter(one) for one in letters[:100])))


def _letter(kept: InboxLetter) -> Letter:
    return Letter(
        at=from_epoch_microseconds(kept.at),
        channel=kept.channel,
        address=kept.address,
        title=kept.title,
        body=kept.body,
        language=kept.language,
        link=kept.link,
    )


def _page(ticket: Ticket | None = None) -> Response:
    page = SandboxPage(
        personas=tuple(_card(one) for one in standins(house())), services=_services(), ticket=ticket
    )
    return show("sandbox.html", page, here="/sandbox")


def _card(standin: Standin) -> PersonaCard:
    persona = standin.persona
    return PersonaCard(
        id=persona.key,
        name=persona.name.english,
        chinese=persona.name.chinese,
        story=persona.story[language().content],
        state=standin.resident.state.value,
        can_activate=standin.resident.state.value == "applicant",
    )


def _services() -> tuple[LocalService, ...]:
    found = []
    for client_id, url in (house().config.sandbox.relying_parties or EXAMPLES).items():
        with house().store.transaction() as tx:
            client = tx.clients.get(client_id)
        if client is not None:
            found.append(
                LocalService(
                    name=client_name(client, language().content),
                    domain=client_domain(client),
                    url=url,
                )
            )
    return tuple(found)
