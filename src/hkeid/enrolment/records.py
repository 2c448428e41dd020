"""What enrolment needs of a transaction."""

from __future__ import annotations

from typing import Protocol

from hkeid.broker.records import BrokerTransaction
from hkeid.enrolment.notices.records import NoticeRepository
from hkeid.residents.links import LinkRepository
from hkeid.residents.records import BlindIndexRepository, SealedFieldRepository
from hkeid.signing.activation.records import SigningKeyRepository


class EnrolmentTransaction(BrokerTransaction, Protocol):
    """The hub's repositories and those of the registry."""

    @property
    def sealed_fields(self) -> SealedFieldRepository: ...
    @property
    def blind_index(self) -> BlindIndexRepository: ...
    @property
    def links(self) -> LinkRepository: ...
    @property
    def notices(self) -> NoticeRepository: ...
    @property
    def signing_keys(self) -> SigningKeyRepository: ...
