"""A simulated upstream OpenID Provider, a company's: as an object in tests and as a process of its own.

::

    $ python -m hkeid.testing.upstream_provider --port 8030 --client-id hkeid --client-jwks jwks.json
    $ python -m hkeid.testing.upstream_provider --fault id_token_expired
    $ python -m hkeid.testing.upstream_provider --company-fault dpop-nonce-wanted

It takes pushed requests and proofs of possession, has a login page with several persons, ends sessions, and sends
logout tokens. Faults of :class:`hkeid.testing.fake_provider.Fault` and :class:`CompanyFault` spoil it by name.
"""

from hkeid.testing.upstream_provider.company import CompanyProvider
from hkeid.testing.upstream_provider.faults import CompanyFault
from hkeid.testing.upstream_provider.people import PASSWORD, PEOPLE, SMART_CARD, TWO_FACTORS

__all__ = [
    "PASSWORD",
    "PEOPLE",
    "SMART_CARD",
    "TWO_FACTORS",
    "CompanyFault",
    "CompanyProvider",
]
