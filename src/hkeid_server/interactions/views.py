"""The two views of the loop: show an interaction's page, take what its forms send."""

from __future__ import annotations

from flask import Blueprint, Response

from hkeid.kernel.errors import NotFound
from hkeid_server.house import house
from hkeid_server.interactions.login import ChooseHandler, LoginHandler
from hkeid_server.interactions.turn import Handler, Turn
from hkeid_server.shell import prefer_languages, visit
from hkeid_server.visitors import current_session

blueprint = Blueprint("interactions", __name__)


@blueprint.get("/interaction/<door_name>/<interaction_id>")
def page(door_name: str, interaction_id: str) -> Response:
    """The page of an interaction."""
    turn, handler = turn_of(door_name, interaction_id)
    return handler.show(turn)


@blueprint.post("/interaction/<door_name>/<interaction_id>/<action>")
def act(door_name: str, interaction_id: str, action: str) -> Response:
    """What a form of the page asks for."""
    turn, handler = turn_of(door_name, interaction_id)
    return handler.act(turn, action)


@blueprint.get("/interaction/<door_name>/<interaction_id>/elsewhere/<upstream_id>")
def elsewhere(door_name: str, interaction_id: str, upstream_id: str) -> Response:
    """Log in at another identity provider.

    A link and not a form: the browser goes on to addresses that no policy for forms can list beforehand.
    """
    turn, handler = login_of(door_name, interaction_id)
    return handler.visit_elsewhere(turn, upstream_id)


@blueprint.get("/interaction/<door_name>/<interaction_id>/more")
def more(door_name: str, interaction_id: str) -> Response:
    """All other identity providers of a login page."""
    turn, handler = login_of(door_name, interaction_id)
    return handler.more(turn)


def login_of(door_name: str, interaction_id: str) -> tuple[Turn, LoginHandler]:
    """An interaction of this browser that is a login, or becomes one.

    :raises hkeid.kernel.errors.HkeidError: as :func:`turn_of`; ``interaction_other_kind``.
    """
    turn, handler = turn_of(door_name, interaction_id)
    if isinstance(handler, ChooseHandler):
        handler = handler.login
    if not isinstance(handler, LoginHandler):
        raise NotFound("interaction_other_kind")
    return turn, handler


def turn_of(door_name: str, interaction_id: str) -> tuple[Turn, Handler]:
    """An interaction of this browser, and who serves its kind.

    :raises hkeid.kernel.errors.HkeidError: as the door's ``look``; ``door_unknown``.
    """
    parts = house()
    door = parts.doors.get(door_name)
    if door is None:
        raise NotFound("door_unknown")
    session = current_session()
    interaction = door.look(interaction_id, visit().browser, session)
    prefer_languages(interaction.ui_locales)
    turn = Turn(door_name=door_name, door=door, interaction=interaction, session=session)
    return turn, parts.handlers[interaction.kind]
