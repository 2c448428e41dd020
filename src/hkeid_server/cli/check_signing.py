"""What ``hkeid check`` says of signing by residents: how it is served, and that documents can be read."""

from __future__ import annotations

from hkeid_server.cli.check_services import NotThere
from hkeid_server.config import Config


def signing(config: Config) -> str:
    """The ways to sign; where documents come here, the processes that read and draw them are started once.

    :raises hkeid.kernel.errors.MissingExtra: ``hkeid[signing]`` is not installed.
    :raises hkeid.kernel.errors.Unavailable: ``pdf_engine_failed``, ``pdf_pages_failed``.
    """
    ways = []
    if config.signing.enabled:
        from hkeid.adapters.pdf import engine_in_worker, pages_in_worker

        with engine_in_worker() as engine, pages_in_worker() as pages:
            engine.start()
            pages.start()
        ways.append(f"requests at level {config.signing.level}, documents can be read and drawn")
    if config.csc.enabled:
        ways.append("the signing API below /csc/")
    if not ways:
        raise NotThere("residents sign nothing ([signing], [csc])")
    return "; ".join(ways)
