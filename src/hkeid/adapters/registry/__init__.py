"""The person registry over HTTPS with mutual TLS (``docs/reference/person-registry-openapi.yaml``)."""

from hkeid.adapters.registry.client import HttpPersonRegistry
from hkeid.adapters.registry.transport import MutualTls

__all__ = ["HttpPersonRegistry", "MutualTls"]
