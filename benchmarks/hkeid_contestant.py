"""placeholder"""


def hkeid_memory(stack, folder):
    raise NotImplementedError


hkeid_sqlite = hkeid_postgresql = hkeid_memory
