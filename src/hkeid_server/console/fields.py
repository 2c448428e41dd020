"""A case's particulars as officers read them: dates and words in the local form, the number whole.

Officers compare the number with the one in the picture; residents' pages mask it.
"""

from __future__ import annotations

from hkeid.enrolment.review import CaseFile, UpgradeFile
from hkeid.ports.documents import CardField
from hkeid_server.console.models import CaseFieldRow
from hkeid_server.registration_content import shown


def registration_rows(file: CaseFile) -> tuple[CaseFieldRow, ...]:
    """What the machine read beside what the applicant made of it."""
    return tuple(
        CaseFieldRow(
            field=name.value,
            machine=_shown(name.value, field.machine),
            value=_shown(name.value, field.value),
            edited=field.machine != field.value,
            differs=name.value in file.differing,
        )
        for name, field in file.fields.items()
    )


def upgrade_rows(file: UpgradeFile) -> tuple[CaseFieldRow, ...]:
    """What the chip says beside what the eID says."""
    return tuple(
        CaseFieldRow(
            field=one.name,
            machine=_shown(one.name, one.chip),
            value=_shown(one.name, one.kept),
            edited=False,
            differs=one.differs,
        )
        for one in file.fields
    )


def particular_shown(name: str, text: str) -> str:
    """A particular of an eID as it was read from the registry, in the page's language."""
    return text if name == "hkic_number" else _shown(name, text)


def _shown(name: str, value: str) -> str:
    if name == CardField.HKIC_NUMBER or name not in set(CardField):
        return value
    return shown(CardField(name), value)
