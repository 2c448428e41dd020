"""Card profiles: which application, what beyond reading a card needs, and what may be claimed of it."""

from hkeid.chip.profiles.hkic import HkicIntegration, hkic, hkic_specimen
from hkeid.chip.profiles.icao import icao
from hkeid.chip.profiles.profile import CardProfile

__all__ = ["CardProfile", "HkicIntegration", "hkic", "hkic_specimen", "icao"]
