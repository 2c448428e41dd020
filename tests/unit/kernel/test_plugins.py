"""The one entry-point lookup."""

import pytest

from hkeid.kernel import plugins
from hkeid.kernel.errors import ConfigurationError


def test_an_unknown_adapter_lists_what_there_is() -> None:
    with pytest.raises(ConfigurationError) as caught:
        plugins.load("store", "mongodb")
    assert caught.value.reason == "plugin_unknown"
    assert "memory" in (caught.value.detail or "")
