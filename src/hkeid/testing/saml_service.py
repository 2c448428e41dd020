"""A service that speaks SAML, on the library's own service provider: for demonstrations and tests.

::

    $ python -m hkeid.testing.saml_service --port 5003 --provider http://localhost:8000/saml/metadata --key service.pem

Its metadata is at ``/metadata``. It keeps its sessions in memory.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.request import urlopen

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.doors.form_post import form_post_page, form_post_script
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.http import Request, Response, redirect
from hkeid.ports.keys import KeyState
from hkeid.ports.surroundings import Clock
from hkeid.saml.dsig import RSA_SHA256, XmlSigner
from hkeid.saml.messages import Binding, new_identifier
from hkeid.saml.messages.bindings import REQUEST, FormPost, Outgoing, arrival
from hkeid.saml.metadata import (
    Endpoint,
    Entity,
    IndexedEndpoint,
    SpRole,
    TrustedAsItIs,
    read_metadata,
)
from hkeid.saml.metadata.document import MetadataDocument
from hkeid.saml.metadata.publication import OUR_ALGORITHMS, OwnKey, publish, published_keys
from hkeid.saml.sp import (
    Authentication,
    LoginWish,
    LogoutSubject,
    ServiceProvider,
    ServiceProviderLogout,
    ServiceProviderSettings,
)
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.small_server import SmallServer

_COOKIE = "saml_service"
_SCRIPT = "/post.js"


@dataclass(frozen=True, slots=True)
class _Directory:
    """A document as the service provider asks for it."""

    document: MetadataDocument
    clock: Clock

    def entity(self, entity_id: str) -> Entity | None:
        """By name."""
        return self.document.entity(entity_id, self.clock.now())

    def entity_of_source(self, source_id: bytes) -> Entity | None:
        """By the digest of its name."""
        return self.document.entity_of_source(source_id, self.clock.now())


@dataclass
class _Visitor:
    """A browser here."""

    login: Authentication | None = None


class SamlService:
    """The application; serve it with :class:`hkeid.testing.small_server.SmallServer`.

    :param url: its base URL.
    :param provider: address of the identity provider's metadata.
    """

    def __init__(self, url: str, provider: str, key: rsa.RSAPrivateKey) -> None:
        self.url = url
        self._provider = provider
        self._public = key.public_key()
        self._clock, self._random = SystemClock(), SystemRandom()
        self._visitors: dict[str, _Visitor] = {}
        self._kept: dict[str, tuple[str, bytes]] = {}
        self._arrived: dict[str, tuple[str, Authentication]] = {}
        self._store = MemoryStore(
            keys=MemoryKeyStore(algorithms=("ES256",)), clock=self._clock, random=self._random
        )
        self._signer = XmlSigner(
            algorithm=RSA_SHA256, sign=lambda octets: key.sign(octets, padding.PKCS1v15(), SHA256())
        )
        self._settings = ServiceProviderSettings(
            entity_id=f"{url}/metadata", acs=f"{url}/acs", logout=f"{url}/slo"
        )
        self._handlers: dict[str, Callable[[Request, str], Response]] = {
            "/": self._home,
            "/login": self._log_in,
            "/acs": self._consume,
            "/arrived": self._arrive,
            "/logout": self._log_out,
            "/slo": self._logout_message,
            _SCRIPT: lambda _request, _browser: form_post_script(),
            "/metadata": lambda _request, _browser: Response(
                status=200,
                headers=(("Content-Type", "application/samlmetadata+xml"),),
                body=self.metadata(),
            ),
        }

    def metadata(self) -> bytes:
        """What identity providers have to know of it, signed."""
        own = OwnKey(state=KeyState.ACTIVE, public=self._public)
        acs = IndexedEndpoint(
            binding=Binding.POST.value, location=self._settings.acs, index=0, default=True
        )
        role = SpRole(
            keys=published_keys(signing=(own,), encryption=()),
            algorithms=OUR_ALGORITHMS,
            assertion_consumer_services=(acs,),
            single_logout_services=tuple(
                Endpoint(binding=one.value, location=f"{self.url}/slo")
                for one in (Binding.REDIRECT, Binding.POST)
            ),
            authn_requests_signed=True,
            wants_assertions_signed=True,
        )
        return publish(
            Entity(entity_id=self._settings.entity_id, sp=role),
            self._signer,
            identifier=new_identifier(self._random),
            now=self._clock.now(),
        )

    def __call__(self, request: Request) -> Response:
        """Answer a request."""
        handler = self._handlers.get(request.path)
        if handler is None:
            return Response(status=404)
        browser = _cookie(request)
        known = browser in self._visitors
        if not known:
            browser = self._random.token(24)
        try:
            answer = handler(request, browser)
        except HkeidError as error:
            answer = _page(f'<p id="refused">{escape(error.reason)}</p>', status=403)
        # Another site's form brings no cookie along; that is no reason to give the browser a new one.
        if known or request.method == "POST":
            return answer
        self._visitors[browser] = _Visitor()
        cookie = ("Set-Cookie", f"{_COOKIE}={browser}; Path=/; HttpOnly; SameSite=Lax")
        return Response(status=answer.status, headers=(*answer.headers, cookie), body=answer.body)

    def _directory(self) -> tuple[_Directory, str]:
        """The identity provider's metadata, fetched anew: a demonstration's keys are new each time."""
        with urlopen(self._provider, timeout=10) as answer:  # noqa: S310 - the address on the command line
            octets = answer.read(1_000_000)
        now = self._clock.now()
        document = read_metadata(octets, TrustedAsItIs(), now=now)
        return _Directory(document, self._clock), next(iter(document.entity_ids(now)))

    def _home(self, request: Request, browser: str) -> Response:
        del request
        visitor = self._visitors.get(browser)
        login = None if visitor is None else visitor.login
        if login is None:
            return _page(
                '<p id="stranger">Nobody is logged in.</p><p><a id="login" href="/login">Log in</a></p>'
            )
        rows = "".join(
            f"<li>{escape(one.friendly_name or one.name)}: {escape(', '.join(one.texts))}</li>"
            for one in login.attributes
        )
        name = "" if login.name_id is None else login.name_id.value
        return _page(
            f'<p id="subject">{escape(name)}</p>'
            f'<p id="level">{escape(login.context.class_ref or "")}</p>'
            f'<ul id="attributes">{rows}</ul><p><a id="logout" href="/logout">Log out</a></p>'
        )

    def _log_in(self, request: Request, browser: str) -> Response:
        directory, provider = self._directory()
        state = self._random.token(24)
        asked = request.query.get("attributes")
        index = int(asked) if asked is not None and asked.isdecimal() else None
        wish = LoginWish(identity_provider=provider, attribute_service=index)
        begun = self._service(directory).begin(wish, relay_state=state, now=self._clock.now())
        self._kept[state] = (browser, begun.kept)
        return self._leave(begun.to)

    def _consume(self, request: Request, browser: str) -> Response:
        """The answer comes without cookies; whose it is shows at the next step, which has them."""
        del browser
        whose, kept = self._kept.pop(request.form.get("RelayState") or "", ("", b""))
        if not kept:
            return _page('<p id="refused">state_unknown</p>', status=403)
        directory, _ = self._directory()
        login = self._service(directory).finish(kept, request, self._clock.now())
        ticket = self._random.token(24)
        self._arrived[ticket] = (whose, login)
        return redirect(f"{self.url}/arrived?ticket={ticket}")

    def _arrive(self, request: Request, browser: str) -> Response:
        whose, login = self._arrived.pop(request.query.get("ticket") or "", ("", None))
        if login is None or whose != browser:
            return _page('<p id="refused">login_of_another_browser</p>', status=403)
        self._visitors[browser].login = login
        return redirect(f"{self.url}/")

    def _log_out(self, request: Request, browser: str) -> Response:
        del request
        visitor = self._visitors.get(browser) or _Visitor()
        login, visitor.login = visitor.login, None
        if login is None or login.name_id is None:
            return redirect(f"{self.url}/")
        directory, _ = self._directory()
        state = self._random.token(24)
        subject = LogoutSubject(
            identity_provider=login.identity_provider,
            name_id=login.name_id,
            session_index=login.session_index,
        )
        begun = self._logouts(directory).begin(subject, relay_state=state, now=self._clock.now())
        if begun is None:
            return redirect(f"{self.url}/")
        self._kept[state] = (browser, begun.kept)
        return self._leave(begun.to)

    def _logout_message(self, request: Request, browser: str) -> Response:
        del browser
        directory, _ = self._directory()
        logouts, now = self._logouts(directory), self._clock.now()
        came = arrival(request)
        if came.parameter != REQUEST:
            _, kept = self._kept.pop(came.relay_state or "", ("", b""))
            if kept:
                logouts.finish(kept, request, now)
            return redirect(f"{self.url}/")
        received = logouts.receive(request, now)
        with self._store.transaction() as tx:
            first = tx.single_use.put(received.once)
        if first:
            self._end(received.name_id.value, received.session_indexes)
        answer = logouts.answer(received, now, ended=first)
        assert not isinstance(answer, bytes)
        return self._leave(answer)

    def _end(self, name: str, indexes: Iterable[str]) -> None:
        ending = set(indexes)
        for visitor in self._visitors.values():
            login = visitor.login
            if login is None or login.name_id is None or login.name_id.value != name:
                continue
            if not ending or login.session_index in ending:
                visitor.login = None

    def _leave(self, outgoing: Outgoing) -> Response:
        if isinstance(outgoing, FormPost):
            return form_post_page(outgoing.action, outgoing.fields, script_url=self.url + _SCRIPT)
        return redirect(outgoing.url)

    def _service(self, directory: _Directory) -> ServiceProvider:
        return ServiceProvider(self._settings, directory, self._store, self._signer, self._random)

    def _logouts(self, directory: _Directory) -> ServiceProviderLogout:
        return ServiceProviderLogout(self._settings, directory, self._signer, self._random)


def key_in(path: Path) -> rsa.RSAPrivateKey:
    """The key in a PEM file, made there where there is none."""
    if not path.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    loaded = load_pem_private_key(path.read_bytes(), None)
    assert isinstance(loaded, rsa.RSAPrivateKey)
    return loaded


def _cookie(request: Request) -> str:
    for pair in (request.header("cookie") or "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == _COOKIE:
            return value
    return ""


def _page(body: str, *, status: int = 200) -> Response:
    document = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>A SAML service</title></head><body><main><h1>A SAML service</h1>{body}</main></body></html>"
    )
    headers = (("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store"))
    return Response(status=status, headers=headers, body=document.encode())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the service until it is interrupted."""
    parser = argparse.ArgumentParser(description="A service that speaks SAML.")
    parser.add_argument("--port", type=int, default=5003)
    parser.add_argument("--provider", default="http://localhost:8000/saml/metadata")
    parser.add_argument("--key", type=Path, required=True, help="PEM file; made where missing")
    given = parser.parse_args(arguments)
    service = SamlService(f"http://localhost:{given.port}", given.provider, key_in(given.key))
    server = SmallServer(service, given.port)
    print(f"a SAML service at {service.url}", flush=True)  # noqa: T201
    server.serve()


if __name__ == "__main__":
    main()
