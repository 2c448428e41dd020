"""Signing a declaration with eID: ask, show the code, keep what comes back. A witness may sign after."""

from __future__ import annotations

from hmac import compare_digest
from typing import Any

from flask import Flask, Response, abort, redirect, render_template, request, url_for

from hkeid.rp.flask import EidLogin
from hkeid.rp.signature_records import DocumentToSign, Signed
from relying_party_flask.declarations import DECLARANT, WITNESS, Declaration, Declarations
from relying_party_flask.suggestions import SuggestionBox


def add_signing(app: Flask, eid: EidLogin, box: SuggestionBox, declarations: Declarations) -> None:
    """Add the pages."""

    @app.get("/declaration/<reference>")
    @eid.login_required
    def declaration(reference: str) -> str:
        own = _own(eid, box, declarations, reference)
        return render_template("declaration.html", declaration=own, role=DECLARANT)

    @app.post("/declaration/<reference>/sign")
    @eid.login_required
    def sign_declaration(reference: str) -> Any:
        own = _own(eid, box, declarations, reference)
        return _ask(eid, own, DECLARANT)

    @app.get("/declaration/<reference>/file.pdf")
    @eid.login_required
    def declaration_file(reference: str) -> Response:
        return _file(_own(eid, box, declarations, reference))

    @app.get("/witness/<token>")
    @eid.login_required
    def witness(token: str) -> str:
        return render_template(
            "declaration.html", declaration=_by_token(declarations, token), role=WITNESS
        )

    @app.post("/witness/<token>/sign")
    @eid.login_required
    def sign_as_witness(token: str) -> Any:
        return _ask(eid, _by_token(declarations, token), WITNESS)

    @app.get("/witness/<token>/file.pdf")
    @eid.login_required
    def witness_file(token: str) -> Response:
        return _file(_by_token(declarations, token))


def keep_signed(declarations: Declarations, signed: Signed, context: str) -> Any:
    """What eID brought back: the sheet with one signature more."""
    role, _, reference = context.partition(":")
    kept = declarations.sign(reference, role, signed.pdf)
    if kept is None:
        return render_template(
            "missing.html", title="declaration_other_title", body="declaration_other_text"
        ), 409
    if role == WITNESS:
        return redirect(url_for("witness", token=kept.token), 303)
    return redirect(url_for("declaration", reference=reference), 303)


def _ask(eid: EidLogin, declaration: Declaration, role: str) -> Any:
    given = request.form.get("eid_form", "")
    if not compare_digest(given.encode("utf-8", "replace"), eid.form_token.encode()):
        return render_template(
            "declaration.html", declaration=declaration, role=role, stale=True
        ), 400
    if role in declaration.signed or (role == WITNESS and DECLARANT not in declaration.signed):
        abort(409)
    asked = eid.request_signature(
        documents=[
            DocumentToSign(
                name=f"Declaration {declaration.reference}.pdf", pdf=declaration.pdf, field=role
            )
        ],
        purpose=f"Weather suggestion {declaration.reference}",
        context=f"{role}:{declaration.reference}",
    )
    return asked.remember(render_template("sign.html", asked=asked))


def _own(
    eid: EidLogin, box: SuggestionBox, declarations: Declarations, reference: str
) -> Declaration:
    assert eid.resident is not None
    suggestion = box.find(eid.resident.sub, reference)
    if suggestion is None:
        abort(404)
    return declarations.of(eid.resident.sub, suggestion)


def _by_token(declarations: Declarations, token: str) -> Declaration:
    found = declarations.by_token(token)
    if found is None:
        abort(404)
    return found


def _file(declaration: Declaration) -> Response:
    answer = Response(declaration.pdf, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = (
        f'attachment; filename="declaration-{declaration.reference}.pdf"'
    )
    return answer
