"""Code lists of the resident's profile: marital status, education level, kinds of address documents.

The codes are hkeid's own words. iAM Smart sends letters (``S`` …, ``T`` …) whose lists are not public;
they are therefore neither guessed nor taken over. The education levels are those of the Census and
Statistics Department's tables.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from hkeid.identity.language import Language, labels
from hkeid.kernel.errors import MalformedInput


class MaritalStatus(StrEnum):
    """Whether somebody is married."""

    NEVER_MARRIED = "never_married"
    MARRIED = "married"
    WIDOWED = "widowed"
    DIVORCED = "divorced"
    SEPARATED = "separated"

    @classmethod
    def parse(cls, text: str) -> MaritalStatus:
        """Read a code.

        :raises hkeid.kernel.errors.MalformedInput: reason ``marital_status_unknown``.
        """
        try:
            return cls(text)
        except ValueError:
            raise MalformedInput("marital_status_unknown", field="marital_status") from None

    def label(self, language: Language) -> str:
        """What it is called."""
        return _MARITAL[self][language]


class EducationLevel(StrEnum):
    """The highest level of education attained, lowest first."""

    NO_SCHOOLING = "no_schooling"
    PRIMARY = "primary"
    LOWER_SECONDARY = "lower_secondary"
    UPPER_SECONDARY = "upper_secondary"
    DIPLOMA = "diploma"
    SUB_DEGREE = "sub_degree"
    DEGREE = "degree"
    POSTGRADUATE = "postgraduate"

    @classmethod
    def parse(cls, text: str) -> EducationLevel:
        """Read a code.

        :raises hkeid.kernel.errors.MalformedInput: reason ``education_level_unknown``.
        """
        try:
            return cls(text)
        except ValueError:
            raise MalformedInput("education_level_unknown", field="education_level") from None

    def label(self, language: Language) -> str:
        """What it is called."""
        return _EDUCATION[self][language]


class AddressDocumentKind(StrEnum):
    """What kind of document shows where somebody lives."""

    UTILITY_BILL = "utility_bill"
    RATES_DEMAND = "rates_demand"
    BANK_STATEMENT = "bank_statement"
    GOVERNMENT_LETTER = "government_letter"
    TENANCY_AGREEMENT = "tenancy_agreement"

    @classmethod
    def parse(cls, text: str) -> AddressDocumentKind:
        """Read a code.

        :raises hkeid.kernel.errors.MalformedInput: reason ``address_document_kind_unknown``.
        """
        try:
            return cls(text)
        except ValueError:
            raise MalformedInput("address_document_kind_unknown", field="kind") from None

    def label(self, language: Language) -> str:
        """What it is called."""
        return _DOCUMENTS[self][language]


_MARITAL: Final = {
    MaritalStatus.NEVER_MARRIED: labels("Never married", "從未結婚", "从未结婚"),
    MaritalStatus.MARRIED: labels("Married", "已婚", "已婚"),
    MaritalStatus.WIDOWED: labels("Widowed", "喪偶", "丧偶"),
    MaritalStatus.DIVORCED: labels("Divorced", "離婚", "离婚"),
    MaritalStatus.SEPARATED: labels("Separated", "分居", "分居"),
}
_EDUCATION: Final = {
    EducationLevel.NO_SCHOOLING: labels("No schooling", "未受教育", "未受教育"),
    EducationLevel.PRIMARY: labels("Primary", "小學", "小学"),
    EducationLevel.LOWER_SECONDARY: labels("Lower secondary", "初中", "初中"),
    EducationLevel.UPPER_SECONDARY: labels("Upper secondary", "高中", "高中"),
    EducationLevel.DIPLOMA: labels("Diploma or certificate", "文憑或證書", "文凭或证书"),
    EducationLevel.SUB_DEGREE: labels("Sub-degree", "副學位", "副学位"),
    EducationLevel.DEGREE: labels("Degree", "學士學位", "学士学位"),
    EducationLevel.POSTGRADUATE: labels("Postgraduate", "研究院", "研究生"),
}
_DOCUMENTS: Final = {
    AddressDocumentKind.UTILITY_BILL: labels(
        "Bill for electricity, gas, water or telephone",
        "電費、煤氣費、水費或電話費單",
        "电费、煤气费、水费或电话费单",
    ),
    AddressDocumentKind.RATES_DEMAND: labels(
        "Demand for rates", "差餉徵收通知書", "差饷征收通知书"
    ),
    AddressDocumentKind.BANK_STATEMENT: labels("Bank statement", "銀行月結單", "银行月结单"),
    AddressDocumentKind.GOVERNMENT_LETTER: labels(
        "Letter from a government department", "政府部門信件", "政府部门信件"
    ),
    AddressDocumentKind.TENANCY_AGREEMENT: labels("Tenancy agreement", "租約", "租约"),
}
