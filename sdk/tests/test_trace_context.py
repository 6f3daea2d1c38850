"""W3C Trace Context level 2, over HTTP: what a service sends on for what it was sent.

The service is `programs/conformance.py`, in the form of the W3C's own test harness. The cases are the specification's
rules (https://www.w3.org/TR/trace-context-2/), section by section.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from pathlib import Path

import pytest

TRACE, SPAN = "12345678901234567890123456789012", "1234567890123456"
PARENT = f"00-{TRACE}-{SPAN}-01"


@pytest.fixture(scope="module")
def service():
    program = Path(__file__).parent / "programs" / "conformance.py"
    process = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True)
    yield int(process.stdout.readline())
    process.kill()
    process.communicate()


@pytest.fixture
def sent_on(service, http_receiver):
    """The traceparent in parts and the tracestate of what the service sends when it is sent these headers."""

    def ask(*headers, calls=1):
        http_receiver.received.clear()
        body = json.dumps([{"url": f"{http_receiver.endpoint}/callback", "arguments": []}] * calls).encode()
        connection = http.client.HTTPConnection("127.0.0.1", service, timeout=10)
        connection.putrequest("POST", "/test")
        for name, value in (("Content-Length", str(len(body))), *headers):
            connection.putheader(name, value)
        connection.endheaders(body)
        assert connection.getresponse().status == 200
        connection.close()
        found = [{name.lower(): value for name, value in one.headers.items()} for one in http_receiver.received]
        assert len(found) == calls
        answers = [(tuple(one["traceparent"].split("-")), one.get("tracestate")) for one in found]
        for (version, trace_id, span_id, flags), _ in answers:
            assert (version, len(trace_id), len(span_id), len(flags)) == ("00", 32, 16, 2)
            assert trace_id.strip("0")
            assert span_id.strip("0")
        return answers if calls > 1 else answers[0]

    return ask


def goes_on(answer):
    return answer[0][1] == TRACE


@pytest.mark.parametrize("name", ["traceparent", "TraceParent", "TRACEPARENT"])
def test_the_trace_goes_on_whatever_the_case_of_the_header(sent_on, name):
    (_, trace_id, span_id, flags), state = sent_on((name, PARENT))
    assert (trace_id, flags, state) == (TRACE, "01", None)
    assert span_id != SPAN


def test_each_call_has_a_parent_of_this_service(sent_on):
    answers = sent_on(("traceparent", PARENT), calls=3)
    assert {answer[0][1] for answer in answers} == {TRACE}
    assert SPAN not in {answer[0][2] for answer in answers}


@pytest.mark.parametrize(
    ("sent", "handed_on"),
    [("00", "00"), ("01", "01"), ("02", "02"), ("03", "03"), ("fd", "01"), ("ff", "03"), ("08", "00")],
)
def test_sampled_and_random_are_kept_and_unknown_flags_are_not_sent(sent_on, sent, handed_on):
    (_, trace_id, _, flags), _ = sent_on(("traceparent", f"00-{TRACE}-{SPAN}-{sent}"))
    assert (trace_id, flags) == (TRACE, handed_on)


def test_a_new_trace_says_that_its_id_is_random(sent_on):
    assert int(sent_on()[0][3], 16) & 2


@pytest.mark.parametrize(
    "value",
    [
        f"ff-{TRACE}-{SPAN}-01",
        f"0-{TRACE}-{SPAN}-01",
        f"000-{TRACE}-{SPAN}-01",
        f".0-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-.{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}1-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-.{SPAN[1:]}-01",
        f"00-{TRACE}-{SPAN[1:]}-01",
        f"00-{TRACE}-{SPAN}-.1",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-001",
        f"00-{TRACE}-{SPAN}-01-what-the-future-will-be-like",
        f"00-{TRACE}-{SPAN}-01.what",
        f"00-{TRACE}-{SPAN}-01-",
        f"cc-{TRACE}-{SPAN}-01.what",
        f"00-{TRACE.replace('1', 'A')}-{SPAN}-01",
        f"00-{TRACE}-{SPAN.replace('1', 'B')}-01",
        f"{TRACE}-{SPAN}-01",
        "",
    ],
)
def test_what_is_no_traceparent_begins_a_new_trace(sent_on, value):
    answer = sent_on(("traceparent", value), ("tracestate", "foo=1"))
    assert not goes_on(answer)
    assert answer[1] is None


@pytest.mark.parametrize("value", [f"cc-{TRACE}-{SPAN}-01", f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like"])
def test_a_later_version_is_read_as_far_as_we_know_it(sent_on, value):
    assert goes_on(sent_on(("traceparent", value)))


def test_two_parents_are_none(sent_on):
    assert not goes_on(sent_on(("traceparent", PARENT), ("traceparent", PARENT.replace("1", "2"))))


@pytest.mark.parametrize("value", [f" {PARENT}", f"{PARENT}\t", f" \t{PARENT}  "])
def test_blanks_around_it_are_nothing(sent_on, value):
    assert goes_on(sent_on(("traceparent", value)))


@pytest.mark.parametrize("name", ["tracestate", "TraceState", "TRACESTATE"])
def test_the_state_is_handed_on(sent_on, name):
    assert sent_on(("traceparent", PARENT), (name, "foo=1,bar=2"))[1] == "foo=1,bar=2"


def test_a_state_alone_is_nothing(sent_on):
    assert sent_on(("tracestate", "foo=1"))[1] is None


def test_states_in_several_headers_are_one_list(sent_on):
    state = sent_on(("traceparent", PARENT), ("tracestate", "foo=1"), ("tracestate", ""), ("tracestate", "bar=2"))[1]
    assert state == "foo=1,bar=2"


@pytest.mark.parametrize(
    ("sent", "handed_on"),
    [
        ("foo=1 \t , \t bar=2", "foo=1,bar=2"),
        ("foo=1,,bar=2,", "foo=1,bar=2"),
        ("foo@vendor=1,0tenant@v=2", "foo@vendor=1,0tenant@v=2"),
        ("a_b-c*d/e=1", "a_b-c*d/e=1"),
        ("foo= !#$%&'()*+-./:;<>?@[\\]^_`{|}~1", "foo= !#$%&'()*+-./:;<>?@[\\]^_`{|}~1"),
        (f"{'z' * 256}=1", f"{'z' * 256}=1"),
        (f"foo={'v' * 256}", f"foo={'v' * 256}"),
        (",".join(f"k{n}=1" for n in range(32)), ",".join(f"k{n}=1" for n in range(32))),
    ],
)
def test_states_that_are_allowed(sent_on, sent, handed_on):
    assert sent_on(("traceparent", PARENT), ("tracestate", sent))[1] == handed_on


@pytest.mark.parametrize(
    "sent",
    [
        "foo",
        "=1",
        "FOO=1",
        "foo.bar=1",
        f"{'z' * 257}=1",
        f"foo={'v' * 257}",
        "foo=a=b",
        "foo =1",
        ",".join(f"k{n}=1" for n in range(33)),
    ],
)
def test_a_state_that_is_not_allowed_does_not_take_the_parent_with_it(sent_on, sent):
    answer = sent_on(("traceparent", PARENT), ("tracestate", sent))
    assert goes_on(answer)
    assert sent not in (answer[1] or "")
