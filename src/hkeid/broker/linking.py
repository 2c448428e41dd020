"""Whose login an upstream's answer is: links looked up, made, moved and taken back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from hkeid.broker.ending import end_session, end_sessions, revoke_grant, revoke_grants
from hkeid.broker.errors import LoginRefused
from hkeid.broker.events import UpstreamLinked, UpstreamUnlinked
from hkeid.broker.just_in_time import Accounts, hkic_of, person_of
from hkeid.broker.standing import is_account_only
from hkeid.broker.upstream_records import UpstreamTransaction
from hkeid.broker.upstreams import Upstream
from hkeid.identity.state import EidState
from hkeid.kernel.errors import NotFound
from hkeid.kernel.instants import Instant
from hkeid.ports.keys import KeyStore
from hkeid.ports.storage import Store
from hkeid.residents import find_by_hkic
from hkeid.residents.links import Link, LinkOrigin, subject_digest
from hkeid.residents.records import Resident
from hkeid.upstream.contract import UpstreamAuthentication


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkEntry:
    """A link as its resident sees it."""

    provider: str
    subject: bytes
    origin: LinkOrigin
    linked_at: Instant
    used_at: Instant


class Tell(Protocol):
    """Says that a resident must be told, within the transaction of what it is about."""

    def __call__(
        self, tx: UpstreamTransaction, resident_id: str, about: str, now: Instant
    ) -> None: ...


class Linking:
    """Finds and keeps links. To a resident a link is a way in, like a passkey: the resident is told when one is
    made or taken back, and what it opened ends with it.

    :param tell: is told ``login_linked`` and ``login_unlinked``.
    """

    def __init__(
        self, store: Store[UpstreamTransaction], keys: KeyStore, accounts: Accounts, tell: Tell
    ) -> None:
        self._store = store
        self._keys = keys
        self._accounts = accounts
        self._tell = tell

    def subject(self, answer: UpstreamAuthentication) -> bytes:
        """The digest of whom the upstream proved."""
        return subject_digest(self._keys, answer.provider, answer.subject)

    def new_account(
        self, upstream: Upstream, answer: UpstreamAuthentication, now: Instant
    ) -> Resident | None:
        """An account for whom nobody knows, where the policy gives one; its data key is made outside the
        transaction, in which it is added. None: somebody is known, or none is given.
        """
        if not upstream.policy.creates:
            return None
        with self._store.transaction() as tx:
            if self._known(tx, upstream, answer) is not None:
                return None
        return self._accounts.prepare(now)

    def resident_of(
        self,
        tx: UpstreamTransaction,
        upstream: Upstream,
        answer: UpstreamAuthentication,
        account: Resident | None,
        now: Instant,
    ) -> Resident:
        """Who is there, by link, by identity-card number, or in a new account; the link is there afterwards.

        :raises LoginRefused: ``link_unknown``.
        """
        subject = self.subject(answer)
        link = tx.links.find(answer.provider, subject)
        if link is not None:
            resident = self._resident(tx, link.resident_id)
            tx.links.note_use(answer.provider, subject, now)
            if link.origin is LinkOrigin.CREATED:
                person = person_of(answer.attributes, answer.subject)
                self._accounts.renew(tx, resident.id, person, now)
            return resident
        found = self._by_hkic(tx, upstream, answer)
        if found is not None:
            self._add(tx, answer.provider, subject, found.id, LinkOrigin.HKIC, now)
            return found
        if account is None:
            raise LoginRefused("link_unknown")
        person = person_of(answer.attributes, answer.subject)
        self._accounts.add(tx, account, person, answer.provider, now)
        self._add(tx, answer.provider, subject, account.id, LinkOrigin.CREATED, now)
        return account

    def link(
        self,
        tx: UpstreamTransaction,
        upstream: Upstream,
        answer: UpstreamAuthentication,
        resident_id: str,
        now: Instant,
    ) -> None:
        """Link on the resident's own word, after both logins. A link of an account that only the upstream had
        made moves here, and that account is closed; one of anybody else's eID stays.

        :raises LoginRefused: ``link_of_another``: of another resident, or of a person with another
            identity-card number, where the upstream proves it.
        """
        self._check_same_person(tx, upstream, answer, resident_id)
        subject = self.subject(answer)
        old = tx.links.find(answer.provider, subject)
        if old is None:
            self._add(tx, answer.provider, subject, resident_id, LinkOrigin.RESIDENT, now)
            return
        if old.resident_id == resident_id:
            return
        if old.origin is not LinkOrigin.CREATED:
            raise LoginRefused("link_of_another")
        new = Link(
            provider=old.provider,
            subject=subject,
            resident_id=resident_id,
            origin=LinkOrigin.RESIDENT,
            linked_at=now,
            used_at=now,
        )
        if not tx.links.move(old, new):
            raise LoginRefused("link_of_another")
        self._end_what_it_opened(tx, old.provider, subject, now, reason="account_moved")
        self._close_account(tx, old.resident_id, now)
        tx.audit.append(
            UpstreamLinked(
                resident_id=resident_id,
                provider=old.provider,
                origin=LinkOrigin.RESIDENT.value,
                moved_from=old.resident_id,
            )
        )
        self._tell(tx, resident_id, "login_linked", now)

    def of_resident(self, resident_id: str) -> tuple[LinkEntry, ...]:
        """A resident's links, oldest first."""
        with self._store.transaction() as tx:
            found = tx.links.of_resident(resident_id)
        return tuple(
            LinkEntry(
                provider=one.provider,
                subject=one.subject,
                origin=one.origin,
                linked_at=one.linked_at,
                used_at=one.used_at,
            )
            for one in found
        )

    def remove(self, resident_id: str, provider: str, subject: bytes, now: Instant) -> None:
        """Take a link back, with the sessions that it opened and all that was given in them. The only way into
        an account without an eID stays.

        :raises hkeid.kernel.errors.NotFound: ``link_absent``.
        :raises LoginRefused: ``link_is_the_only_way_in``.
        """
        with self._store.transaction() as tx:
            links = tx.links.of_resident(resident_id)
            if not any(one.provider == provider and one.subject == subject for one in links):
                raise NotFound("link_absent")
            if len(links) == 1 and is_account_only(tx, resident_id):
                raise LoginRefused("link_is_the_only_way_in")
            tx.links.remove(resident_id, provider, subject)
            self._end_what_it_opened(tx, provider, subject, now, reason="unlinked")
            tx.audit.append(UpstreamUnlinked(resident_id=resident_id, provider=provider))
            self._tell(tx, resident_id, "login_unlinked", now)

    def _check_same_person(
        self,
        tx: UpstreamTransaction,
        upstream: Upstream,
        answer: UpstreamAuthentication,
        resident_id: str,
    ) -> None:
        """Who can get somebody else to approve a login must not make it a way into their own eID: the other
        person would be logged in here as them.
        """
        number = hkic_of(answer.attributes) if upstream.policy.links_by_hkic else None
        if number is None:
            return
        owner = find_by_hkic(tx, self._keys, number)
        if owner == resident_id or (owner is None and is_account_only(tx, resident_id)):
            return
        raise LoginRefused("link_of_another", detail="another identity-card number")

    @staticmethod
    def _end_what_it_opened(
        tx: UpstreamTransaction, provider: str, subject: bytes, now: Instant, *, reason: str
    ) -> None:
        """The sessions of a link and all that was given in them, ``offline_access`` too: as when a device is
        revoked.
        """
        for kept in tx.upstream_sessions.of_subject(provider, subject):
            session = tx.sessions.get(kept.session_id)
            if session is None:
                continue
            end_session(tx, session, now, reason=reason)
            for grant in tx.grants.every_of_session(session.id):
                revoke_grant(tx, grant, now)

    def _known(
        self, tx: UpstreamTransaction, upstream: Upstream, answer: UpstreamAuthentication
    ) -> str | None:
        link = tx.links.find(answer.provider, self.subject(answer))
        if link is not None:
            return link.resident_id
        found = self._by_hkic(tx, upstream, answer)
        return None if found is None else found.id

    def _by_hkic(
        self, tx: UpstreamTransaction, upstream: Upstream, answer: UpstreamAuthentication
    ) -> Resident | None:
        """The eID of the identity-card number that a trusted upstream says, in use or not: whoever's eID is
        suspended or revoked gets no account beside it. Who has not activated theirs has none yet.
        """
        number = hkic_of(answer.attributes) if upstream.policy.links_by_hkic else None
        found = None if number is None else find_by_hkic(tx, self._keys, number)
        if found is None:
            return None
        resident = self._resident(tx, found)
        return None if resident.state is EidState.APPLICANT else resident

    def _add(
        self,
        tx: UpstreamTransaction,
        provider: str,
        subject: bytes,
        resident_id: str,
        origin: LinkOrigin,
        now: Instant,
    ) -> None:
        link = Link(
            provider=provider,
            subject=subject,
            resident_id=resident_id,
            origin=origin,
            linked_at=now,
            used_at=now,
        )
        if not tx.links.add(link):
            raise LoginRefused("link_of_another", detail="linked at this very moment")
        tx.audit.append(
            UpstreamLinked(resident_id=resident_id, provider=provider, origin=origin.value)
        )
        if origin is not LinkOrigin.CREATED:
            self._tell(tx, resident_id, "login_linked", now)

    def _close_account(self, tx: UpstreamTransaction, resident_id: str, now: Instant) -> None:
        """An account without any link or passkey left can never be entered again."""
        if tx.links.of_resident(resident_id) or not is_account_only(tx, resident_id):
            return
        end_sessions(tx, resident_id, now, reason="account_moved")
        revoke_grants(tx, resident_id, now)
        account = self._resident(tx, resident_id)
        closed = replace(account, state=EidState.REVOKED, updated_at=now)
        if not tx.residents.change(account, closed):
            raise LoginRefused("link_of_another", detail="the account changed meanwhile")

    @staticmethod
    def _resident(tx: UpstreamTransaction, resident_id: str) -> Resident:
        resident = tx.residents.get(resident_id)
        if resident is None:
            raise LoginRefused("link_unknown", detail="its resident is gone")
        return resident
