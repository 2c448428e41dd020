"""What can be asked of somebody who has logged in: re-authentication, form filling, a signature.

::

    pending = calls.reauthenticate(person, methods={Method.NFC}, callback=…, source=…)
    # put pending.record into the store; the person answers in the app; iAM Smart posts to the callback:
    came = read_callback(api, request, now)
    with store.transaction() as tx:
        settled = settle(tx.single_use, came, now)          # None: a duplicate
    passed = read_reauthentication(settled)
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, Final

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.oidc.errors import ErrorCode
from hkeid.upstream.assurance import AssuranceTable
from hkeid.upstream.attributes import Attributes
from hkeid.upstream.contract import STATE_BYTES, UpstreamAuthentication
from hkeid.upstream.errors import (
    AnswerUnexpected,
    UpstreamMalformed,
    UpstreamMisbehaved,
    UpstreamRefused,
)
from hkeid.upstream.iam_smart.api import IamSmartApi
from hkeid.upstream.iam_smart.assurance import Method, amr_of, authentication_word
from hkeid.upstream.iam_smart.codes import failure
from hkeid.upstream.iam_smart.pending import CallKind, Pending, Settled, record_of
from hkeid.upstream.iam_smart.person import IamSmartPerson
from hkeid.upstream.iam_smart.profile import EME_FIELDS, PROFILE_FIELDS, read_profile

MOST_HOURS: Final = 720
_STEPS: Final = {Method.FACE: "FR", Method.NFC: "NFC"}
_LONGEST_TICKET: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class FormDescription:
    """What the person reads in the app before agreeing to fill a form in.

    :raises MalformedInput: ``form_description_malformed``.
    """

    name: str
    number: str
    description: str

    def __post_init__(self) -> None:
        for value, longest in ((self.name, 255), (self.number, 20), (self.description, 255)):
            if not 0 < len(value) <= longest:
                raise MalformedInput("form_description_malformed")


class IamSmartCalls:
    """Begins calls. Safe to share between threads."""

    def __init__(self, api: IamSmartApi) -> None:
        self.api = api

    def reauthenticate(
        self,
        person: IamSmartPerson,
        *,
        methods: AbstractSet[Method],
        callback: str,
        source: str,
        minimum_account_hours: int | None = None,
    ) -> Pending:
        """Ask the person to prove themselves again: FIDO, then live face, card tap, or both.

        :param minimum_account_hours: the account must be at least this old, 0 to 720.
        :raises MalformedInput: ``stepup_methods_malformed``.
        :raises UpstreamFailed: see :meth:`IamSmartApi.call`; ``iam_smart_session_over``.
        """
        steps = [_STEPS[method] for method in Method if method in methods and method in _STEPS]
        if not steps or not 0 <= (minimum_account_hours or 0) <= MOST_HOURS:
            raise MalformedInput("stepup_methods_malformed")
        # The member is JSON within JSON: a text.
        wanted = {"unary": steps} if len(steps) == 1 else {"and": steps}
        members: dict[str, Any] = {"stepupAuthMethod": canonical_json.dumps(wanted).decode()}
        if minimum_account_hours is not None:
            members["stepupAuthPeriod"] = minimum_account_hours
        asked = {"methods": sorted(method.value for method in {*methods, Method.FIDO})}
        return self.begin_call(
            CallKind.REAUTHENTICATION, "reauthentication", person, callback, source, members, asked
        )

    def fill_form(
        self,
        person: IamSmartPerson,
        form: FormDescription,
        *,
        callback: str,
        source: str,
        profile_fields: Collection[str] = (),
        eme_fields: Collection[str] = (),
    ) -> Pending:
        """Ask for profile and e-ME fields to fill a form in. A field in both lists counts as profile.

        :raises MalformedInput: ``form_fields_malformed``: none, or unknown ones.
        :raises UpstreamFailed: as :meth:`reauthenticate`.
        """
        profile = sorted(set(profile_fields))
        eme = sorted(set(eme_fields) - set(profile))
        if not profile and not eme:
            raise MalformedInput("form_fields_malformed")
        if not set(profile) <= PROFILE_FIELDS or not set(eme) <= EME_FIELDS:
            raise MalformedInput("form_fields_malformed")
        members = {
            "formName": form.name,
            "formNum": form.number,
            "formDesc": form.description,
            "callbackContentType": "application/json",
            "profileFields": profile,
            "eMEFields": eme,
        }
        asked = {"fields": [*profile, *eme]}
        return self.begin_call(
            CallKind.FORM_FILLING, "form_filling", person, callback, source, members, asked
        )

    def begin_call(
        self,
        kind: CallKind,
        name: str,
        person: IamSmartPerson,
        callback: str,
        source: str,
        members: Mapping[str, Any],
        asked: Mapping[str, Any],
    ) -> Pending:
        """Begin a call of any kind: ids, token, where to call back; ``authByQR`` or a ticket come back.

        :param name: the function, as in :data:`~hkeid.upstream.iam_smart.settings.PERSONAL_PATHS`.
        :param asked: what :class:`Settled` brings back; no personal data.
        :raises UpstreamFailed: ``iam_smart_session_over``, ``call_answer_malformed``, those of every call.
        """
        now = self.api.clock.now()
        if now >= person.expires_at:
            raise UpstreamRefused("iam_smart_session_over", code=ErrorCode.LOGIN_REQUIRED)
        # Two values, never one constant for both.
        business_id, state = (self.api.random.token(STATE_BYTES) for _ in range(2))
        answer = self.api.call(
            name,
            {
                **members,
                "businessID": business_id,
                "state": state,
                "accessToken": person.access_token.reveal(),
                "openID": person.open_id,
                "source": source,
                "redirectURI": callback,
            },
        )
        by_push, ticket = _opening(answer)
        record = record_of(kind, business_id, state, asked, now)
        return Pending(business_id=business_id, by_push=by_push, ticket=ticket, record=record)


def _opening(answer: Mapping[str, Any]) -> tuple[bool, str | None]:
    by_push, ticket = answer.get("authByQR") is True, answer.get("ticketID")
    if ticket is not None and (not isinstance(ticket, str) or len(ticket) > _LONGEST_TICKET):
        raise UpstreamMalformed("call_answer_malformed", field="ticketID")
    if not by_push and not ticket:
        raise UpstreamMalformed("call_answer_malformed")
    return by_push, ticket


def content_of(settled: Settled, kind: CallKind) -> Mapping[str, Any]:
    """What a call of ``kind`` brought, if it succeeded.

    :raises UpstreamFailed: the failure of its return code, ``callback_of_another_kind``,
        ``callback_not_encrypted``.
    """
    if settled.kind is not kind:
        raise AnswerUnexpected("callback_of_another_kind")
    if not settled.callback.succeeded:
        raise failure(settled.callback.return_code)
    if not settled.callback.authentic:
        raise UpstreamMisbehaved("callback_not_encrypted")
    return settled.callback.content


def read_reauthentication(settled: Settled) -> frozenset[Method]:
    """The methods that were passed.

    :raises UpstreamRefused: ``iam_smart_reauthentication_…``.
    :raises UpstreamFailed: ``callback_of_another_kind``, ``callback_not_encrypted``.
    """
    content = content_of(settled, CallKind.REAUTHENTICATION)
    # Public code reads this member as text. A failure has a return code of its own; still, what does not say
    # that it was passed was not (law 7).
    if content.get("isPassed") not in (True, "true", "True"):
        raise failure("D80002")
    return frozenset(Method(value) for value in settled.asked["methods"])


def raised(
    before: UpstreamAuthentication,
    methods: AbstractSet[Method],
    *,
    signs: bool,
    table: AssuranceTable,
) -> UpstreamAuthentication:
    """The authentication after a re-authentication of the same person: never lower than before, and never
    above what the table says of the methods together.
    """
    word = authentication_word(methods, signs=signs)
    acr = table.rung(word)
    if not acr.at_least(before.acr):
        return before
    return replace(before, acr=acr, upstream_acr=word, amr=amr_of(methods))


def read_form(settled: Settled) -> Attributes:
    """The fields that the person agreed to give, of those that were asked for.

    :raises UpstreamRefused: ``iam_smart_form_filling_…``.
    :raises UpstreamFailed: as :func:`read_reauthentication`, and the reasons of :mod:`hkeid.upstream.iam_smart.profile`.
    """
    content = content_of(settled, CallKind.FORM_FILLING)
    return read_profile(content, settled.asked["fields"])


def text_of(value: bytes) -> str:
    """Base64 as iAM Smart writes it."""
    return base64.b64encode(value).decode("ascii")
