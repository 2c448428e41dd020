"""One interaction being served: what was asked, by which door, and how to go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from flask import Response

from hkeid.doors.relying_party import RelyingParty
from hkeid.identity.authentication import SessionView
from hkeid.op import Interaction, LogoutPage, Outcome
from hkeid.saml.idp.responses import SamlErrorPage
from hkeid_server.house import Door
from hkeid_server.leaving import farewell
from hkeid_server.models import WhoAsks
from hkeid_server.names import form_targets, who_asks
from hkeid_server.shell import language, visit
from hkeid_server.visitors import as_answer, see_other


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """An interaction within one HTTP request."""

    door_name: str
    door: Door
    interaction: Interaction
    session: SessionView | None

    @property
    def here(self) -> str:
        """The address of the interaction's page."""
        return f"/interaction/{self.door_name}/{self.interaction.id}"

    def action(self, name: str) -> str:
        """The address of one of its actions."""
        return f"{self.here}/{name}"

    @property
    def client(self) -> RelyingParty:
        """The relying party of an interaction that has one."""
        client = self.interaction.client
        assert client is not None
        return client

    @property
    def leads_to(self) -> tuple[str, ...]:
        """Where a form of the page may lead in the end."""
        return form_targets(self.interaction.client)

    def who(self) -> WhoAsks | None:
        """The relying party as the page shows it, or None."""
        client = self.interaction.client
        return None if client is None else who_asks(client, language().content)

    def finish(self, outcome: Outcome, session: SessionView | None) -> Response:
        """Give the outcome to the door and send the browser where it says."""
        answer = self.door.resume(
            self.interaction.id, outcome, browser=visit().browser, session=session
        )
        if isinstance(answer, Interaction):
            return see_other(f"/interaction/{self.door_name}/{answer.id}")
        if isinstance(answer, SamlErrorPage):
            raise answer.error
        if isinstance(answer, LogoutPage):
            kind = "out" if answer.signed_out else "stayed"
            return farewell(kind, frames=answer.frames, onward=answer.onward, who=self.who())
        return as_answer(answer)


class Handler(Protocol):
    """Serves one kind of interaction."""

    def show(self, turn: Turn) -> Response:
        """The page."""
        ...

    def act(self, turn: Turn, action: str) -> Response:
        """What a form of the page asks for.

        :raises hkeid.kernel.errors.NotFound: ``action_unknown``.
        """
        ...
