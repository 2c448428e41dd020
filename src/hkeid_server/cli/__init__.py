"""The command line: ``hkeid``."""

from hkeid.kernel.errors import MissingExtra

try:
    from hkeid_server.cli.main import main
except ModuleNotFoundError as missing:
    raise MissingExtra(str(missing.name), "server") from None

__all__ = ["main"]
