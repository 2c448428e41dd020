"""The two views of the loop: show an interaction's page, take what its forms send."""

from __future__ import annotations

from flask import Blueprint, Response

from hkeid.kernel.errors import NotFound
from hkeid_server.house import house
from hkeid_server.interactions.turn import Handler, Turn
from hkeid_server.shell import prefer_languages, visit
from hkeid_server.visitors import current_session

blueprint = Blueprint("interactions", __name__)


@blueprint.get("/interaction/<door_name>/<interaction_id>")
def page(door_name: str, interaction_id: str) -> Response:
    """The page of an interaction."""
    turn, handler = _turn(door_name, interaction_id)
    return handler.show(turn)


@blueprint.post("/interaction/<door_name>/<interaction_id>/<action>")
def act(door_name: str, interaction_id: str, action: str) -> Response:
    """What a form of the page asks for."""
    turn, handler = _turn(door_name, interaction_id)
    return handler.act(turn, action)


def _turn(door_name: str, interaction_id: str) -> tuple[Turn, Handler]:
    parts = house()
    door = parts.doors.get(door_name)
    if door is None:
        raise NotFound("door_unknown")
    session = current_session()
    interaction = door.look(interaction_id, visit().browser, session)
    prefer_languages(interaction.ui_locales)
    turn = Turn(door_name=door_name, door=door, interaction=interaction, session=session)
    return turn, parts.handlers[interaction.kind]
