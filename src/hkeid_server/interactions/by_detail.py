"""APPROVAL: who serves it depends on the type of the authorization detail (RFC 9396 §2)."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response

from hkeid.kernel.errors import NotFound
from hkeid_server.interactions.turn import Handler, Turn


class HandlerByDetail:
    """Hands an approval to the handler of its type.

    :param handlers: by type.
    """

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers

    def show(self, turn: Turn) -> Response:
        """The page."""
        return self._handler(turn).show(turn)

    def act(self, turn: Turn, action: str) -> Response:
        """What a form of the page asks for."""
        return self._handler(turn).act(turn, action)

    def _handler(self, turn: Turn) -> Handler:
        detail = turn.interaction.detail
        handler = None if detail is None else self._handlers.get(detail["type"])
        if handler is None:
            raise NotFound("detail_unknown")
        return handler
