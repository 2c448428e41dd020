"""What is kept of residents' requests about their own data (Cap. 486 Part 5), in the registry of personal fields."""

from __future__ import annotations

from typing import Final

from hkeid.residents.personal_field import Ending, PersonalField, Protection, Viewer

RIGHTS_FIELDS: Final = (
    PersonalField(
        name="data_request",
        purpose="To answer what residents ask about their data within forty days, and to keep the log of refusals "
        "that the law wants (Cap. 486 ss.19, 23, 27): kind, names of fields, dates, outcome",
        retention="Four years after it was closed; after erasure of the eID nothing ties the internal id to a "
        "person",
        ends=(Ending.CLOCK,),
        protection=Protection.PSEUDONYM,
        visible_to=(Viewer.RESIDENT, Viewer.PRIVACY_OFFICER, Viewer.AUDITOR),
        places=("data_requests",),
    ),
    PersonalField(
        name="data_request_words",
        purpose="What a resident wrote about their data, and what was answered",
        retention="Four years after the request was closed; unreadable once the eID is erased",
        ends=(Ending.CLOCK, Ending.ACT),
        protection=Protection.SEALED,
        visible_to=(Viewer.RESIDENT, Viewer.PRIVACY_OFFICER),
        places=("data_requests.asked", "data_requests.answer"),
    ),
)
