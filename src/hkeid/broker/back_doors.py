"""The identity providers behind the hub, as the server sees them: one object for all that they do."""

from __future__ import annotations

from collections.abc import Callable

from hkeid.broker.discovery import Doors, doors_for
from hkeid.broker.ending import EndedSession
from hkeid.broker.hub import Broker
from hkeid.broker.just_in_time import Accounts
from hkeid.broker.linking import LinkEntry, Linking, Tell
from hkeid.broker.settings import BrokerSettings
from hkeid.broker.upstream_login import Arrival, UpstreamLogin, Visitor
from hkeid.broker.upstream_logout import HeardLogout, ReturnedFromLogout, UpstreamLogouts
from hkeid.broker.upstream_records import UpstreamTransaction
from hkeid.broker.upstreams import Upstreams
from hkeid.identity.authentication import AuthenticationRequest, SessionView
from hkeid.kernel.http import Request
from hkeid.ports.keys import KeyStore
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents import PersonalFields
from hkeid.upstream.contract import Departure


class BackDoors:
    """Logging in elsewhere, linking, and logging out there.

    :param broker: whose sessions are opened.
    :param keys: makes the digests by which subjects are found.
    :param tell: tells residents that a login elsewhere became a way in, or is none any more.
    """

    def __init__(
        self,
        store: Store[UpstreamTransaction],
        upstreams: Upstreams,
        broker: Broker,
        fields: PersonalFields,
        keys: KeyStore,
        clock: Clock,
        random: Random,
        settings: BrokerSettings | None = None,
        *,
        tell: Tell,
    ) -> None:
        self.upstreams = upstreams
        self._clock = clock
        self._linking = Linking(store, keys, Accounts(fields, random), tell)
        self._login = UpstreamLogin(
            store,
            upstreams,
            self._linking,
            broker.sessions,
            fields,
            keys,
            clock,
            random,
            settings or BrokerSettings(),
        )
        self._logouts = UpstreamLogouts(store, upstreams, fields, keys, clock, random)

    def doors(self, asked: AuthenticationRequest, *, remembered: str | None) -> Doors:
        """What a person may choose from: see :func:`hkeid.broker.discovery.doors_for`."""
        return doors_for(self.upstreams, asked, remembered=remembered)

    def begin_login(
        self,
        upstream_id: str,
        asked: AuthenticationRequest,
        visitor: Visitor,
        *,
        callback: str,
        back_to: str,
        client_name: str | None = None,
    ) -> Departure:
        """See :meth:`hkeid.broker.upstream_login.UpstreamLogin.begin`."""
        return self._login.begin(
            upstream_id,
            asked,
            visitor,
            callback=callback,
            back_to=back_to,
            client_name=client_name,
        )

    def begin_linking(
        self,
        upstream_id: str,
        session: SessionView,
        visitor: Visitor,
        *,
        callback: str,
        back_to: str,
    ) -> Departure:
        """See :meth:`hkeid.broker.upstream_login.UpstreamLogin.begin_linking`."""
        return self._login.begin_linking(
            upstream_id, session, visitor, callback=callback, back_to=back_to
        )

    def finish(self, upstream_id: str, request: Request, visitor: Visitor) -> Arrival:
        """See :meth:`hkeid.broker.upstream_login.UpstreamLogin.finish`."""
        return self._login.finish(upstream_id, request, visitor)

    def links_of(self, resident_id: str) -> tuple[LinkEntry, ...]:
        """A resident's links, oldest first."""
        return self._linking.of_resident(resident_id)

    def unlink(self, resident_id: str, provider: str, subject: bytes) -> None:
        """See :meth:`hkeid.broker.linking.Linking.remove`."""
        self._linking.remove(resident_id, provider, subject, self._clock.now())

    def begin_logout(
        self,
        ended: EndedSession,
        *,
        browser: str,
        callback: Callable[[str], str],
        back_to: str,
        ui_locales: tuple[str, ...] = (),
    ) -> Departure | None:
        """See :meth:`hkeid.broker.upstream_logout.UpstreamLogouts.begin`."""
        return self._logouts.begin(
            ended, browser=browser, callback=callback, back_to=back_to, ui_locales=ui_locales
        )

    def finish_logout(
        self, upstream_id: str, request: Request, *, browser: str
    ) -> ReturnedFromLogout:
        """See :meth:`hkeid.broker.upstream_logout.UpstreamLogouts.finish`."""
        return self._logouts.finish(upstream_id, request, browser=browser)

    def hear_logout(self, upstream_id: str, request: Request) -> HeardLogout:
        """See :meth:`hkeid.broker.upstream_logout.UpstreamLogouts.hear`."""
        return self._logouts.hear(upstream_id, request)
