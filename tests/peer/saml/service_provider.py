"""A service provider written elsewhere, as the tests see it: through a browser."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

from tests.peer.saml.entities import Entity, read_entity
from tests.peer.saml.identity_provider import LEVEL, NAME, Login
from tests.peer.saml.our_identity_provider import OurIdentityProvider

from hkeid.testing.browser import Browser, Page


@dataclass
class PeerServiceProvider(ABC):
    """One running service provider.

    :ivar page: a page of it that only those see who are logged in; others are sent to log in.
    :ivar logout: where a person logs out.
    :ivar metadata_url: where it publishes its metadata.
    :ivar logs: files in which it tells more than on its pages.
    """

    page: str
    logout: str
    metadata_url: str
    idp: OurIdentityProvider = field(repr=False)
    logs: tuple[Path, ...] = ()
    entity: Entity = field(init=False, repr=False)

    def __post_init__(self) -> None:
        page = Browser().get(self.metadata_url)
        assert page.status == 200, page.text
        self.entity = read_entity(page.body)

    @abstractmethod
    def read(self, page: Page) -> Login | None:
        """Who is logged in, as the page says; None where it says nobody."""

    def browser(self) -> Browser:
        """One that goes nowhere but to this service provider."""
        origin = urlsplit(self.idp.entity_id)
        return Browser(stop_at=f"{origin.scheme}://{origin.netloc}/")

    def who(self, browser: Browser) -> Login | None:
        """Who is logged in, by a page that only they see."""
        page = browser.get(self.page)
        if page.url.startswith(self.idp.sso_url):
            return None
        return self.read(page)

    def by_soap(self, envelope: bytes) -> Page:
        """Its answer to a message that no browser carries."""
        place, action = self.entity.logout_soap, "http://www.oasis-open.org/committees/security"
        return Browser().post(place, envelope, "text/xml", headers={"SOAPAction": action})

    def told(self) -> Callable[[], str]:
        """Call it to read what has been added to the logs since."""
        sizes = {log: log.stat().st_size if log.exists() else 0 for log in self.logs}

        def read() -> str:
            texts = []
            for log, size in sizes.items():
                if log.exists():
                    with log.open("rb") as stream:
                        stream.seek(size)
                        texts.append(stream.read().decode(errors="replace"))
            return "\n".join(texts)

        return read


class SaysInJson(PeerServiceProvider):
    """One whose page is a JSON object with ``name_id`` and ``attributes``."""

    def read(self, page: Page) -> Login | None:
        if page.status != 200 or "json" not in page.headers.get("content-type", ""):
            return None
        said = json.loads(page.body)
        attributes = {
            name: tuple([values] if isinstance(values, str) else values)
            # PHP writes an empty object as a list.
            for name, values in (said["attributes"] or {}).items()
        }
        return Login(name_id=said["name_id"], attributes=attributes)


class SaysInEnvironment(PeerServiceProvider):
    """An Apache module: the page prints the variables that it set (mod_include's ``printenv``)."""

    separator = " | "

    def plain(self, value: str) -> str:
        return unescape(value)

    def read(self, page: Page) -> Login | None:
        lines = re.findall(r"^(\w+)=(.*)$", page.body.decode(), re.MULTILINE)
        variables = {name: self.plain(value) for name, value in lines}
        if "REMOTE_USER" not in variables:
            return None
        attributes = {
            known: tuple(variables[name].split(self.separator))
            for known, name in ((NAME, "NAME"), (LEVEL, "LEVEL"))
            if name in variables
        }
        return Login(name_id=variables["REMOTE_USER"], attributes=attributes)
