"""What a receiver must promise, as tests."""

from lymer.conformance.receiver.contract import ReceiverContract, Verdict
from lymer.conformance.receiver.sink import ObedientSink

__all__ = ["ObedientSink", "ReceiverContract", "Verdict"]
