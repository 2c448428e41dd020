"""What ``hkeid check`` says of the authorities outside: that they answer, know us, and what ends soon."""

from __future__ import annotations

from datetime import timedelta

from hkeid_server.cli.check_services import Doubtful, NotThere
from hkeid_server.config import Config

_SOON = timedelta(days=30)


def outside_authority(config: Config) -> str:
    """The certification authority: its chain, our credentials with it. A general message is exchanged, no
    certificate is asked for.
    """
    from hkeid.signing.certificates import read_certificate
    from hkeid.signing.certificates.errors import CertificateRefused
    from hkeid_server.wiring import surroundings
    from hkeid_server.wiring.outside import authority_chain, open_outside_authority

    clock, _ = surroundings()
    authority = open_outside_authority(config, clock)
    if authority is None:
        raise NotThere("the embedded one certifies residents' keys, if anything does")
    ends = min(read_certificate(one).not_after for one in authority_chain(config, clock.now()))
    server = config.outside_authority.server
    try:
        authority.greet()
    except CertificateRefused as error:
        raise Doubtful(
            f"{server} refuses a general message ({error.detail or 'no reason given'}): "
            "either it takes none, or it does not know us; ask for a certificate to be sure"
        ) from None
    if ends < clock.now() + _SOON:
        raise Doubtful(f"{server} answers; its own certificate ends {ends:%F}")
    return f"{server} answers and knows us; its certificates hold until {ends:%F}"


def outside_timestamps(config: Config) -> str:
    """The time-stamp authority: it is asked for one time-stamp, which is checked as any other."""
    from hkeid.signing.certificates import read_certificate
    from hkeid_server.wiring import surroundings
    from hkeid_server.wiring.outside import open_outside_timestamps

    clock, random = surroundings()
    authority = open_outside_timestamps(config, clock, random)
    if authority is None:
        raise NotThere("our own are used, if there are any")
    token = authority.token(random.token_bytes(32))
    url, ends = config.outside_timestamps.url, read_certificate(token.chain[0]).not_after
    if ends < clock.now() + _SOON:
        raise Doubtful(f"{url} stamps; its certificate ends {ends:%F}")
    return f"{url} stamps under policy {token.info.policy}; its certificate holds until {ends:%F}"
