"""The built-in liveness check: turn your head as asked. A demonstration, not an assurance."""

from hkeid.adapters.liveness.challenge import HeadTurnSettings
from hkeid.adapters.liveness.head_turn import HeadTurnCheck

__all__ = ["HeadTurnCheck", "HeadTurnSettings"]
