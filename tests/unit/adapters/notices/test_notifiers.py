"""Mail over a real SMTP exchange, Web Push to a browser's keys, an SMS gateway, the inbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path

import http_ece
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hkeid.adapters.notices import DevelopmentInbox, MailNotifier, MailServer, SmsGateway
from hkeid.adapters.notices.web_push import WebPushNotifier
from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.kernel import base64url
from hkeid.kernel.errors import ConfigurationError, Refused, Unavailable
from hkeid.kernel.secret import Secret
from hkeid.ports.notices import Channel, Notice
from hkeid.ports.surroundings import HttpAnswer
from hkeid.testing.mailbox import MailBox


def notice(channel: Channel = Channel.EMAIL, address: str = "tai.man@example.hk") -> Notice:
    return Notice(
        channel=channel,
        address=address,
        about="device_added",
        language="zh-Hant-HK",
        title="已加入裝置",
        body="一部新裝置現可用你的 eID 登入。",
        link="https://id.example.hk/account",
    )


# --- mail ----------------------------------------------------------------------------------------


@pytest.fixture
def mailbox() -> Iterator[MailBox]:
    with MailBox() as box:
        yield box


@pytest.fixture
def mail(mailbox: MailBox) -> MailNotifier:
    server = MailServer(
        host="127.0.0.1",
        port=mailbox.port,
        security="none",
        sender="eid@id.example.hk",
        sender_name="香港 eID",
    )
    return MailNotifier(server, SystemClock())


def test_a_letter_arrives_as_written(mail: MailNotifier, mailbox: MailBox) -> None:
    mail.send(notice())
    letter = message_from_bytes(mailbox.letters[0], policy=policy.default)
    assert letter["Subject"] == "已加入裝置"
    assert letter["To"] == "tai.man@example.hk"
    assert letter["From"].addresses[0].display_name == "香港 eID"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Content-Language"] == "zh-Hant-HK"
    assert "一部新裝置" in letter.get_content()
    assert "https://id.example.hk/account" in letter.get_content()


def test_a_box_that_does_not_exist(mail: MailNotifier) -> None:
    with pytest.raises(Refused) as error:
        mail.send(notice(address="refused@example.hk"))
    assert error.value.reason == "notice_address_refused"


def test_a_server_that_is_busy_or_gone(mail: MailNotifier, mailbox: MailBox) -> None:
    with pytest.raises(Unavailable):
        mail.send(notice(address="busy@example.hk"))
    mailbox.shutdown()
    mailbox.server_close()
    with pytest.raises(Unavailable) as error:
        mail.send(notice())
    assert error.value.reason == "notice_not_sent"


def test_no_header_can_be_smuggled_in(mail: MailNotifier, mailbox: MailBox) -> None:
    with pytest.raises(Refused):
        mail.send(notice(address="a@b.hk\r\nBcc: c@d.hk"))
    assert mailbox.letters == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"security": "none"},
        {"security": "maybe"},
        {"security": "none", "host": "localhost", "username": "eid"},
    ],
)
def test_mail_never_leaves_in_the_clear(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as error:
        MailServer(**{"host": "mail.example.hk", "sender": "eid@id.example.hk", **wrong})
    assert error.value.reason == "mail_server_invalid"


# --- Web Push ------------------------------------------------------------------------------------


@dataclass
class Http:
    status: int = 201
    calls: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def send(self, method, url, *, headers=None, body=None, timeout=10.0, limit=0) -> HttpAnswer:
        self.calls.append((method, url, dict(headers or {}), body or b""))
        return HttpAnswer(status=self.status)


@pytest.fixture
def http() -> Http:
    return Http()


@dataclass
class PushBrowser:
    endpoint: str = "https://push.example.net/abc"
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    auth: bytes = bytes(range(16))

    def subscription(self) -> str:
        point = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        keys = {"p256dh": base64url.encode(point), "auth": base64url.encode(self.auth)}
        return json.dumps({"endpoint": self.endpoint, "keys": keys})


@pytest.fixture
def push(http: Http) -> WebPushNotifier:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return WebPushNotifier(http, Secret(pem.decode()), "mailto:eid@id.example.hk")


def test_only_the_browser_can_read_it(push: WebPushNotifier, http: Http) -> None:
    browser = PushBrowser()
    push.send(notice(Channel.WEB_PUSH, browser.subscription()))
    method, url, headers, body = http.calls[0]
    assert (method, url) == ("POST", browser.endpoint)
    assert headers["Authorization"].startswith("vapid t=")
    assert headers["Content-Encoding"] == "aes128gcm"
    opened = http_ece.decrypt(
        body, private_key=browser.key, auth_secret=browser.auth, version="aes128gcm"
    )
    assert json.loads(opened)["title"] == "已加入裝置"
    assert "已加入裝置".encode() not in body


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example.net/abc",
        "https://localhost/abc",
        "https://127.0.0.1/abc",
        "https://10.1.2.3/abc",
        "https://[::1]/abc",
        "https://vault.internal/abc",
        "https://vault.internal./abc",
        "https://localhost./abc",
        "https://10.0.0.1./abc",
        "https://127.1/abc",
        "https://0x7f.1/abc",
        "https://0177.0.0.1/abc",
        "https://intranet/abc",
    ],
)
def test_a_subscription_cannot_make_us_call_inside(
    push: WebPushNotifier, http: Http, endpoint: str
) -> None:
    with pytest.raises(Refused) as error:
        push.send(notice(Channel.WEB_PUSH, PushBrowser(endpoint=endpoint).subscription()))
    assert error.value.reason == "notice_address_refused"
    assert http.calls == []


def test_a_subscription_whose_key_is_none_is_refused(push: WebPushNotifier, http: Http) -> None:
    keys = {"p256dh": base64url.encode(bytes(65)), "auth": base64url.encode(bytes(16))}
    broken = json.dumps({"endpoint": "https://push.example.net/abc", "keys": keys})
    with pytest.raises(Refused, match="notice_address_refused"):
        push.send(notice(Channel.WEB_PUSH, broken))
    assert http.calls == []


@pytest.mark.parametrize(
    ("status", "error"), [(404, Refused), (410, Refused), (500, Unavailable), (429, Unavailable)]
)
def test_what_a_push_service_says(
    push: WebPushNotifier, http: Http, status: int, error: type[Exception]
) -> None:
    http.status = status
    with pytest.raises(error):
        push.send(notice(Channel.WEB_PUSH, PushBrowser().subscription()))


# --- SMS and inbox -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error"),
    [(200, None), (400, Refused), (429, Unavailable), (401, Unavailable), (503, Unavailable)],
)
def test_an_sms_gateway(http: Http, status: int, error: type[Exception] | None) -> None:
    http.status = status
    gateway = SmsGateway(http, "https://sms.example.net/send", Secret("token"))
    if error is None:
        gateway.send(notice(Channel.SMS, "+85291234567"))
        _, _, headers, body = http.calls[0]
        assert headers["Authorization"] == "Bearer token"
        assert json.loads(body)["to"] == "+85291234567"
    else:
        with pytest.raises(error):
            gateway.send(notice(Channel.SMS, "+85291234567"))


def test_an_sms_gateway_without_tls(http: Http) -> None:
    with pytest.raises(ConfigurationError):
        SmsGateway(http, "http://sms.example.net/send", Secret("token"))


def test_the_inbox_keeps_what_came(tmp_path: Path) -> None:
    inbox = DevelopmentInbox(tmp_path / "inbox", SystemClock(), SystemRandom())
    inbox.send(notice(Channel.INBOX, "somebody"))
    inbox.send(notice(Channel.INBOX, "nobody"))
    assert [one.address for one in inbox.letters()] == ["nobody", "somebody"]
    assert [one.title for one in inbox.letters("somebody")] == ["已加入裝置"]
    assert (tmp_path / "inbox").stat().st_mode & 0o077 == 0
