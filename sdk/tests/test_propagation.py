"""Each format read and written: the vectors of its specification, every carrier, and back again."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lymer_sdk import AlwaysOff, AlwaysOn, TracerProvider
from lymer_sdk.propagation import NAMES, Environment, Jaeger, RequestId, W3CBaggage, propagators_named
from lymer_sdk.propagation.baggage import BYTES_MAX, ITEMS_MAX, read_items, write_items
from lymer_sdk.propagation.base import Outgoing, baggage_of
from lymer_sdk.propagation.binary import read_binary, write_binary
from lymer_sdk.propagation.w3c import read_state
from lymer_sdk.remote_parent import ROOT_HINTS_KEY, RemoteParent
from lymer_sdk.span import DEBUG
from opentelemetry import baggage, trace
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import TraceState

TRACE, SPAN = 0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7
PARENT = f"00-{TRACE:032x}-{SPAN:016x}-01"


def read(names, carrier):
    return propagators_named(names.split(",")).extract(carrier)


def parent_of(context):
    span = trace.get_current_span(context)
    return span if isinstance(span, RemoteParent) else None


def ids(context):
    span = parent_of(context)
    if span is None:
        return None
    found = span.get_span_context()
    return found.trace_id, found.span_id, found.trace_flags.sampled


def written(names, context, carrier=None):
    carrier = {} if carrier is None else carrier
    propagators_named(names.split(",")).inject(carrier, context)
    return carrier


def started(context=None, sampler=None, name="s"):
    return TracerProvider(sampler=sampler or AlwaysOn()).get_tracer("t").start_span(name, context=context or Context())


def below(span, context=None):
    return trace.set_span_in_context(span, context or Context())


# --- W3C -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "good"),
    [
        (PARENT, True),
        (f" {PARENT} ", True),
        (PARENT.upper(), False),
        (f"{PARENT}-extra", False),
        (f"cc{PARENT[2:]}", True),
        (f"cc{PARENT[2:]}-what-the-future-will-be", True),
        (f"cc{PARENT[2:]}.what", False),
        (f"ff{PARENT[2:]}", False),
        (f"0{PARENT[2:]}", False),
        (f"00-{0:032x}-{SPAN:016x}-01", False),
        (f"00-{TRACE:032x}-{0:016x}-01", False),
        (f"00-{TRACE:032x}-{SPAN:016x}-1", False),
        (f"00-{TRACE:032x}-{SPAN:016x}-0x", False),
        (f"00-{TRACE >> 4:031x}-{SPAN:016x}-01", False),
        (f"00-{TRACE >> 4:031x}.-{SPAN:016x}-01", False),
        (f"00-{TRACE:032x}-{SPAN:016x}", False),
        ("", False),
        ("00", False),
    ],
)
def test_traceparent(header, good):
    assert ids(read("tracecontext", {"traceparent": header})) == ((TRACE, SPAN, True) if good else None)


def test_the_random_flag_of_level_2_goes_through():
    context = read("tracecontext", {"traceparent": PARENT[:-2] + "03"})
    assert written("tracecontext", below(started(context)))["traceparent"].endswith("-03")
    context = read("tracecontext", {"traceparent": PARENT[:-2] + "fd"})
    assert written("tracecontext", below(started(context)))["traceparent"].endswith("-01")


def test_two_traceparents_are_none():
    assert ids(read("tracecontext", [("traceparent", PARENT), ("Traceparent", PARENT)])) is None


@pytest.mark.parametrize(
    ("header", "members"),
    [
        ("foo=1,bar=2", {"foo": "1", "bar": "2"}),
        ("foo=1 , \t bar=2, ,", {"foo": "1", "bar": "2"}),
        ("foo=1,foo=2", {}),
        ("foo=1,,bar=2", {"foo": "1", "bar": "2"}),
        ("foo =1", {}),
        ("FOO=1", {}),
        ("foo.bar=1", {}),
        ("foo@=1,bar=2", {"foo@": "1", "bar": "2"}),
        ("0foo=1", {"0foo": "1"}),
        (f"{'z' * 256}=1", {"z" * 256: "1"}),
        (f"{'z' * 257}=1", {}),
        ("foo=bar=baz", {}),
        ("foo=,bar=3", {}),
        (f"foo={'v' * 256}", {"foo": "v" * 256}),
        (f"foo={'v' * 257}", {}),
        ("foo=a b", {"foo": "a b"}),
        (",".join(f"k{n}=1" for n in range(32)), {f"k{n}": "1" for n in range(32)}),
        (",".join(f"k{n}=1" for n in range(33)), {}),
    ],
)
def test_tracestate(header, members):
    assert dict(read_state(header)) == members


def test_the_state_is_kept_as_it_came_over_several_headers():
    carrier = [("traceparent", PARENT), ("tracestate", "b=1"), ("tracestate", "a=2")]
    context = read("tracecontext", carrier)
    for sampler in (AlwaysOn(), AlwaysOff()):
        assert written("tracecontext", below(started(context, sampler)))["tracestate"] == "b=1,a=2"


def test_a_bad_state_does_not_cost_the_parent():
    assert ids(read("tracecontext", {"traceparent": PARENT, "tracestate": "=="})) == (TRACE, SPAN, True)


# --- baggage ---------------------------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.text("abcXYZ019!#$%&'*+-.^_`|~", min_size=1, max_size=20), st.text(max_size=30).map(str.strip), max_size=10
    )
)
def test_baggage_comes_back_as_it_left(items):
    context = Context()
    for key, value in items.items():
        context = baggage.set_baggage(key, value, context)
    carrier = written("baggage", context)
    assert dict(baggage.get_all(read("baggage", carrier))) == {
        key: value.encode("utf-8", "replace").decode() for key, value in items.items()
    }


def test_what_is_no_item_is_left_out_and_properties_travel_on():
    header = "a=1 ; p=2;q , b = x%20y+z,=3, c, d e=4, f=="
    items = read_items(header)
    assert items == {"a": "1", "b": "x y+z", "f": "="}
    assert write_items(items) == "a=1;p=2;q,b=x%20y+z,f=="


@pytest.mark.parametrize("wrong", ["b=x y", "b=\u00e9", 'b="x"', "b=1;pr op", "b=1;p=x y", "b c=1", "=1", "b"])
def test_an_item_that_is_none_is_left_out(wrong):
    assert read_items(f"a=1,{wrong},c = 3 ; p = 1") == {"a": "1", "c": "3"}


def test_too_much_baggage_stays_behind():
    many = write_items({f"k{n}": "v" for n in range(1000)})
    assert len(read_items(many)) == ITEMS_MAX
    large = write_items({"large": "x" * 9000, "small": "y"})
    assert large == "small=y"
    assert len(write_items({f"k{n}": "v" * 1000 for n in range(20)})) <= BYTES_MAX


def test_baggage_of_the_span_and_of_the_context_leave_together():
    span = started()
    span.baggage["tenant_id"] = "blue"
    context = baggage.set_baggage("token", "t", below(span))
    assert baggage_of(context) == {"token": "t", "tenant_id": "blue"}
    assert written("jaeger", context)["uberctx-tenant_id"] == "blue"
    assert read_items(written("baggage", context)["baggage"]) == {"token": "t", "tenant_id": "blue"}


def test_baggage_leaves_without_a_span():
    assert written("tracecontext,baggage", baggage.set_baggage("a", "1", Context())) == {"baggage": "a=1"}


# --- Jaeger ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("abc:def:0:1", (0xABC, 0xDEF, True)),
        (f"{TRACE:032x}:{SPAN:x}:0:0", (TRACE, SPAN, False)),
        (f"{TRACE:032x}%3A{SPAN:x}%3A0%3A1", (TRACE, SPAN, True)),
        (f"{TRACE:032X}:{SPAN:X}:0:01", (TRACE, SPAN, True)),
        ("abc:def:zz:1", (0xABC, 0xDEF, True)),
        ("0:def:0:1", None),
        ("abc:0:0:1", None),
        (f"1{TRACE:032x}:1:0:1", None),
        ("abc:1def01def01def01d:0:1", None),
        ("abc:def:0", None),
        ("abc:def:0:1:2", None),
        ("abc:def:0:x", None),
        ("a_c:def:0:1", None),
        ("+abc:def:0:1", None),
        ("", None),
    ],
)
def test_uber_trace_id(header, found):
    assert ids(read("jaeger", {"Uber-Trace-Id": header})) == found


@pytest.mark.parametrize(("flags", "debug"), [(1, False), (3, True), (0, False), (2, True)])
def test_the_debug_flag_is_handed_on_where_it_was_set_and_nowhere_else(flags, debug):
    span = started(read("jaeger", {"uber-trace-id": f"{TRACE:032x}:{SPAN:016x}:0:{flags:x}"}))
    assert bool(span.flags & DEBUG) == debug
    header = written("jaeger", below(span))["uber-trace-id"]
    parent = f"{SPAN:x}" if flags else "0"
    assert header == f"{TRACE:032x}:{span.span_id:016x}:{parent}:{3 if debug else flags:x}"
    multi = written("b3multi", below(span))
    assert ("x-b3-flags" in multi) == debug
    child = started(below(span))
    assert bool(child.flags & DEBUG) == debug


def test_a_short_trace_id_keeps_its_length():
    span = started(read("jaeger", {"uber-trace-id": "00000000deadbeef:1:0:1"}))
    assert written("jaeger", below(span))["uber-trace-id"].startswith("00000000deadbeef:")


def test_a_debug_id_keeps_the_trace_whatever_the_sampler_says():
    context = read("jaeger", {"jaeger-debug-id": "find me"})
    span = started(context, AlwaysOff())
    assert span.attributes["jaeger-debug-id"] == "find me"
    assert span.flags & DEBUG
    assert span.parent_span_id == 0


def test_only_so_many_debug_ids_a_second_force_their_trace():
    propagator = Jaeger(debug_per_second_max=2)
    contexts = [propagator.extract({"jaeger-debug-id": f"id {number}"}) for number in range(3)]
    assert [bool(started(context, AlwaysOff()).flags & DEBUG) for context in contexts] == [True, True, False]
    late = started(contexts[2])
    assert (late.attributes["jaeger-debug-id"], late.flags & DEBUG) == ("id 2", 0)


def test_a_debug_id_beside_a_span_is_nothing():
    context = read("jaeger", {"jaeger-debug-id": "x", "uber-trace-id": "1:2:0:0"})
    assert not started(context).is_recording()


def test_baggage_by_hand_and_by_headers():
    context = read("jaeger", {"jaeger-baggage": "a=1, b = 2,c", "uberctx-k": "x%20y", "UBERCTX-Kiff": "Amy"})
    assert dict(baggage.get_all(context)) == {"a": "1", "b": "2", "k": "x y", "kiff": "Amy"}
    carrier = {}
    Jaeger(encoded=False).inject(carrier, baggage.set_baggage("k", "x y", Context()))
    assert carrier == {"uberctx-k": "x y"}
    assert written("jaeger", baggage.set_baggage("k", "x y", Context())) == {"uberctx-k": "x%20y"}


def test_headers_names_can_be_others():
    propagator = Jaeger(trace_id_header="My-Trace", baggage_prefix="My-", debug_id_header="d", baggage_header="b")
    assert ids(propagator.extract({"my-trace": "1:2:0:1"})) == (1, 2, True)


# --- B3 --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (f"{TRACE:032x}-{SPAN:016x}-1-05e3ac9a4f6e3b90", (TRACE, SPAN, True)),
        (f"{TRACE:032x}-{SPAN:016x}-0", (TRACE, SPAN, False)),
        (f"{TRACE:032x}-{SPAN:016x}-d", (TRACE, SPAN, True)),
        (f"{SPAN:016x}-{SPAN:016x}-1", (SPAN, SPAN, True)),
        (f"{TRACE:032x}-{SPAN:016x}", (TRACE, SPAN, False)),
        (f"{TRACE:032x}-{SPAN:016x}-x", None),
        (f"{TRACE:032x}-{0:016x}-1", None),
        (f"{TRACE:032x}", None),
        ("b970dafd-0d95-40aa-95d8-1d8725aebe40", None),
    ],
)
def test_b3_in_one_header(header, found):
    assert ids(read("b3", {"b3": header})) == found


def test_b3_in_several_headers_whatever_their_case():
    carrier = {"X-B3-TraceId": f"{TRACE:032x}", "X-B3-SpanId": f"{SPAN:016x}", "X-B3-Sampled": "true"}
    assert ids(read("b3", carrier)) == (TRACE, SPAN, True)
    assert ids(read("b3multi", {**carrier, "X-B3-Sampled": "0"})) == (TRACE, SPAN, False)
    assert parent_of(read("b3multi", {**carrier, "X-B3-Flags": "1"})).debug


@pytest.mark.parametrize(
    "carrier", [{"b3": f"{TRACE:032x}-{SPAN:016x}"}, {"x-b3-traceid": f"{TRACE:032x}", "x-b3-spanid": f"{SPAN:016x}"}]
)
@pytest.mark.parametrize("sampler", [AlwaysOn(), AlwaysOff()])
def test_where_the_caller_left_the_decision_open_it_is_ours(carrier, sampler):
    context = read("b3", carrier)
    assert parent_of(context).undecided
    span = started(context, sampler)
    assert span.is_recording() == isinstance(sampler, AlwaysOn)
    assert span.trace_id == TRACE


@pytest.mark.parametrize(
    ("carrier", "sampled", "debug"),
    [
        ({"b3": "0"}, False, False),
        ({"b3": "1"}, True, False),
        ({"b3": "d"}, True, True),
        ({"x-b3-sampled": "0"}, False, False),
        ({"x-b3-sampled": "1"}, True, False),
        ({"x-b3-flags": "1"}, True, True),
    ],
)
def test_a_decision_without_a_span_is_followed(carrier, sampled, debug):
    for sampler in (AlwaysOn(), AlwaysOff()):
        span = started(read("b3", carrier), sampler)
        assert (span.is_recording(), bool(span.flags & DEBUG)) == (sampled, debug)


# --- X-Trace-ID, OT, binary ------------------------------------------------------------------------------------------


def test_a_request_id_becomes_the_trace_id():
    given = uuid.uuid4()
    for text in (str(given), given.hex, given.hex.upper()):
        span = started(read("x-trace-id", {"X-Trace-ID": text}))
        assert (span.trace_id, span.parent_span_id) == (given.int, 0)
        assert written("x-trace-id", below(span)) == {"x-trace-id": given.hex, "x-span-id": f"{span.span_id:016x}"}


def test_a_request_id_that_is_none_is_handed_on_as_it_came():
    context = read("x-trace-id", {"X-Trace-ID": "order/77"})
    span, other = started(context), started(read("x-trace-id", {"x-trace-id": "order/77"}))
    assert span.trace_id == other.trace_id
    assert span.attributes["x_trace_id"] == "order/77"
    assert written("x-trace-id", below(span, context))["x-trace-id"] == "order/77"


def test_a_request_id_beside_a_parent_is_handed_on_too():
    context = read("tracecontext,x-trace-id", {"X-Trace-ID": "order/77", "traceparent": PARENT})
    assert ids(context) == (TRACE, SPAN, True)
    assert written("x-trace-id", below(started(context), context))["x-trace-id"] == "order/77"


def test_with_a_span_id_the_caller_is_the_parent_and_the_decision_ours():
    context = RequestId().extract({"X-Trace-ID": f"{TRACE:032x}", "X-Span-ID": f"{SPAN:016x}"})
    span = started(context)
    assert (span.trace_id, span.parent_span_id, span.parent_remote) == (TRACE, SPAN, True)


def test_hints_of_two_formats_add_up():
    carrier = {"x-trace-id": f"{TRACE:032x}", "jaeger-debug-id": "find me"}
    hints = read("jaeger,x-trace-id", carrier)[ROOT_HINTS_KEY]
    assert (hints.trace_id, hints.debug_id, hints.debug) == (TRACE, "find me", True)


def test_ot_has_64_bits():
    span = started()
    carrier = written("ottrace", baggage.set_baggage("k", "v", below(span)))
    assert carrier["ot-tracer-traceid"] == f"{span.trace_id & (1 << 64) - 1:016x}"
    context = read("ottrace", {name.upper(): value for name, value in carrier.items()})
    assert ids(context) == (span.trace_id & (1 << 64) - 1, span.span_id, True)
    assert baggage.get_baggage("k", context) == "v"


def test_binary_has_the_layout_of_jaegers_go_client():
    data = write_binary(Outgoing(1 << 64 | 2, 3, 1 | DEBUG, TraceState(), 4), {"k": "vé"})
    assert data == bytes.fromhex(
        "0000000000000001 0000000000000002 0000000000000003 0000000000000004 03 00000001 00000001 6b 00000003 76c3a9"
    )
    assert read_binary(data) == (1 << 64 | 2, 3, 3, {"k": "vé"})


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=100))
def test_no_bytes_are_too_strange(data):
    read_binary(data)
    read_binary(write_binary(Outgoing(1, 2, 1, TraceState(), 0), {"a": "b"})[:40] + data)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "traceparent",
                "tracestate",
                "baggage",
                "uber-trace-id",
                "b3",
                "x-b3-traceid",
                "x-b3-spanid",
                "x-b3-sampled",
                "x-trace-id",
                "x-span-id",
                "ot-tracer-traceid",
                "ot-tracer-spanid",
                "uberctx-a",
                "jaeger-baggage",
            ]
        ),
        st.text(max_size=60),
    )
)
def test_no_headers_are_too_strange(carrier):
    context = read(",".join(NAMES), carrier)
    written(",".join(NAMES), below(started(context), context))


# --- all of them, over every carrier ---------------------------------------------------------------------------------

ALL_NAMES = ["tracecontext", "jaeger", "b3", "b3multi", "x-trace-id"]


@pytest.mark.parametrize("name", ALL_NAMES)
@pytest.mark.parametrize(
    "make",
    [
        dict,
        list,
        lambda: [("x", "y")],
        lambda: [(b"x", b"y")],
        lambda: {"REQUEST_METHOD": "GET"},
        lambda: {"type": "http", "headers": [(b"host", b"h")]},
        Environment,
    ],
    ids=["dict", "empty list", "text pairs", "byte pairs", "WSGI", "ASGI", "environment"],
)
def test_what_is_written_is_read_back(name, make):
    span = started()
    carrier = written(name, below(span), make())
    context = read(name, carrier)
    assert ids(context)[:2] == (span.trace_id, span.span_id)
    again = written(name, below(span), carrier)
    assert read(name, again).keys() == context.keys()
    if isinstance(carrier, list):
        assert len({pair[0] for pair in carrier}) == len(carrier), "a second inject replaces"


def test_carriers_look_as_their_libraries_want_them():
    span = started()
    header = f"00-{span.trace_id:032x}-{span.span_id:016x}-03"
    assert written("tracecontext", below(span), []) == [("traceparent", header.encode())]
    assert written("tracecontext", below(span), [("a", "b")])[1] == ("traceparent", header)
    assert written("tracecontext", below(span), {"wsgi.version": (1, 0)})["HTTP_TRACEPARENT"] == header
    assert written("tracecontext", below(span), Environment()) == {"TRACEPARENT": header}
    scope = written("tracecontext", below(span), {"type": "http", "headers": []})
    assert scope["headers"] == [(b"traceparent", header.encode())]
    assert ids(read("tracecontext", (("traceparent", header),)))
    assert ids(read("tracecontext", {"traceparent": header.encode()})), "AMQP"


def test_a_getter_of_the_callers_is_used():
    class Own(Getter):
        def get(self, carrier, key):
            return [value for name, value in carrier.fields if name == key] or None

        def keys(self, carrier):
            return [name for name, _ in carrier.fields]

    class Message:
        fields = [("uber-trace-id", "1:2:0:1"), ("uberctx-a", "b")]  # noqa: RUF012

    context = propagators_named(["jaeger"]).extract(Message(), getter=Own())
    assert ids(context) == (1, 2, True)
    assert baggage.get_baggage("a", context) == "b"


def test_the_first_format_that_finds_a_parent_is_believed():
    carrier = {"traceparent": PARENT, "uber-trace-id": "1:2:0:1", "uberctx-a": "b", "baggage": "c=d"}
    assert ids(read("tracecontext,jaeger,baggage", carrier)) == (TRACE, SPAN, True)
    context = read("jaeger,baggage,tracecontext", carrier)
    assert ids(context) == (1, 2, True)
    assert dict(baggage.get_all(context)) == {"a": "b", "c": "d"}


def test_names_that_are_not_known_are_refused():
    with pytest.raises(ValueError, match="no propagator 'b4'"):
        propagators_named(["b4"])
    assert propagators_named(["none"]).propagators == ()
    assert len(propagators_named(["tracecontext", "w3c"]).propagators) == 1
    assert W3CBaggage().fields == {"baggage"}


def test_the_apis_own_propagator_reads_ours():
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    span = started()
    carrier = written("tracecontext", below(span))
    found = trace.get_current_span(TraceContextTextMapPropagator().extract(carrier)).get_span_context()
    assert (found.trace_id, found.span_id, int(found.trace_flags)) == (span.trace_id, span.span_id, 3)
    theirs = {}
    TraceContextTextMapPropagator().inject(theirs, below(span))
    assert theirs == carrier


def test_hostile_headers_cost_no_memory():
    many = {f"uberctx-{number}": "v" for number in range(10_000)}
    assert len(baggage.get_all(read("jaeger", many))) == ITEMS_MAX
    assert ids(read("tracecontext", {5: 1, None: 2, "traceparent": PARENT}))
    long = {"traceparent": PARENT, "tracestate": ",".join(f"k{n}={'v' * 256}" for n in range(32)), "x" * 10_000: "y"}
    assert dict(parent_of(read("tracecontext", long)).get_span_context().trace_state) == {}
