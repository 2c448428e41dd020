"""APPROVAL of forms: the resident sees each value, writes some anew, leaves some out, sends or does not."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, request

from hkeid.identity.authentication import SessionView
from hkeid.identity.language import Language
from hkeid.kernel.errors import HkeidError, MalformedInput, NotFound, Refused
from hkeid.op import Approved, Declined
from hkeid.profile import EME_FIELDS, ConsentEvidence
from hkeid.profile.forms import AskedForm, FormAnswer, FormQuestion, asked_forms
from hkeid.profile.forms import FormItem as AskedItem
from hkeid_server import metrics
from hkeid_server.form_models import FormItem, FormPage
from hkeid_server.form_state import AnsweredForm, FormState, read_state
from hkeid_server.house import house
from hkeid_server.interactions.consent import question_of, terms_of
from hkeid_server.interactions.form_fields import edit_page, edited_value, field_name
from hkeid_server.interactions.turn import Turn
from hkeid_server.models import Text
from hkeid_server.profile_content import value_texts
from hkeid_server.shell import language, show, translate

_PROBLEMS = {
    "statement_outdated": "changed",
    "claim_not_registered": "changed",
    "form_answer_other": "changed",
    "guardian_missing": "guardian",
    "form_value_missing": "missing",
}


class FormHandler:
    """The pages on which forms are filled, one form on each."""

    def show(self, turn: Turn) -> Response:
        """The first form."""
        return self._page(turn, FormState())

    def act(self, turn: Turn, action: str) -> Response:
        """``fill``: the buttons of a form's page; ``edit``: those of a field's page."""
        try:
            state = read_state(request.form.get("state", ""))
        except MalformedInput as error:
            _note(error)
            return self._page(turn, FormState(), problem="changed")
        match action:
            case "fill":
                return self._fill(turn, state)
            case "edit":
                return self._edit(turn, state)
            case _:
                raise NotFound("action_unknown")

    def _fill(self, turn: Turn, state: FormState) -> Response:
        """A form's page came back: change a field, send, do not send; or only show it again."""
        asked = self._present(turn, state)
        if asked is None or request.form.get("form") != asked.form.id:
            return self._page(turn, state)
        state = self._with_choices(asked, state)
        field = request.form.get("change")
        if field is not None:
            return edit_page(turn, state, _field(asked, field))
        match request.form.get("decision"):
            case "send":
                return self._sending(turn, state, asked)
            case "refuse":
                return self._go_on(turn, state.next_form(asked.form.id, AnsweredForm(send=False)))
            case _:
                return self._page(turn, state)

    def _edit(self, turn: Turn, state: FormState) -> Response:
        """A field's page came back."""
        asked = self._present(turn, state)
        if asked is None:
            return self._page(turn, state)
        field = _field(asked, request.form.get("field", ""))
        match request.form.get("decision"):
            case "back":
                return self._page(turn, state)
            case "reset":
                kept = {name: one for name, one in state.edits.items() if name != field}
                return self._page(turn, replace(state, edits=kept))
            case "keep":
                try:
                    value = edited_value(field)
                except MalformedInput as error:
                    _note(error)
                    return edit_page(turn, state, field, error)
                state = replace(state, edits={**state.edits, field: value})
                return self._page(turn, _picked(state, asked, field))
            case _:
                return edit_page(turn, state, field)

    def _with_choices(self, asked: AskedForm, state: FormState) -> FormState:
        """The switches of the page, as they came back; they do where they were on the page."""
        if "shown" not in request.form:
            return state
        picked = frozenset(request.form.getlist("claim")) & set(asked.form.voluntary)
        standing = request.form.get("often") == "standing" and asked.form.keeps_for is not None
        return replace(state, picked=tuple(sorted(picked)), standing=standing)

    def _sending(self, turn: Turn, state: FormState, asked: AskedForm) -> Response:
        question = self._question(turn, state, asked)
        if request.form.get("shown") != _shown(question):
            return self._page(turn, state, problem="changed")
        missing = [one for one in question.items if _missing(one, state)]
        if missing:
            return self._page(turn, state, problem="missing", at_fault=missing[0].asked.claim)
        answer = AnsweredForm(
            send=True,
            claims=state.picked,
            standing=state.standing,
            statement=request.form.get("statement", ""),
            language=language().content,
        )
        return self._go_on(turn, state.next_form(asked.form.id, answer))

    def _go_on(self, turn: Turn, state: FormState) -> Response:
        """The next form; or, after the last one, everything is sent at once."""
        asked = self._asked(turn)
        if any(one.form.id not in state.answered for one in asked):
            return self._page(turn, state)
        session = _session(turn)
        answers = tuple(
            _answer(one, state.answered[one.form.id], turn, session)
            for one in asked
            if state.answered[one.form.id].send
        )
        if not answers:
            return turn.finish(Declined(), session)
        detail = turn.interaction.detail
        assert detail is not None
        try:
            sent = house().forms.send(
                session.authentication.resident_id, turn.client, detail, answers, state.edits
            )
        except (Refused, MalformedInput) as error:
            if error.reason not in _PROBLEMS:
                raise
            _note(error)
            # Which form it was is not said; all of them are asked again, with what was written.
            begun = replace(FormState(), edits=state.edits)
            return self._page(turn, begun, problem=_PROBLEMS[error.reason])
        return turn.finish(
            Approved(detail=sent.detail, authorisation=sent.secret, lasting=True), session
        )

    def _asked(self, turn: Turn) -> tuple[AskedForm, ...]:
        detail = turn.interaction.detail
        if detail is None:
            raise NotFound("detail_unknown")
        return asked_forms(turn.client, detail)

    def _present(self, turn: Turn, state: FormState) -> AskedForm | None:
        """The form whose turn it is."""
        forms = self._asked(turn)
        return next((one for one in forms if one.form.id not in state.answered), None)

    def _question(self, turn: Turn, state: FormState, asked: AskedForm) -> FormQuestion:
        resident_id = _session(turn).authentication.resident_id
        return house().forms.question(
            turn.client, resident_id, asked, language().content, state.edits
        )

    def _page(
        self,
        turn: Turn,
        state: FormState,
        *,
        problem: str | None = None,
        at_fault: str = "",
    ) -> Response:
        forms = self._asked(turn)
        asked = self._present(turn, state)
        if asked is None:
            # Only an old page leads here: everything was answered, and something has changed.
            asked, state = forms[0], replace(FormState(), edits=state.edits)
        try:
            question = self._question(turn, state, asked)
        except MalformedInput as error:
            _note(error)
            state, problem = FormState(), "changed"
            question = self._question(turn, state, asked)
        who = turn.who()
        assert who is not None
        items = [(one.asked.required, _item(one, state)) for one in question.items]
        page = FormPage(
            who=who,
            action=turn.action("fill"),
            name=question.consent.form_name,
            why=question.items[0].asked.why,
            recipient=question.recipient,
            required=tuple(item for required, item in items if required),
            voluntary=tuple(item for required, item in items if not required),
            statement=question.consent.statement.version,
            terms=terms_of(question.consent),
            shown=_shown(question),
            form=asked.form.id,
            state=state.text(),
            number=forms.index(asked) + 1,
            total=len(forms),
            days=question.days,
            agreed_until=question.agreed_until,
            standing=state.standing,
            anonymous=not turn.interaction.names_resident,
            problem=problem,
            at_fault=at_fault,
        )
        again = {"state": page.state, "form": page.form}
        here = turn.action("fill") if request.method == "POST" else turn.here
        return show(
            "forms/form.html",
            page,
            status=409 if problem in ("changed", "guardian") else 422 if problem else 200,
            here=here,
            again=again if request.method == "POST" else None,
            leads_to=turn.leads_to,
        )


def _answer(
    asked: AskedForm, answered: AnsweredForm, turn: Turn, session: SessionView
) -> FormAnswer:
    voluntary = frozenset(asked.claims) & frozenset(asked.form.voluntary)
    picked = voluntary & frozenset(answered.claims)
    page = f"{turn.interaction.id}:{asked.form.id}"
    return FormAnswer(
        form=asked.form.id,
        agreed=frozenset(asked.claims) - voluntary | picked,
        refused=voluntary - picked,
        statement=answered.statement,
        language=answered.language,
        evidence=ConsentEvidence.of(session, question_of(page)),
        standing=answered.standing,
    )


def _item(one: AskedItem, state: FormState) -> FormItem:
    script = Language.parse(language().content)
    asked, source = one.asked, one.source
    values: tuple[Text, ...]
    if asked.value is None:
        values = (Text(text=translate("We hold nothing here, so nothing is sent.")),)
        if one.field is not None:
            values = (Text(text=translate("Nothing yet")),)
    elif one.field is not None and one.field in state.edits:
        values = value_texts(one.field, EME_FIELDS[one.field].read(state.edits[one.field]), script)
    else:
        # Several forms of one value (a name in two scripts) stand two spaces apart.
        values = tuple(Text(text=part) for part in asked.value.split("  "))
    said = "" if source is None or source.source is None else source.source.label(script)
    return FormItem(
        claim=asked.claim,
        label=asked.label,
        values=values,
        held=asked.value is not None,
        source=said,
        at=None if source is None or one.edited else source.since,
        field=one.field or "",
        edited=one.edited,
        missing=one.missing,
        on=asked.claim in state.picked or (asked.on and not state.picked),
    )


def _missing(one: AskedItem, state: FormState) -> bool:
    """Whether it would be sent, and there is nothing to send but what the resident can write."""
    wanted = one.asked.required or one.asked.claim in state.picked
    return wanted and one.asked.value is None and one.field is not None


def _picked(state: FormState, asked: AskedForm, field: str) -> FormState:
    """Whoever writes a voluntary value wants to send it."""
    made = [one for one in asked.claims if field_name(one) == field and one in asked.form.voluntary]
    return replace(state, picked=tuple(sorted({*state.picked, *made})))


def _field(asked: AskedForm, name: str) -> str:
    """A field that the form has.

    :raises NotFound: ``page_unknown``.
    """
    if name not in {field_name(claim) for claim in asked.claims}:
        raise NotFound("page_unknown")
    return name


def _shown(question: FormQuestion) -> str:
    return " ".join(item.asked.claim for item in question.items)


def _session(turn: Turn) -> SessionView:
    if turn.session is None:
        raise Refused("session_ended")
    return turn.session


def _note(error: HkeidError) -> None:
    metrics.count_refusal(error.reason)
    house().journal.refusal(error, where="interaction:form")
