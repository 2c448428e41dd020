"""Forms that visitors of a Flask application fill at eID: ``/eid/filled``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import flask

from hkeid.kernel.errors import ConfigurationError
from hkeid.rp.errors import LoginFailed
from hkeid.rp.flask_bridge import finish
from hkeid.rp.form_records import FilledForms, WantedForms
from hkeid.rp.web import Answer, BrowserRequest, WebLogin

FilledView = Callable[[FilledForms, str], Any]


class FillsForms(ABC):
    """The part of :class:`~hkeid.rp.flask.EidLogin` that has forms filled."""

    _filled_view: FilledView | None

    @abstractmethod
    def _request(self) -> BrowserRequest: ...

    @abstractmethod
    def _answered(self, act: Callable[[BrowserRequest], Answer]) -> flask.Response: ...

    @abstractmethod
    def _failure(self, request: BrowserRequest, failed: LoginFailed) -> flask.Response: ...

    def _add_forms(self, pages: flask.Blueprint) -> None:
        if self._filled_view is not None:
            pages.add_url_rule("/filled", "filled", self._filled_page)

    def fill_form(
        self,
        forms: WantedForms,
        *,
        login: bool = False,
        lasting: bool = False,
        context: str = "",
    ) -> flask.Response:
        """Send the visitor to fill forms at eID; what was sent comes to the ``filled`` view.

        Whoever is logged in is the only one who may fill them. If nobody is, nobody is named by them either,
        unless ``login`` says so. Parameters are those of :meth:`hkeid.rp.RelyingParty.start_form`;
        ``context`` comes back to the ``filled`` view.

        :raises ConfigurationError: ``filled_view_missing``.
        """
        if self._filled_view is None:
            raise ConfigurationError("filled_view_missing", detail="EidLogin(…, filled=…)")
        return self._answered(
            lambda request: _web().forms.begin(
                request, forms, login=login, lasting=lasting, context=context
            )
        )

    def _filled_page(self) -> flask.Response:
        request = self._request()
        assert self._filled_view is not None
        try:
            done = _web().forms.finish(request)
        except LoginFailed as failed:
            return self._failure(request, failed)
        view = flask.current_app.ensure_sync(self._filled_view)
        response = flask.make_response(view(done.forms, done.context))
        return finish(response, Answer(location="", cookies=done.cookies))


def _web() -> WebLogin:
    return flask.current_app.extensions["hkeid"]  # type: ignore[no-any-return]
