"""Data-subject rights (Cap. 486 DPP6, Part 5, s.26): a copy of everything, requests with their forty days,
erasure.
"""

from hkeid.profile.rights.asking import CORRECTABLE, Asked, DataRequests, OwnRequest
from hkeid.profile.rights.desk import (
    GROUNDS,
    RequestDesk,
    RequestDeskTransaction,
    RequestFigures,
    RequestFile,
    WaitingRequest,
)
from hkeid.profile.rights.erasing import Erasing
from hkeid.profile.rights.fates import STAYS, Fate, fate_of
from hkeid.profile.rights.grounds import RefusalGround
from hkeid.profile.rights.own_copy import (
    EVERYTHING,
    LEFT_OUT,
    PLACES_LEFT_OUT,
    OwnCopy,
    Reading,
    Row,
    Section,
    when,
)
from hkeid.profile.rights.records import (
    SOON,
    TERM,
    DataRequest,
    DataRequestRepository,
    Reminder,
    RequestKind,
    RequestState,
)
from hkeid.profile.rights.reminding import remind
from hkeid.profile.rights.sections import OWN_SECTIONS

__all__ = [
    "CORRECTABLE",
    "EVERYTHING",
    "GROUNDS",
    "LEFT_OUT",
    "OWN_SECTIONS",
    "PLACES_LEFT_OUT",
    "SOON",
    "STAYS",
    "TERM",
    "Asked",
    "DataRequest",
    "DataRequestRepository",
    "DataRequests",
    "Erasing",
    "Fate",
    "OwnCopy",
    "OwnRequest",
    "Reading",
    "RefusalGround",
    "Reminder",
    "RequestDesk",
    "RequestDeskTransaction",
    "RequestFigures",
    "RequestFile",
    "RequestKind",
    "RequestState",
    "Row",
    "Section",
    "WaitingRequest",
    "fate_of",
    "remind",
    "when",
]
