"""Short codes that people type: those of :mod:`hkeid.residents.codes`, under the name they had first."""

from hkeid.residents.codes import ALPHABET, LENGTH, new_code, parse_code

__all__ = ["ALPHABET", "LENGTH", "new_code", "parse_code"]
