"""What may be configured about telling residents. Docstrings are the reference: docs quote them."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesSection:
    """``[notices]``: telling residents what happened to their eID.

    :ivar mail_host: mail server that takes our letters; empty: no mail. In the sandbox, letters go to
        the development inbox then.
    :ivar mail_port: its port.
    :ivar mail_security: ``tls``, ``starttls``, or ``none`` for a relay on this machine.
    :ivar mail_sender: address that letters come from.
    :ivar mail_username: for a server that wants to know who we are.
    :ivar mail_password: the same.
    :ivar mail_authority: certificates that the server's must chain to (PEM); the system's if empty.
    :ivar push_key: private key (PEM, P-256) of Web Push (RFC 8292); empty: browsers are not told.
    :ivar push_contact: ``mailto:`` or https address for the push services to complain to.
    :ivar sms_url: https address of an SMS gateway; empty: no SMS.
    :ivar sms_token: what it knows us by.
    :ivar every_seconds: how often what is due is sent, by the admin process; 0: never, something else
        calls ``hkeid notices send``.
    :ivar kept_days: how long it is kept that somebody was told.
    """

    mail_host: str = ""
    mail_port: int = 465
    mail_security: str = "tls"
    mail_sender: str = ""
    mail_username: str = ""
    mail_password: Secret | None = None
    mail_authority: str = ""
    push_key: Secret | None = None
    push_contact: str = ""
    sms_url: str = ""
    sms_token: Secret | None = None
    every_seconds: int = 15
    kept_days: int = 90


def check_notices(section: NoticesSection) -> None:
    """Refuse what cannot be meant.

    :raises ConfigurationError: ``config_value_invalid``.
    """
    if section.mail_host and not section.mail_sender:
        raise _invalid("notices.mail_sender", "needed with notices.mail_host")
    if section.push_key is not None and not section.push_contact.startswith(("mailto:", "https:")):
        raise _invalid("notices.push_contact", "mailto: or https:, needed with notices.push_key")
    if section.sms_url and section.sms_token is None:
        raise _invalid("notices.sms_token", "needed with notices.sms_url")
    if not 0 <= section.every_seconds <= 3600:
        raise _invalid("notices.every_seconds", "0 to 3600")
    if not 1 <= section.kept_days <= 3650:
        raise _invalid("notices.kept_days", "1 to 3650")


def _invalid(key: str, rule: str) -> ConfigurationError:
    return ConfigurationError("config_value_invalid", detail=f"{key}: {rule}")
