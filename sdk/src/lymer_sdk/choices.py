"""How applications name samplers and reporters: `Sampler.remote(...)`, `Reporter.otlp(...) | Reporter.log_spans()`.

What is returned is a choice: it becomes a sampler or reporter when the service's name and the counters are known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lymer_sdk import sampling
from lymer_sdk.configuration.build import MakeReporter, MakeSampler
from lymer_sdk.http_sender import otlp_sender, thrift_sender, zipkin_sender
from lymer_sdk.reporter import BatchReporter, Sender
from lymer_sdk.reporters import LogReporter, MemoryReporter, SpanReporter
from lymer_sdk.resource import Resource
from lymer_sdk.sampling.rules import Rule
from lymer_sdk.tls import Tls


class Sampler:
    """Ways to choose traces. Each returns a choice that `init` takes, and that other choices take as a part."""

    @staticmethod
    def const(keep: bool) -> MakeSampler:
        """All or nothing."""
        return lambda service: sampling.AlwaysOn() if keep else sampling.AlwaysOff()

    @staticmethod
    def probabilistic(share: float) -> MakeSampler:
        """A share of traces, by Jaeger's rule."""
        made = sampling.Probabilistic(share)
        return lambda service: made

    @staticmethod
    def consistent(share: float) -> MakeSampler:
        """A share of traces, with its threshold in tracestate."""
        made = sampling.ConsistentProbability(share)
        return lambda service: made

    @staticmethod
    def rate_limit(per_second_max: float) -> MakeSampler:
        """So many traces a second."""
        return lambda service: sampling.RateLimiting(per_second_max)

    @staticmethod
    def per_operation(
        shares: Mapping[str, float], *, default: float = 0.001, per_second_min: float = 0.0
    ) -> MakeSampler:
        """A share for each span name, and at least so many a second of each."""
        return lambda service: sampling.PerOperation(shares, default=default, per_second_min=per_second_min)

    @staticmethod
    def rules(rules: Sequence[Rule], otherwise: MakeSampler) -> MakeSampler:
        """The first rule that fits."""
        return lambda service: sampling.Rules(rules, otherwise(service))

    @staticmethod
    def tiers(
        shares: Mapping[str, float] | None = None, *, tier: str = "", otherwise: MakeSampler | None = None
    ) -> MakeSampler:
        """Shares by the attribute `tier`: S, A and B unless given."""
        return lambda service: sampling.Tiers((otherwise or Sampler.const(True))(service), shares, tier=tier)

    @staticmethod
    def delayed(first: MakeSampler, *, errors: bool = True, slow_s: float | None = None) -> MakeSampler:
        """What `first` chooses, and traces with an error or a slow span."""
        return lambda service: sampling.Delayed(first(service), errors=errors, slow_s=slow_s)

    @staticmethod
    def remote(
        endpoint: str = "http://localhost:5778/sampling",
        *,
        initial: MakeSampler | None = None,
        interval_s: float = 60.0,
        last_good_path: str | Path | None = None,
        tiers: Mapping[str, float] | None = None,
    ) -> MakeSampler:
        """What the server says for this service; spans that name a tier go by it."""

        def make(service: str) -> sampling.Sampler:
            first = initial(service) if initial else None
            remote = sampling.Remote(
                endpoint, service, initial=first, interval_s=interval_s, last_good_path=last_good_path
            )
            return sampling.Tiers(remote, tiers) if tiers else remote

        return make


class ReporterChoice:
    """One or several reporters to be; `|` adds them up."""

    def __init__(self, makers: Sequence[MakeReporter]) -> None:
        self.makers: tuple[MakeReporter, ...] = tuple(makers)

    def __or__(self, other: ReporterChoice) -> ReporterChoice:
        return ReporterChoice((*self.makers, *other.makers))


class Reporter:
    """Ways for spans to leave."""

    @staticmethod
    def otlp(
        endpoint: str = "http://localhost:4318",
        *,
        headers: Mapping[str, str] | None = None,
        compress: bool = False,
        json: bool = False,
        tls: Tls | None = None,
    ) -> ReporterChoice:
        """OTLP over HTTP, in protobuf or JSON."""
        return _sending(
            lambda resource: otlp_sender(endpoint, resource, headers=headers, compress=compress, as_json=json, tls=tls)
        )

    @staticmethod
    def otlp_grpc(
        endpoint: str = "http://localhost:4317",
        *,
        headers: Mapping[str, str] | None = None,
        compress: bool = False,
        tls: Tls | None = None,
    ) -> ReporterChoice:
        """OTLP over gRPC; needs `lymer-sdk[grpc]`."""
        from lymer_sdk.grpc_sender import GrpcSender

        return _sending(lambda resource: GrpcSender(endpoint, resource, headers=headers, compress=compress, tls=tls))

    @staticmethod
    def file(path: str | Path) -> ReporterChoice:
        """Lines of OTLP's JSON; `-` is the output."""
        from lymer_sdk.file_sender import FileSender

        return _sending(lambda resource: FileSender(path, resource))

    @staticmethod
    def udp(address: str = "localhost:6831", *, binary: bool = False) -> ReporterChoice:
        """Jaeger's Thrift to an agent; compact, or binary for port 6832."""
        host, _, port = address.rpartition(":")
        default = 6832 if binary else 6831
        if not host:
            host, port = address, str(default)
        from lymer_sdk.udp_sender import UdpSender  # who sends by another way does not wait for its import

        return _sending(lambda resource: UdpSender(host, int(port), resource, binary=binary))

    @staticmethod
    def thrift_http(
        endpoint: str = "http://localhost:14268",
        *,
        headers: Mapping[str, str] | None = None,
        user: str = "",
        password: str = "",
    ) -> ReporterChoice:
        """Jaeger's Thrift to a collector."""
        return _sending(
            lambda resource: thrift_sender(endpoint, resource, headers=headers, user=user, password=password)
        )

    @staticmethod
    def zipkin(endpoint: str = "http://localhost:9411", *, headers: Mapping[str, str] | None = None) -> ReporterChoice:
        """Zipkin v2 JSON."""
        return _sending(lambda resource: zipkin_sender(endpoint, resource, headers=headers))

    @staticmethod
    def sender(make: Callable[[Resource], Sender]) -> ReporterChoice:
        """Anything else that can send a batch."""
        return _sending(make)

    @staticmethod
    def log_spans() -> ReporterChoice:
        """A line in the log for each span."""
        return _made(LogReporter())

    @staticmethod
    def memory(into: MemoryReporter | None = None) -> ReporterChoice:
        """Kept in `into.spans`."""
        return _made(into or MemoryReporter())


def _made(reporter: SpanReporter) -> ReporterChoice:
    return ReporterChoice([lambda resource, stats, config: reporter])


def _sending(make: Callable[[Resource], Any]) -> ReporterChoice:
    return ReporterChoice([lambda resource, stats, config: BatchReporter(make(resource), stats, config)])
