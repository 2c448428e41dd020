"""Puts together what tells residents: contacts, links that stop, and whoever carries letters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hkeid.enrolment.notices import (
    Contacts,
    Dispatcher,
    DispatchSettings,
    NoticeChoices,
    StopLinks,
    tell_as_chosen,
)
from hkeid.kernel.errors import ConfigurationError, HkeidError, Unavailable
from hkeid.kernel.instants import Instant
from hkeid.ports import Clock, KeyStore, Random, Store
from hkeid.ports.notices import Channel, Notifier, Tell
from hkeid.residents import PersonalFields
from hkeid_server.config import Config
from hkeid_server.journal import Journal
from hkeid_server.wiring.telling import DecisionLetters

if TYPE_CHECKING:
    from hkeid.adapters.notices import DevelopmentInbox

INBOX_FOLDER = "inbox"


def teller(random: Random) -> Tell:
    """Tells residents, in the transaction of whoever calls, what they want to be told."""

    def tell(tx: Any, resident_id: str, about: str, now: Instant) -> None:
        # Transactions of the store hold every room's repositories.
        tell_as_chosen(tx, resident_id, about, now=now, random=random)

    return tell


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeParts:
    """What pages and housekeeping need.

    :ivar notifiers: whoever carries letters.
    :ivar inbox: the development inbox; None in production.
    """

    contacts: Contacts
    choices: NoticeChoices
    stop_links: StopLinks
    notifiers: tuple[Notifier, ...]
    inbox: DevelopmentInbox | None

    @property
    def channels(self) -> frozenset[Channel]:
        """By what residents can be told here."""
        return frozenset(one for notifier in self.notifiers for one in notifier.channels)

    @property
    def push_key(self) -> str | None:
        """What browsers subscribe to; None where they are not told."""
        if Channel.WEB_PUSH not in self.channels:
            return None
        return str(getattr(self.carrier(Channel.WEB_PUSH), "subscription_key", "")) or None

    def carrier(self, channel: Channel) -> Notifier:
        """Whoever carries letters by a channel.

        :raises hkeid.kernel.errors.Unavailable: ``notice_channel_missing``.
        """
        for notifier in self.notifiers:
            if channel in notifier.channels:
                return notifier
        raise Unavailable("notice_channel_missing", detail=channel.value)


def open_notices(
    config: Config,
    store: Store[Any],
    fields: PersonalFields,
    keys: KeyStore,
    clock: Clock,
    random: Random,
) -> NoticeParts:
    """Everything about notices.

    :raises hkeid.kernel.errors.ConfigurationError: a channel is configured wrongly.
    """
    notifiers, inbox = open_carriers(config, clock, random)
    return NoticeParts(
        contacts=Contacts(store, fields, keys, clock, random),
        choices=NoticeChoices(store, clock, random),
        stop_links=StopLinks(store, clock, random, page=f"{config.issuer}/stop"),
        notifiers=notifiers,
        inbox=inbox,
    )


def open_carriers(
    config: Config, clock: Clock, random: Random
) -> tuple[tuple[Notifier, ...], DevelopmentInbox | None]:
    """Whoever carries letters, and the sandbox's inbox.

    :raises hkeid.kernel.errors.ConfigurationError: a channel is configured wrongly.
    """
    from hkeid.adapters.notices import DevelopmentInbox

    carriers = list(_carriers(config, clock))
    if config.production:
        return tuple(carriers), None
    # Letters that nobody else carries lie here, so that a developer sees them.
    served = {one for carrier in carriers for one in carrier.channels}
    rest = frozenset({Channel.INBOX, Channel.EMAIL, Channel.SMS}) - served
    inbox = DevelopmentInbox(config.path(INBOX_FOLDER), clock, random, channels=rest)
    return (*carriers, inbox), inbox


def decision_letters(
    config: Config, notifiers: Iterable[Notifier], journal: Journal
) -> DecisionLetters:
    """Tells applicants what was decided."""
    return DecisionLetters(notifiers, journal, page=f"{config.issuer}/register/step")


def make_dispatcher(
    config: Config, parts: NoticeParts, store: Store[Any], clock: Clock, journal: Journal
) -> Dispatcher:
    """Sends what is due."""

    def failed(error: Exception, *, channel: Channel | None) -> None:
        # The type and the reason: what else an error says may hold somebody's address.
        journal.event(
            "enrolment:notice:failed",
            level="warning",
            kind=type(error).__name__,
            reason=error.reason if isinstance(error, HkeidError) else None,
            channel=None if channel is None else channel.value,
        )

    return Dispatcher(
        store,
        parts.contacts,
        parts.notifiers,
        clock,
        DispatchSettings(link=f"{config.issuer}/account"),
        stop_links=parts.stop_links,
        failed=failed,
    )


def _carriers(config: Config, clock: Clock) -> Iterable[Notifier]:
    section = config.notices
    if section.mail_host:
        from hkeid.adapters.notices import MailNotifier, MailServer

        server = MailServer(
            host=section.mail_host,
            port=section.mail_port,
            security=section.mail_security,
            sender=section.mail_sender,
            sender_name=config.passkeys.rp_name,
            username=section.mail_username,
            password=section.mail_password,
            ca_file=str(config.path(section.mail_authority)) if section.mail_authority else "",
        )
        yield MailNotifier(server, clock)
    if section.push_key is not None or section.sms_url:
        yield from _over_https(config)


def _over_https(config: Config) -> Iterable[Notifier]:
    from hkeid.adapters.http import HttpsClient

    section = config.notices
    if section.push_key is not None:
        from hkeid.adapters.notices.web_push import WebPushNotifier

        try:
            # Where to is named by a browser: never into our own networks.
            http = HttpsClient(public_only=True)
            yield WebPushNotifier(http, section.push_key, section.push_contact)
        except ValueError:
            raise ConfigurationError("config_value_invalid", detail="notices.push_key") from None
    if section.sms_url and section.sms_token is not None:
        from hkeid.adapters.notices import SmsGateway

        yield SmsGateway(HttpsClient(), section.sms_url, section.sms_token)
