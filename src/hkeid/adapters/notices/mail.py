"""Mail by SMTP (RFC 5321) with TLS, one connection for each message."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Final

from hkeid.kernel.errors import ConfigurationError, Refused, Unavailable
from hkeid.kernel.secret import Secret
from hkeid.ports.notices import Channel, Notice
from hkeid.ports.surroundings import Clock

_PERMANENT: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mail is handed over.

    :ivar security: ``tls`` (from the first byte), ``starttls`` (required; never without it) or
        ``none`` (only on this machine: a relay on loopback).
    :ivar sender: address in ``From``; the name in front of it is the issuer's.
    """

    host: str
    port: int = 465
    security: str = "tls"
    sender: str
    sender_name: str = "Hong Kong eID"
    username: str = ""
    password: Secret | None = field(default=None, repr=False)
    ca_file: str = ""
    timeout: float = 15.0

    def __post_init__(self) -> None:
        """Refuse what would send in the clear.

        :raises hkeid.kernel.errors.ConfigurationError: ``mail_server_invalid``.
        """
        loopback = self.host in {"localhost", "127.0.0.1", "::1"}
        if self.security not in {"tls", "starttls", "none"}:
            raise ConfigurationError("mail_server_invalid", detail="security")
        if self.security == "none" and not loopback:
            raise ConfigurationError("mail_server_invalid", detail="without TLS only on loopback")
        if self.security == "none" and self.username:
            raise ConfigurationError("mail_server_invalid", detail="a password in the clear")


class MailNotifier:
    """:class:`hkeid.ports.notices.Notifier` for e-mail."""

    channels = frozenset({Channel.EMAIL})

    def __init__(self, server: MailServer, clock: Clock) -> None:
        self._server = server
        self._clock = clock
        self._tls = ssl.create_default_context(cafile=server.ca_file or None)

    def send(self, notice: Notice) -> None:
        """Hand one message over.

        :raises hkeid.kernel.errors.Unavailable: ``notice_not_sent``.
        :raises hkeid.kernel.errors.Refused: ``notice_address_refused``.
        """
        letter = self._letter(notice)
        try:
            with self._connect() as connection:
                connection.send_message(letter)
        except smtplib.SMTPRecipientsRefused as error:
            code = min((one[0] for one in error.recipients.values()), default=0)
            raise _failure(code) from None
        except smtplib.SMTPResponseException as error:
            # A sender or a password that is refused is ours to mend, not the address's fault.
            raise Unavailable("notice_not_sent", detail=f"SMTP {error.smtp_code}") from None
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable("notice_not_sent", detail=type(error).__name__) from None

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=server.timeout, context=self._tls
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
        try:
            if server.security == "starttls":
                connection.starttls(context=self._tls)
            if server.username and server.password is not None:
                connection.login(server.username, server.password.reveal())
        except BaseException:
            connection.close()
            raise
        return connection

    def _letter(self, notice: Notice) -> EmailMessage:
        server = self._server
        local, _, domain = notice.address.rpartition("@")
        letter = EmailMessage()
        try:
            letter["To"] = Address(username=local, domain=domain)
            sender, _, at = server.sender.rpartition("@")
            letter["From"] = Address(server.sender_name, sender, at)
            letter["Subject"] = notice.title
            letter["Message-ID"] = make_msgid(domain=at)
        except ValueError as error:
            raise Refused("notice_address_refused", detail=type(error).__name__) from None
        letter["Date"] = format_datetime(self._clock.now())
        letter["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: no answers from machines
        text = notice.body if notice.link is None else f"{notice.body}\n\n{notice.link}"
        letter.set_content(text + "\n")
        letter["Content-Language"] = notice.language
        return letter


def _failure(code: int) -> Refused | Unavailable:
    if code >= _PERMANENT:
        return Refused("notice_address_refused", detail=f"SMTP {code}")
    return Unavailable("notice_not_sent", detail=f"SMTP {code}")
