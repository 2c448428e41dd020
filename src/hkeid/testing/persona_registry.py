"""The register of persons, as far as the test persons go, in this process.

It knows every persona of :mod:`hkeid.testing.personas` and nobody else.
"""

from __future__ import annotations

from hkeid.ports.documents import CardField
from hkeid.ports.registry import RegistryFinding, RegistryQuery, RegistryStatus
from hkeid.testing.personas import PERSONAS


class PersonaRegistry:
    """:class:`hkeid.ports.PersonRegistry` over the personas.

    :ivar exceptions: what it answers about a number (``QX000123``) instead of comparing.
    """

    def __init__(self) -> None:
        self._persons = {
            persona.person.hkic_number.number: persona.person
            for persona in PERSONAS.values()
            if persona.person.hkic_number is not None
        }
        self.exceptions: dict[str, RegistryStatus] = {}

    def check(self, query: RegistryQuery) -> RegistryFinding:
        """Compare number, names, birth date and sex with what is known."""
        number = query.person.hkic_number
        known = None if number is None else self._persons.get(number.number)
        if number is None or known is None:
            return RegistryFinding(status=RegistryStatus.NO_MATCH, differing=("hkic_number",))
        if number.number in self.exceptions:
            return RegistryFinding(status=self.exceptions[number.number], reference="sandbox")
        differing = tuple(
            field.value
            for field, asked, kept in (
                (CardField.NAME_ENGLISH, query.person.name.english, known.name.english),
                (CardField.NAME_CHINESE, query.person.name.chinese, known.name.chinese),
                (CardField.BIRTH_DATE, query.person.birth_date, known.birth_date),
                (CardField.SEX, query.person.sex, known.sex),
            )
            if asked is not None and kept is not None and _plain(asked) != _plain(kept)
        )
        status = RegistryStatus.NO_MATCH if differing else RegistryStatus.MATCH
        return RegistryFinding(status=status, differing=differing, reference="sandbox")


def _plain(value: object) -> str:
    """Letters alone where it is text: the chip writes names without commas."""
    return "".join(sign for sign in str(value).upper() if sign.isalnum())
