"""A simulated iAM Smart, as an object in tests and as a process of its own.

::

    $ python -m hkeid.testing.iam_smart_simulator --port 8020 --folder simulator
    $ python -m hkeid.testing.iam_smart_simulator --fault callback-twice
    $ python -m hkeid.testing.iam_smart_simulator --fail D40001 --at login

    with IamSmartSimulator() as simulator:
        back = simulator.approve_login(departure.to, "chan-tai-man")

Its QR page leads to a "phone" page, on which a persona approves or rejects; calls wait at ``/calls``; faults
and return codes are switched by name at ``/``. It speaks the interface as public sources describe it, and is
as right or wrong as they are.
"""

from hkeid.testing.iam_smart_simulator.faults import IamSmartFault
from hkeid.testing.iam_smart_simulator.registration import Registration
from hkeid.testing.iam_smart_simulator.simulator import PLACES, IamSmartSimulator

__all__ = ["PLACES", "IamSmartFault", "IamSmartSimulator", "Registration"]
