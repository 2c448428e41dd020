"""The section about stations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hkeid.kernel.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class StationSection:
    """``[stations]``: kiosks, counters and mobile teams, which upgrade an eID by the card's chip.

    :ivar enabled: serve them.
    :ivar address: URL at which stations reach the proxy (mutual TLS); the issuer's if empty.
    :ivar proxies: addresses from which the proxy reaches this server; only from there, and only with
        the secret, is the header with a station's certificate believed.
    :ivar proxy_secret: what the proxy shows with every request of a station.
    :ivar authority: folder of the sandbox's certification authority (``hkeid stations ca``); empty
        where stations are certified elsewhere.
    :ivar certificate_days: lifetime of a station's certificate, 1 to 31.
    :ivar officer_idle_minutes: an officer's seat from which nothing is done is lost, 1 to 480.
    :ivar country_signers: folder of certificates and lists by which chips are verified.
    :ivar policy: TOML file that says which evidence is enough; the built-in policy if empty.
    """

    enabled: bool = False
    address: str = ""
    proxies: tuple[str, ...] = ()
    proxy_secret: Secret | None = None
    authority: str = ""
    certificate_days: int = 7
    officer_idle_minutes: int = 30
    country_signers: Path = Path("country-signers")
    policy: str = ""
