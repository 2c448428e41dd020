"""Getting a metadata document over HTTP, and nothing but that document."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from hkeid.kernel.errors import HkeidError, NotFound, Unavailable
from hkeid.ports import HttpAnswer, HttpClient
from hkeid.saml.metadata import MetadataMisconfigured, MetadataReason

MEDIA_TYPE = "application/samlmetadata+xml"
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 3
_GONE = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class Validators:
    """By which a server tells whether a document has changed (RFC 9110 §8.8)."""

    etag: str | None = None
    modified: str | None = None

    def headers(self) -> dict[str, str]:
        """Conditions for the next request (RFC 9110 §13.1)."""
        found = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in found.items() if value is not None}


NO_VALIDATORS = Validators()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came.

    :ivar octets: the document; None where it has not changed.
    """

    octets: bytes | None = field(repr=False)
    validators: Validators = NO_VALIDATORS


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataFetcher:
    """One way out.

    :ivar client: refuses what is not https, unless it is told otherwise.
    :ivar limit: most bytes of a document.
    :ivar timeout: seconds for each request.
    :ivar insecure_localhost: go to http on this machine, in a sandbox.
    """

    client: HttpClient
    limit: int = 268_435_456
    timeout: float = 60.0
    insecure_localhost: bool = False

    def check(self, url: str) -> None:
        """Whether an operator may configure ``url``.

        :raises MetadataMisconfigured: ``saml_metadata_url``.
        """
        if not self._allowed(url):
            raise MetadataMisconfigured(MetadataReason.URL, detail=url[:200])

    def fetch(self, url: str, before: Validators = NO_VALIDATORS) -> Fetched:
        """The document at ``url``, or that it is the one of ``before``.

        :raises hkeid.kernel.errors.NotFound: ``saml_metadata_status``: there is none.
        :raises hkeid.kernel.errors.Unavailable: as the client; ``saml_metadata_status``,
            ``saml_metadata_redirect`` (to another origin, or too often), ``saml_metadata_encoded``.
        """
        answer = self._send(url, before)
        for _ in range(_MOST_REDIRECTS):
            if answer.status not in _REDIRECTS:
                break
            following = urljoin(url, answer.headers.get("location", ""))
            if _origin(following) != _origin(url) or not self._allowed(following):
                raise Unavailable(MetadataReason.REDIRECT)
            url = following
            answer = self._send(url, before)
        return self._read(answer, before)

    def _read(self, answer: HttpAnswer, before: Validators) -> Fetched:
        if answer.status in _REDIRECTS:
            raise Unavailable(MetadataReason.REDIRECT, detail="too many")
        if answer.status == 304 and before != NO_VALIDATORS:
            return Fetched(octets=None, validators=before)
        if answer.status in _GONE:
            raise NotFound(MetadataReason.STATUS, detail=str(answer.status))
        if answer.status != 200:
            raise Unavailable(MetadataReason.STATUS, detail=str(answer.status))
        if answer.headers.get("content-encoding", "identity").lower() != "identity":
            raise Unavailable(MetadataReason.ENCODED)
        validators = Validators(answer.headers.get("etag"), answer.headers.get("last-modified"))
        return Fetched(octets=answer.body, validators=validators)

    def _send(self, url: str, before: Validators) -> HttpAnswer:
        headers = {"Accept": f"{MEDIA_TYPE}, application/xml;q=0.5", "Accept-Encoding": "identity"}
        try:
            return self.client.send(
                "GET",
                url,
                headers=headers | before.headers(),
                timeout=self.timeout,
                limit=self.limit,
            )
        except Unavailable:
            raise
        except HkeidError as error:
            raise Unavailable(error.reason, detail=error.detail) from None

    def _allowed(self, url: str) -> bool:
        scheme, host, _ = _origin(url)
        if scheme == "https":
            return bool(host)
        return scheme == "http" and self.insecure_localhost and host in _LOCAL


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
        if parts.username is not None:
            return "", None, None
    except ValueError:
        return "", None, None
    return parts.scheme, parts.hostname, port
