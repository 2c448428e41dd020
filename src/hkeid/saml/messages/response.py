"""The answer to an AuthnRequest, or to none (saml-core §3.3.3)."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.saml.dsig import Element
from hkeid.saml.messages import reading
from hkeid.saml.messages.message import StatusResponse, open_answer
from hkeid.saml.messages.reading import Source

RESPONSE = reading.samlp("Response")
_ASSERTION = reading.saml("Assertion")
_ENCRYPTED = reading.saml("EncryptedAssertion")


@dataclass(frozen=True, slots=True, kw_only=True)
class Response(StatusResponse):
    """A samlp:Response without its assertions: those are only read from what the kernel gives for each."""

    @classmethod
    def read(cls, source: Source) -> Response:
        """Read what is around the assertions.

        :raises SamlMalformed: what is wrong with it.
        """
        opened = open_answer(reading.root(source, RESPONSE))
        for one in opened.rest:
            if one.tag not in (_ASSERTION, _ENCRYPTED):
                raise reading.unexpected(one)
        return cls(**opened.common)  # type: ignore[arg-type]

    def write(self, *assertions: Element) -> Element:
        """The element around assertions, signed or encrypted beforehand where they are to be."""
        return self.written_answer("samlp:Response", list(assertions))
