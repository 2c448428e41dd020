"""HTTP as plain values: what a protocol room is given and what it answers.

Parameters stay ordered pairs, so that a repeated parameter is visible to the check that must
refuse it (RFC 6749 §3.1: "MUST NOT be included more than once").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from hkeid.kernel.errors import MalformedInput


@dataclass(frozen=True, slots=True)
class Parameters:
    """Ordered name/value pairs of a query string or a form."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, encoded: str | bytes, *, limit: int = 200) -> Parameters:
        """Parse ``application/x-www-form-urlencoded`` text.

        :raises MalformedInput: reason ``parameters_malformed`` (bad UTF-8, more than ``limit``).
        """
        try:
            text = encoded.decode("ascii") if isinstance(encoded, bytes) else encoded
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=limit, errors="strict")
        except ValueError as error:
            raise MalformedInput("parameters_malformed", detail=type(error).__name__) from None
        return cls(tuple(pairs))

    @classmethod
    def of(cls, values: Mapping[str, str] | Iterable[tuple[str, str]]) -> Parameters:
        """Build from a mapping or pairs."""
        items = values.items() if isinstance(values, Mapping) else values
        return cls(tuple(items))

    def get(self, name: str) -> str | None:
        """The first value of ``name``, or None."""
        for key, value in self.pairs:
            if key == name:
                return value
        return None

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of ``name``, in order."""
        return tuple(value for key, value in self.pairs if key == name)

    def repeated(self) -> tuple[str, ...]:
        """Names that occur more than once, each once, in order of their second appearance."""
        seen: set[str] = set()
        again: dict[str, None] = {}
        for key, _ in self.pairs:
            if key in seen:
                again[key] = None
            seen.add(key)
        return tuple(again)

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, _ in self.pairs)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def encode(self) -> str:
        """``application/x-www-form-urlencoded`` text."""
        return urlencode(self.pairs)


EMPTY_PARAMETERS = Parameters()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request as a protocol room sees it.

    :ivar method: upper-case method.
    :ivar path: path below the mount point, beginning with ``/``.
    :ivar query: parameters of the query string.
    :ivar raw_query: the query string as it stood in the request line, nothing decoded: SAML signs its octets
        (saml-bindings §3.4.4.1).
    :ivar form: parameters of an urlencoded body; empty for other media types.
    :ivar headers: lower-case names; a repeated header is joined with ``", "``.
    :ivar body: raw body bytes.
    :ivar network: the client's network address as the server vouches for it (behind a proxy: only
        what the configured proxy says), or "" where unknown.
    :ivar browser: opaque value that ties requests to one browser (the server keeps it in a
        ``__Host-`` cookie), or None where the caller is not a browser.
    :ivar session: the reference of the broker session as the browser presents it, or None.
    """

    method: str
    path: str
    query: Parameters = EMPTY_PARAMETERS
    raw_query: str = field(default="", repr=False)
    form: Parameters = EMPTY_PARAMETERS
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    network: str = ""
    browser: str | None = field(default=None, repr=False)
    session: str | None = field(default=None, repr=False)

    def header(self, name: str) -> str | None:
        """A header's value by its lower-case name."""
        return self.headers.get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One HTTP response, ready to send."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        """The first value of a header, name compared without case."""
        wanted = name.lower()
        for key, value in self.headers:
            if key.lower() == wanted:
                return value
        return None


RedirectStatus = Literal[302, 303]


def redirect(location: str, *, status: RedirectStatus = 303) -> Response:
    """A redirect that is never cached and sends no referrer (RFC 9700 §4.12: 303, not 307)."""
    return Response(
        status=status,
        headers=(
            ("Location", location),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
        ),
    )


def with_query(url: str, parameters: Iterable[tuple[str, str]]) -> str:
    """``url`` with ``parameters`` appended to the query it may already have."""
    parts = urlsplit(url)
    extra = urlencode(tuple(parameters))
    query = f"{parts.query}&{extra}" if parts.query and extra else parts.query or extra
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, parts.fragment))
