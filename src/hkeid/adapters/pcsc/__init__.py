"""Smart-card readers through PC/SC (pcsc-lite, or the system's own), with pyscard.

::

    with open_pcsc() as reader, reader.connect() as card:
        answer = card.transmit(bytes.fromhex("00A4040007A0000002471001"))
"""

from hkeid.adapters.pcsc.reader import PcscReader, open_pcsc, reader_names

__all__ = ["PcscReader", "open_pcsc", "reader_names"]
