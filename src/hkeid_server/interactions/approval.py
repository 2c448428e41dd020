"""APPROVAL: the resident sees what is to be signed, and the passkey answers for exactly that."""

from __future__ import annotations

from flask import Response, request

from hkeid.identity.authentication import SessionView
from hkeid.kernel.errors import HkeidError, MalformedInput, NotFound, Refused
from hkeid.op import Approved, Declined
from hkeid.signing.credentials_of_residents import signer_identity
from hkeid.signing.csc import ApprovalQuestion, Asker, ShownDocument
from hkeid_server import languages, metrics
from hkeid_server.csc.models import HashesPage, HashToSign
from hkeid_server.csc.parts import CscRooms
from hkeid_server.house import house
from hkeid_server.interactions.turn import Turn
from hkeid_server.names import client_name
from hkeid_server.problems import ceremony_problem
from hkeid_server.shell import language, show, visit
from hkeid_server.visitors import CEREMONY_FAILURES, ceremony_answer, ceremony_form

_GROUP = 8
_UNSIGNABLE = {
    "eid_not_upgraded": "not-upgraded",
    "eid_cooling": "cooling",
    "key_unknown": "other-credential",
    "hash_bare": "no-document",
}
_PASSKEYS = {"passkey_synced": "stronger"}


class ApprovalHandler:
    """The page where the resident signs or refuses."""

    def show(self, turn: Turn) -> Response:
        """The question, with a new challenge."""
        return self._page(turn)

    def act(self, turn: Turn, action: str) -> Response:
        """``passkey`` or ``decline``."""
        match action:
            case "passkey":
                return self._approve(turn)
            case "decline":
                return turn.finish(Declined(), turn.session)
            case _:
                raise NotFound("action_unknown")

    def _approve(self, turn: Turn) -> Response:
        shown = languages.by_tag(request.form.get("language", ""))
        try:
            question = _question(turn, language() if shown is None else shown)
        except (Refused, MalformedInput) as error:
            return _nothing_to_sign(turn, error)
        ceremony_id, answer = ceremony_answer()
        try:
            given = _rooms().approvals.finish(
                question, ceremony_id, answer, binding=visit().browser
            )
        except CEREMONY_FAILURES as error:
            return self._page(turn, error)
        outcome = Approved(
            detail=given.detail,
            authorisation=given.authorisation,
            expires_at=given.expires_at,
        )
        return turn.finish(outcome, turn.session)

    def _page(self, turn: Turn, error: HkeidError | None = None) -> Response:
        try:
            question = _question(turn, language())
        except (Refused, MalformedInput) as failure:
            return _nothing_to_sign(turn, failure)
        begun = _rooms().approvals.start(question, binding=visit().browser)
        identity = signer_identity(question.key)
        who = turn.who()
        assert who is not None
        page = HashesPage(
            who=who,
            decline=turn.action("decline"),
            code=question.asker.confirmation,
            holder=identity.name,
            credential=question.key.id,
            until=identity.not_after,
            documents=tuple(_shown(one) for one in question.documents),
            language=language().tag,
            ceremony=ceremony_form(
                "get",
                begun.id,
                begun.options,
                action=turn.action("passkey"),
                restart=turn.here,
            ),
            problem=None if error is None else _noted(error),
        )
        status = 200 if error is None else 403
        return show(
            "signing/hashes.html", page, here=turn.here, status=status, leads_to=turn.leads_to
        )


def _question(turn: Turn, shown: languages.Language) -> ApprovalQuestion:
    detail, client = turn.interaction.detail, turn.client
    if detail is None:
        raise NotFound("detail_unknown")
    asker = Asker(
        client_id=client.id,
        name=client_name(client, shown.content),
        confirmation=turn.interaction.confirmation,
        language=shown.tag,
    )
    return _rooms().approvals.question(_session(turn).authentication.resident_id, detail, asker)


def _nothing_to_sign(turn: Turn, error: HkeidError) -> Response:
    """Say why nothing can be signed; the way back stays open."""
    who = turn.who()
    assert who is not None
    page = HashesPage(
        who=who,
        decline=turn.action("decline"),
        problem=_UNSIGNABLE.get(error.reason, "unfit"),
    )
    _note(error)
    return show("signing/hashes.html", page, here=turn.here, status=403, leads_to=turn.leads_to)


def _noted(error: HkeidError) -> str:
    _note(error)
    return _PASSKEYS.get(error.reason) or ceremony_problem(error.reason)


def _note(error: HkeidError) -> None:
    metrics.count_refusal(error.reason)
    house().journal.refusal(error, where="interaction:approval")


def _rooms() -> CscRooms:
    rooms = house().csc
    if rooms is None:
        raise NotFound("signing_absent")
    return rooms


def _session(turn: Turn) -> SessionView:
    if turn.session is None:
        raise Refused("session_ended")
    return turn.session


def _shown(one: ShownDocument) -> HashToSign:
    return HashToSign(
        label=one.label,
        document="" if one.document is None else grouped(one.document),
        to_be_signed=grouped(one.to_be_signed),
    )


def grouped(digest: bytes) -> str:
    """A hash in groups of eight hexadecimal digits, that an eye can follow."""
    text = digest.hex()
    return " ".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))
