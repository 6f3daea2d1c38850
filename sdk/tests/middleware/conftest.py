"""A client whose spans stay in memory."""

import lymer_sdk as lymer
import pytest
from lymer_sdk import MemoryReporter, Reporter

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def spans():
    memory = MemoryReporter()
    lymer.init("shop", reporter=Reporter.memory(memory), make_global=False, environment={})
    yield memory.spans
    lymer.close()


@pytest.fixture
def traceparent():
    return f"00-{TRACE}-{CALLER}-01"
