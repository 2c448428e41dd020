"""What ``hkeid check`` says of the place where residents' signing keys are kept."""

from __future__ import annotations

from hkeid_server.cli.check_services import Doubtful, NotThere
from hkeid_server.config import Config


def resident_keys(config: Config) -> str:
    """That the token opens with its PIN, which is presented once."""
    from hkeid_server.wiring.resident_keys import look_at_token

    section = config.resident_keys
    if not (config.signing.enabled or config.csc.enabled):
        raise NotThere("nobody signs here ([signing], [csc])")
    if not section.has_token:
        return "wrapped, in the store (resident_keys.store)"
    found = look_at_token(config)
    if not section.in_token:
        found += ", for keys from before; new ones are wrapped, in the store"
    if section.pin_file is not None and _others_read(config):
        raise Doubtful(f"{found}; others on this machine may read {section.pin_file}: chmod 600")
    return found


def _others_read(config: Config) -> bool:
    assert config.resident_keys.pin_file is not None
    return bool(config.path(config.resident_keys.pin_file).stat().st_mode & 0o077)
