"""The command line: ``hkeid``."""

try:
    from hkeid_server.cli.main import main
except ModuleNotFoundError as missing:
    if missing.name != "click":
        raise
    # This is the command itself: one plain sentence, as it gives for every other mistake.
    raise SystemExit("hkeid: click is not installed; run: pip install 'hkeid[server]'") from None

__all__ = ["main"]
