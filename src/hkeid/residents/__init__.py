"""The registry: residents, credentials, sealed fields, blind index, registry of personal fields."""

from hkeid.residents.email_proofs import EmailProof, EmailProofs
from hkeid.residents.erasure import ResidentErased, erase, replay_erasures
from hkeid.residents.fields import FIELDS, data_map
from hkeid.residents.finding import HKIC_INDEX, bind_hkic, blind_digest, find_by_hkic
from hkeid.residents.personal_field import Ending, PersonalField, Protection, Viewer
from hkeid.residents.sealing import PersonalFields, Unsealable
from hkeid.residents.turns import take_turn

__all__ = [
    "FIELDS",
    "HKIC_INDEX",
    "EmailProof",
    "EmailProofs",
    "Ending",
    "PersonalField",
    "PersonalFields",
    "Protection",
    "ResidentErased",
    "Unsealable",
    "Viewer",
    "bind_hkic",
    "blind_digest",
    "data_map",
    "erase",
    "find_by_hkic",
    "replay_erasures",
    "take_turn",
]
