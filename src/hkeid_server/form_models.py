"""What the page of a form that a service has filled shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hkeid_server.consent_models import Terms
from hkeid_server.models import Text, WhoAsks


@dataclass(frozen=True, slots=True, kw_only=True)
class FormItem:
    """One claim of the form.

    :ivar values: what would be sent, one entry per form of the value.
    :ivar held: there is a value; else ``values`` says that there is none.
    :ivar source: where it comes from, in the page's language; "" where that is not said.
    :ivar at: since when; None where that is not said.
    :ivar field: the field of the profile that can be written anew, or "".
    :ivar edited: the resident wrote it for this form.
    :ivar missing: it is required, and has to be written first.
    :ivar on: how the switch of a voluntary claim stands.
    """

    claim: str
    label: str
    values: tuple[Text, ...]
    held: bool = True
    source: str = ""
    at: datetime | None = None
    field: str = ""
    edited: bool = False
    missing: bool = False
    on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPage:
    """Send a form, or do not.

    :ivar name: what the form is called; ``why``: what it is for.
    :ivar recipient: to whom the service passes it on; "": to nobody.
    :ivar number: which of ``total`` forms.
    :ivar days: how many days an agreement lasts that stands; None: there is none.
    :ivar agreed_until: until when the resident agreed before, or None.
    :ivar standing: how the choice stands.
    :ivar anonymous: the service does not learn who the resident is to it.
    :ivar state: what was filled in so far.
    :ivar shown: the claims on the page.
    :ivar problem: ``changed``, ``guardian``, ``missing``, or None.
    :ivar at_fault: the first claim that is missing.
    """

    who: WhoAsks
    action: str
    name: str
    why: str
    recipient: str
    required: tuple[FormItem, ...]
    voluntary: tuple[FormItem, ...]
    statement: str
    terms: Terms
    shown: str
    form: str
    state: str = ""
    number: int = 1
    total: int = 1
    days: int | None = None
    agreed_until: datetime | None = None
    standing: bool = False
    anonymous: bool = False
    problem: str | None = None
    at_fault: str = ""
