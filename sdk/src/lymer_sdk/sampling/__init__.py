"""Samplers: whether a new trace is recorded. Pure decisions; time and chance are handed in.

A sampler is asked for spans that begin a trace here, or whose remote parent left the decision open. That the others
follow their parent is the tracer's rule, not each sampler's.
"""

from lymer_sdk.sampling.consistent import ConsistentProbability
from lymer_sdk.sampling.constant import AlwaysOff, AlwaysOn
from lymer_sdk.sampling.decision import DROP, KEEP, Decision, Question, Sampler
from lymer_sdk.sampling.delayed import Delayed
from lymer_sdk.sampling.operations import PerOperation
from lymer_sdk.sampling.probability import Probabilistic, TraceIdRatio
from lymer_sdk.sampling.rate import LowerBound, RateLimiting
from lymer_sdk.sampling.remote import Remote
from lymer_sdk.sampling.rules import Rule, Rules, Tiers

__all__ = [
    "DROP",
    "KEEP",
    "AlwaysOff",
    "AlwaysOn",
    "ConsistentProbability",
    "Decision",
    "Delayed",
    "LowerBound",
    "PerOperation",
    "Probabilistic",
    "Question",
    "RateLimiting",
    "Remote",
    "Rule",
    "Rules",
    "Sampler",
    "Tiers",
    "TraceIdRatio",
]
