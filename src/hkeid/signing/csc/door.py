"""The front door: the API itself, and OAuth under the API's names for its endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from hkeid.identity.authentication import SessionView
from hkeid.kernel.http import Request, Response
from hkeid.op import Interaction, Outcome, Provider
from hkeid.op import paths as oauth
from hkeid.signing.csc.oauth_requests import with_details
from hkeid.signing.csc.service import PATHS, UNSERVED_PATHS, VERSIONS, SigningService

_OAUTH: Final = {
    "oauth2/authorize": oauth.AUTHORIZE,
    "oauth2/pushed_authorize": oauth.PAR,
    "oauth2/token": oauth.TOKEN,
    "oauth2/revoke": oauth.REVOKE,
}
_MAPPED: Final = {
    f"/csc/{version}/{name}": path for version in VERSIONS for name, path in _OAUTH.items()
}

BROWSER_PATHS: Final = frozenset(
    path for path, target in _MAPPED.items() if target == oauth.AUTHORIZE
)
"""Where the person's browser comes in."""


class CscDoor:
    """The signing service as a door of the server."""

    paths: Mapping[str, tuple[str, ...]] = {
        **PATHS,
        **UNSERVED_PATHS,
        **{path: oauth.PATHS[target] for path, target in _MAPPED.items()},
    }
    """Every path with its methods."""

    def __init__(self, provider: Provider, service: SigningService) -> None:
        self._provider = provider
        self._service = service

    def handle(self, request: Request) -> Response | Interaction:
        """Answer a call, or hand an OAuth request to the provider."""
        target = _MAPPED.get(request.path)
        if target is not None:
            return self._provider.handle(
                replace(
                    request,
                    path=target,
                    query=with_details(request.query),
                    form=with_details(request.form),
                )
            )
        methods = self.paths.get(request.path)
        if methods is None:
            return Response(status=404)
        if request.method not in methods:
            return Response(status=405, headers=(("Allow", ", ".join(methods)),))
        return self._service.handle(request)

    def look(
        self, interaction_id: str, browser: str | None, session: SessionView | None = None
    ) -> Interaction:
        """As :meth:`hkeid.op.Provider.look`."""
        return self._provider.look(interaction_id, browser, session)

    def resume(
        self,
        interaction_id: str,
        outcome: Outcome,
        *,
        browser: str | None,
        session: SessionView | None,
    ) -> Response | Interaction:
        """As :meth:`hkeid.op.Provider.resume`."""
        return self._provider.resume(interaction_id, outcome, browser=browser, session=session)
