"""Where a resident wants to be told: e-mail (proved by a code), browsers (Web Push), a telephone.

Addresses are sealed fields like other particulars, and nobody but the resident sees them. A change needs
a login of a moment ago with user verification, and is told to every address that was there before: whoever
takes over an eID, or a browser that is logged in, cannot silence its owner. So each change may also be
refused: :class:`~hkeid.kernel.errors.TooManyAttempts`, ``contact_changes_exhausted``, ``contact_former_full``.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Final, Protocol
from urllib.parse import urlsplit

from hkeid.audit.events import AuditTrail
from hkeid.broker.errors import StepUpRequired
from hkeid.enrolment.cooling import check_not_cooling
from hkeid.enrolment.notices.addresses import (
    PHONE,
    ContactBrowser,
    ContactChannel,
    ContactsFull,
    addresses_of,
    browsers_of,
    parse_subscription,
)
from hkeid.enrolment.notices.changing import count_change, take_turn
from hkeid.enrolment.notices.events import ContactChanged, ContactProofRefused
from hkeid.enrolment.notices.former import FormerAddress, former_of, kept_former, with_former
from hkeid.enrolment.notices.records import DueNotice, NoticeChoiceRepository, NoticeRepository
from hkeid.enrolment.notices.telling import tell
from hkeid.enrolment.notices.topics import Topic, topic_of, wants
from hkeid.identity.authentication import SessionView
from hkeid.identity.language import Language
from hkeid.kernel.errors import MalformedInput, NotFound
from hkeid.kernel.instants import Instant, epoch_microseconds
from hkeid.ports.keys import KeyPurpose, KeyStore
from hkeid.ports.notices import Channel
from hkeid.ports.storage import AttemptBudgets, SingleUse, Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents import EmailProof, EmailProofs, PersonalFields
from hkeid.residents.records import ResidentRepository, SealedFieldRepository

_KIND: Final = "contact_email_proof"
MOST_BROWSERS: Final = 5
"""So many browsers of one resident are told."""
_PUSH: Final = "contact_push"
_FIELDS: Final[Mapping[Channel, str]] = {
    Channel.EMAIL: "contact_email",
    Channel.SMS: "contact_phone",
    Channel.WEB_PUSH: _PUSH,
}
_LANGUAGE: Final = "contact_language"
_FORMER: Final = "contact_former"


class ContactsTransaction(Protocol):
    """What contacts need of a transaction."""

    @property
    def single_use(self) -> SingleUse: ...
    @property
    def budgets(self) -> AttemptBudgets: ...
    @property
    def residents(self) -> ResidentRepository: ...
    @property
    def sealed_fields(self) -> SealedFieldRepository: ...
    @property
    def notices(self) -> NoticeRepository: ...
    @property
    def notice_choices(self) -> NoticeChoiceRepository: ...
    @property
    def audit(self) -> AuditTrail: ...


class Contacts:
    """The addresses of all residents.

    :param recent: how old an authentication may be for a change.
    """

    lifetime: Final = EmailProofs.lifetime
    attempts: Final = EmailProofs.attempts
    codes_per_day: Final = EmailProofs.codes_per_day

    def __init__(
        self,
        store: Store[ContactsTransaction],
        fields: PersonalFields,
        keys: KeyStore,
        clock: Clock,
        random: Random,
        *,
        recent: timedelta = timedelta(minutes=5),
    ) -> None:
        self._store = store
        self._fields = fields
        self._keys = keys
        self._clock = clock
        self._random = random
        self._recent = recent
        self._proofs = EmailProofs(
            store,
            fields,
            keys,
            random,
            kind=_KIND,
            pending_field="contact_pending",
            codes_budget="contact_codes",
            refused=lambda resident_id: ContactProofRefused(resident_id=resident_id),
        )

    @property
    def recent(self) -> timedelta:
        """How old an authentication may be for a change."""
        return self._recent

    def of_resident(self, resident_id: str) -> tuple[ContactChannel, ...]:
        """Where the resident wants to be told."""
        with self._store.transaction() as tx:
            kept = self._fields.read(tx, resident_id, tuple(_FIELDS.values()))
        found = []
        for channel, field in _FIELDS.items():
            addresses = addresses_of(channel, kept.get(field, ""))
            found += [ContactChannel(channel=channel, address=one) for one in addresses]
        return tuple(found)

    def browsers_of(self, resident_id: str) -> tuple[ContactBrowser, ...]:
        """The browsers that are told, in the order in which they were added."""
        with self._store.transaction() as tx:
            kept = self._fields.read(tx, resident_id, (_PUSH,)).get(_PUSH, "")
        return tuple(
            ContactBrowser(
                reference=self._browser_reference(resident_id, one),
                service=urlsplit(json.loads(one)["endpoint"]).hostname or "",
            )
            for one in browsers_of(kept)
        )

    def lately(self, resident_id: str, *, limit: int = 10) -> tuple[DueNotice, ...]:
        """What the resident was told, or will be, newest first."""
        with self._store.transaction() as tx:
            return tx.notices.of_resident(resident_id, limit=limit)

    def for_notice(self, resident_id: str, about: str) -> tuple[ContactChannel, ...]:
        """Where a notice goes, as its resident chose; that an address was changed goes to those before
        as well.

        :raises hkeid.kernel.errors.NotFound: ``data_key_missing``: the resident was erased.
        """
        found = self.of_resident(resident_id)
        topic = topic_of(about)
        if topic is not Topic.SECURITY:
            with self._store.transaction() as tx:
                choices = tx.notice_choices.of_resident(resident_id)
            return tuple(one for one in found if wants(choices, topic, one.channel))
        if about != "contact_changed":
            return found
        with self._store.transaction() as tx:
            kept = self._fields.read(tx, resident_id, (_FORMER,)).get(_FORMER, "")
        before = [
            ContactChannel(channel=one.channel, address=one.address) for one in former_of(kept)
        ]
        return tuple(dict.fromkeys((*found, *before)))

    def forget_former(self, resident_id: str, *, until: Instant) -> None:
        """Addresses that were left at ``until`` or earlier were told; they are no longer kept. Nothing to
        do for who was erased.
        """
        now = self._clock.now()
        with suppress(NotFound), self._store.transaction() as tx:
            take_turn(tx, resident_id, now)
            kept = former_of(self._fields.read(tx, resident_id, (_FORMER,)).get(_FORMER, ""))
            left = [one for one in kept if one.left_at > epoch_microseconds(until)]
            if len(left) != len(kept):
                self._fields.put(tx, resident_id, {_FORMER: kept_former(left)}, now)

    def language_of(self, resident_id: str) -> Language:
        """The language the resident reads notices in; traditional Chinese until one is chosen."""
        with self._store.transaction() as tx:
            kept = self._fields.read(tx, resident_id, (_LANGUAGE,))
        try:
            return Language.parse(kept.get(_LANGUAGE, ""))
        except MalformedInput:
            return Language.TRADITIONAL

    def choose_language(self, view: SessionView, language: Language) -> None:
        """Keep the language of notices."""
        now = self._clock.now()
        resident_id = view.authentication.resident_id
        with self._store.transaction() as tx:
            self._fields.put(tx, resident_id, {_LANGUAGE: language.value}, now)

    def start_email(self, view: SessionView, address: str) -> EmailProof:
        """Begin to prove an e-mail address; earlier codes lose their force.

        :raises hkeid.kernel.errors.MalformedInput: ``email_malformed``.
        :raises hkeid.broker.StepUpRequired: ``authentication_too_old``.
        :raises hkeid.kernel.errors.TooManyAttempts: ``email_codes_exhausted``.
        """
        now = self._clock.now()
        return self._proofs.start(self._fresh(view, now), address, now)

    def finish_email(self, view: SessionView, code: str) -> str:
        """The code that came to the address; from now on notices go there. Returns the address.

        :raises hkeid.kernel.errors.MalformedInput: ``code_malformed``.
        :raises hkeid.kernel.errors.Refused: ``email_code_wrong``.
        :raises hkeid.kernel.errors.Expired: ``email_code_expired``.
        :raises hkeid.kernel.errors.TooManyAttempts: ``email_code_attempts``; ask for another one.
        """
        now = self._clock.now()
        resident_id = view.authentication.resident_id
        address = self._proofs.finish(resident_id, code, now)
        self._change(resident_id, Channel.EMAIL, lambda _: address, now)
        return address

    def add_browser(self, view: SessionView, subscription: str) -> None:
        """Tell this browser as well (Push API: ``PushSubscription.toJSON()``).

        :raises hkeid.kernel.errors.MalformedInput: ``push_subscription_malformed``.
        :raises hkeid.broker.StepUpRequired: ``authentication_too_old``.
        :raises ContactsFull: ``contact_browsers_full``: one has to be removed first; none ever makes room
            by itself.
        """
        parsed = parse_subscription(subscription)
        now = self._clock.now()

        def with_it(kept: str) -> str:
            others = browsers_of(kept)
            if parsed in others:
                return kept
            if len(others) >= MOST_BROWSERS:
                raise ContactsFull("contact_browsers_full")
            return json.dumps([*others, parsed])

        self._change(self._fresh(view, now), Channel.WEB_PUSH, with_it, now)

    def remove_browser(self, view: SessionView, reference: str) -> None:
        """Tell this browser nothing any more; it is told so.

        :param reference: of :meth:`browsers_of`; one that is not there changes nothing.
        :raises hkeid.broker.StepUpRequired: ``authentication_too_old``.
        """
        now = self._clock.now()
        resident_id = self._fresh(view, now)

        def without_it(kept: str) -> str:
            found = browsers_of(kept)
            left = [
                one
                for one in found
                if not hmac.compare_digest(
                    self._browser_reference(resident_id, one).encode(),
                    reference.encode("utf-8", "surrogatepass"),
                )
            ]
            return kept if len(left) == len(found) else json.dumps(left) if left else ""

        self._change(resident_id, Channel.WEB_PUSH, without_it, now)

    def set_phone(self, view: SessionView, number: str) -> None:
        """Tell this telephone by SMS (E.164, as ``+85291234567``).

        :raises hkeid.kernel.errors.MalformedInput: ``phone_malformed``.
        :raises hkeid.broker.StepUpRequired: ``authentication_too_old``.
        """
        compact = "".join(number.split()).replace("-", "")
        if PHONE.fullmatch(compact) is None:
            raise MalformedInput("phone_malformed", field="phone")
        now = self._clock.now()
        self._change(self._fresh(view, now), Channel.SMS, lambda _: compact, now)

    def remove(self, view: SessionView, channel: Channel) -> None:
        """Tell nothing by this channel any more; its addresses are told so.

        :raises hkeid.broker.StepUpRequired: ``authentication_too_old``.
        """
        now = self._clock.now()
        self._change(self._fresh(view, now), channel, lambda _: "", now)

    def forget_browser(self, resident_id: str, subscription: str) -> None:
        """A push service says that this browser is gone."""
        now = self._clock.now()
        with self._store.transaction() as tx:
            take_turn(tx, resident_id, now)
            kept = self._fields.read(tx, resident_id, (_PUSH,)).get(_PUSH, "[]")
            left = [one for one in browsers_of(kept) if one != subscription]
            self._fields.put(tx, resident_id, {_PUSH: json.dumps(left)}, now)

    # --- details ---------------------------------------------------------------------------------

    def _change(
        self, resident_id: str, channel: Channel, change: Callable[[str], str], now: Instant
    ) -> None:
        """Change what is kept for a channel; addresses that are there no more are told of it as well."""
        field = _FIELDS[channel]
        with self._store.transaction() as tx:
            take_turn(tx, resident_id, now)
            check_not_cooling(tx, resident_id, now)
            before = self._fields.read(tx, resident_id, (field, _FORMER))
            old = before.get(field, "")
            new = change(old)
            if new == old:
                return
            stays = addresses_of(channel, new)
            left = [
                FormerAddress(channel=channel, address=one, left_at=epoch_microseconds(now))
                for one in addresses_of(channel, old)
                if one not in stays
            ]
            former = with_former(former_of(before.get(_FORMER, "")), left)
            count_change(tx, resident_id, now)
            self._fields.put(tx, resident_id, {field: new, _FORMER: kept_former(former)}, now)
            tell(tx, resident_id, "contact_changed", now=now, random=self._random)
            tx.audit.append(ContactChanged(resident_id=resident_id, channel=channel.value))

    def _fresh(self, view: SessionView, now: Instant) -> str:
        """The resident, if it is they who logged in a moment ago.

        :raises hkeid.broker.StepUpRequired: ``authentication_too_old``, also where nobody was verified
            (``user`` of RFC 8176).
        """
        authentication = view.authentication
        verified = "user" in authentication.amr
        if not verified or now - authentication.authenticated_at > self._recent:
            raise StepUpRequired("authentication_too_old")
        return authentication.resident_id

    def _browser_reference(self, resident_id: str, subscription: str) -> str:
        """A name for a browser on the resident's own page: the subscription is for us alone."""
        return self._mac("browser", f"{resident_id}:{subscription}").hex()[:24]

    def _mac(self, what: str, text: str) -> bytes:
        return self._keys.mac(KeyPurpose.SHORT_CODE, f"{_KIND}:{what}:{text}".encode())
