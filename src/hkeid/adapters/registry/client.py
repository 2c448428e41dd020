"""The adapter."""

from __future__ import annotations

from typing import Final

from hkeid.adapters.registry.transport import MutualTls, RegistryTransport
from hkeid.adapters.registry.wire import LARGEST_PORTRAIT, PATH, read_answer, write_query
from hkeid.kernel.errors import MalformedInput, Unavailable
from hkeid.ports.registry import RegistryFinding, RegistryQuery

_LONGEST_ANSWER: Final = 16_384


class HttpPersonRegistry:
    """:class:`hkeid.ports.PersonRegistry` over HTTPS.

    Whatever is not a whole, well-formed answer is ``registry_unavailable``; nothing follows from it.
    The register keeps its pictures: a portrait goes there, a band comes back.

    :param url: base address; ``/v1/checks`` is added.
    :param tls: certificates; None for a simulator on this machine.
    :param timeout: seconds for one enquiry.
    :raises hkeid.kernel.errors.ConfigurationError: ``registry_url_invalid``,
        ``registry_certificates_missing``, ``registry_certificates_unusable``.
    """

    def __init__(self, url: str, tls: MutualTls | None = None, *, timeout: float = 10.0) -> None:
        self._transport = RegistryTransport(url, tls, timeout=timeout, limit=_LONGEST_ANSWER)

    def check(self, query: RegistryQuery) -> RegistryFinding:
        """Ask about one person.

        :raises hkeid.kernel.errors.Unavailable: ``registry_unavailable``.
        :raises hkeid.kernel.errors.MalformedInput: ``registry_query_incomplete``.
        """
        if query.portrait is not None and len(query.portrait) > LARGEST_PORTRAIT:
            raise MalformedInput("registry_query_incomplete", detail="portrait too large")
        body = self._transport.post(PATH, write_query(query))
        try:
            return read_answer(body)
        except MalformedInput as error:
            raise Unavailable("registry_unavailable", detail=error.detail) from None
