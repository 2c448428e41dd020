"""Tells applicants by mail what was decided, where they left an address (``RegistrationHooks``)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hkeid.enrolment.notices import message
from hkeid.enrolment.registration import (
    RegistrationRecord,
    RegistrationStep,
    RegistrationTransaction,
)
from hkeid.identity.language import Language
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.instants import Instant
from hkeid.ports.notices import Channel, Notice, Notifier
from hkeid_server.journal import Journal

_WHERE: Final = "enrolment:applicant:told"


class DecisionLetters:
    """:class:`hkeid.enrolment.RegistrationHooks`: one letter to the address that was left.

    A letter that cannot be sent is logged and lost; the decision stands, and the page on which the
    registration began shows it.

    :param page: where the applicant goes on.
    """

    def __init__(self, notifiers: Iterable[Notifier], journal: Journal, *, page: str) -> None:
        self._carrier = next((one for one in notifiers if Channel.EMAIL in one.channels), None)
        self._journal = journal
        self._page = page

    def decided(self, record: RegistrationRecord, *, accepted: bool, contact: str | None) -> None:
        """Write the letter; whatever goes wrong never reaches the decision."""
        del accepted  # the letter does not say it: mail is read by others
        if not contact or self._carrier is None or record.step is RegistrationStep.EXPIRED:
            return
        try:
            self._carrier.send(self._letter(record, contact))
        except HkeidError as error:
            self._journal.refusal(error, where=_WHERE)
        except Exception as error:  # noqa: BLE001 - the decision stands whatever happens
            self._journal.crash(error, where=_WHERE)

    def recovered(self, tx: RegistrationTransaction, resident_id: str, now: Instant) -> None:
        """The notice of it is due already, in the same transaction."""

    def _letter(self, record: RegistrationRecord, contact: str) -> Notice:
        about = "guardian_decided" if _by_guardian(record) else "case_decided"
        language = _language(record.language)
        words = message(about, language)
        return Notice(
            channel=Channel.EMAIL,
            address=contact,
            about=about,
            language=language.value,
            title=words.title,
            body=words.body,
            link=self._page,
        )


def _by_guardian(record: RegistrationRecord) -> bool:
    """Whether the decision that ended the wait was a guardian's."""
    if record.reason == "guardian_refused":
        return True
    minor = canonical_json.loads_object(record.findings).get("age") == "minor"
    return minor and record.step is RegistrationStep.BIND


def _language(tag: str) -> Language:
    try:
        return Language.parse(tag)
    except HkeidError:
        return Language.TRADITIONAL
