//! Zipkin's spans of version 1 as spans of version 2.
//!
//! The rules are those of Zipkin's own V1SpanConverter: `cs`, `cr`, `sr`, `ss`, `ms`, `mr`, `ws` and `wr` say kind and
//! times, `ca`, `sa` and `ma` the other side; annotations of another service begin a span of their own, so that a span
//! that client and server have written together becomes two with one id.

use crate::zipkin_span::{Annotation, Endpoint, Kind, TagValue, Text, ZipkinSpan};
use crate::zipkin_v1::{BinaryAnnotation, V1Span};

/// How many services may write into one span before the rest is counted to the first of them.
const PARTS_MAX: usize = 32;

/// The annotations that say when a call began and ended, and where. The order is that of `CORE`.
#[derive(Default)]
struct Core<'a>([Option<(i64, Endpoint<'a>)>; 8]);

const CORE: [(&[u8], Kind); 8] = [
    (b"cs", Kind::Client),
    (b"cr", Kind::Client),
    (b"sr", Kind::Server),
    (b"ss", Kind::Server),
    (b"ms", Kind::Producer),
    (b"mr", Kind::Consumer),
    (b"ws", Kind::Unspecified),
    (b"wr", Kind::Unspecified),
];
const CS: usize = 0;
const CR: usize = 1;
const SR: usize = 2;
const SS: usize = 3;
const MS: usize = 4;
const MR: usize = 5;
const WS: usize = 6;
const WR: usize = 7;

/// The spans of version 2, nearly always one.
pub fn convert(source: V1Span<'_>) -> Vec<ZipkinSpan<'_>> {
    Conversion::of(source).spans
}

struct Conversion<'a> {
    spans: Vec<ZipkinSpan<'a>>,
    timestamp_micros: i64,
    duration_micros: i64,
    core: Core<'a>,
}

impl<'a> Conversion<'a> {
    fn of(mut source: V1Span<'a>) -> Self {
        let annotations = std::mem::take(&mut source.annotations);
        let tags = std::mem::take(&mut source.binary_annotations);
        let mut found = Self {
            spans: Vec::with_capacity(2),
            timestamp_micros: source.timestamp_micros,
            duration_micros: source.duration_micros,
            core: Core::default(),
        };
        found.spans.push(ZipkinSpan {
            trace_id: source.trace_id,
            id: source.id,
            parent_id: source.parent_id,
            name: source.name,
            debug: source.debug,
            refusal: source.refusal,
            ..ZipkinSpan::default()
        });
        found.take_annotations(annotations);
        found.add_missing_begin(CR, CS);
        found.add_missing_begin(SS, SR);
        found.set_call_times();
        found.set_message_times();
        found.take_tags(tags);
        found
    }

    fn take_annotations(&mut self, annotations: Vec<(Annotation<'a>, Option<Endpoint<'a>>)>) {
        for (annotation, endpoint) in annotations {
            let part = self.part_at(endpoint.as_ref());
            let core = CORE
                .iter()
                .position(|(name, _)| *name == &*annotation.value);
            match (core, endpoint) {
                (Some(core), Some(endpoint)) => {
                    if CORE[core].1 != Kind::Unspecified {
                        self.spans[part].kind = CORE[core].1;
                    }
                    self.core.0[core] = Some((annotation.timestamp_micros, endpoint));
                }
                _ => self.spans[part].annotations.push(annotation),
            }
        }
    }

    /// An end that lies where the span's duration says implies the begin.
    fn add_missing_begin(&mut self, end: usize, begin: usize) {
        let (timestamp, duration) = (self.timestamp_micros, self.duration_micros);
        if self.core.0[begin].is_none()
            && let Some((at, endpoint)) = &self.core.0[end]
            && timestamp != 0
            && duration != 0
            && timestamp.checked_add(duration) == Some(*at)
        {
            self.core.0[begin] = Some((timestamp, endpoint.clone()));
        }
    }

    fn set_call_times(&mut self) {
        let has = |core: usize| self.core.0[core].is_some();
        match (has(CS), has(CR), has(SR), has(SS)) {
            (true, _, true, _) => self.split_call(),
            (true, true, ..) => self.set_times(CS, Some(CR)),
            (_, _, true, true) => self.set_times(SR, Some(SS)),
            _ => self.keep_incomplete(),
        }
        // Version 1 had no flag for it: a server that says no time has joined the client's span.
        if self.core.0[CS].is_none()
            && self.core.0[SR].is_some()
            && (self.timestamp_micros == 0
                || (self.core.0[SS].is_some() && self.duration_micros == 0))
        {
            let part = self.part_of(SR);
            self.spans[part].shared = true;
        }
    }

    /// Client and server wrote into one span: the client owns its times, the server gets a part of its own.
    fn split_call(&mut self) {
        self.set_times(CS, Some(CR));
        let server = self.second_part(CS, SR, Kind::Client, Kind::Server);
        let (begin, end) = (self.moment(SR), self.moment(SS));
        let span = &mut self.spans[server];
        span.shared = true;
        span.timestamp_micros = begin;
        span.duration_micros = end.saturating_sub(begin).max(0);
    }

    fn keep_incomplete(&mut self) {
        for part in 0..self.spans.len() {
            let (begin, end) = match self.spans[part].kind {
                Kind::Client => (CS, CR),
                Kind::Server => (SR, SS),
                _ => continue,
            };
            let begin = self.moment(begin);
            let span = &mut self.spans[part];
            if begin != 0 {
                span.timestamp_micros = begin;
            }
            if let Some((timestamp_micros, _)) = &self.core.0[end] {
                span.annotations.push(Annotation {
                    timestamp_micros: *timestamp_micros,
                    value: CORE[end].0.into(),
                });
            }
        }
        if self.timestamp_micros != 0 {
            self.spans[0].timestamp_micros = self.timestamp_micros;
            self.spans[0].duration_micros = self.duration_micros;
        }
    }

    fn set_message_times(&mut self) {
        let has = |core: usize| self.core.0[core].is_some();
        match (has(MS), has(MR)) {
            (true, true) => self.split_message(),
            (true, false) => self.set_times(MS, Some(WS)),
            (false, true) if has(WR) => self.set_times(WR, Some(MR)),
            (false, true) => self.set_times(MR, None),
            (false, false) => self.keep_wire_times(),
        }
    }

    /// Producer and consumer wrote into one span.
    fn split_message(&mut self) {
        let consumer = self.second_part(MS, MR, Kind::Producer, Kind::Consumer);
        let (sent, received) = (self.moment(MS), self.moment(MR));
        let (wire_sent, wire_received) = (self.moment(WS), self.moment(WR));
        let span = &mut self.spans[consumer];
        span.shared = true;
        span.timestamp_micros = received;
        if wire_received != 0 {
            span.timestamp_micros = wire_received;
            span.duration_micros = received.saturating_sub(wire_received).max(0);
        }
        let producer = self.part_of(MS);
        let span = &mut self.spans[producer];
        span.timestamp_micros = sent;
        span.duration_micros = wire_sent.saturating_sub(sent).max(0);
    }

    /// Without a message they are annotations as any other.
    fn keep_wire_times(&mut self) {
        for core in [WS, WR] {
            let part = self.part_of(core);
            if let Some((timestamp_micros, _)) = &self.core.0[core] {
                self.spans[part].annotations.push(Annotation {
                    timestamp_micros: *timestamp_micros,
                    value: CORE[core].0.into(),
                });
            }
        }
    }

    fn take_tags(&mut self, tags: Vec<BinaryAnnotation<'a>>) {
        let mut addresses: [Option<Endpoint<'a>>; 3] = Default::default();
        for tag in tags {
            match (&*tag.key, tag.endpoint.is_some()) {
                (b"ca", true) => addresses[0] = tag.endpoint,
                (b"sa", true) => addresses[1] = tag.endpoint,
                (b"ma", true) => addresses[2] = tag.endpoint,
                _ => {
                    let part = self.part_at(tag.endpoint.as_ref());
                    if !is_marker(&tag) {
                        self.spans[part].tags.push((tag.key, tag.value));
                    }
                }
            }
        }
        let [client, server, broker] = addresses;
        let has_call = self.core.0[CS..=SS].iter().any(Option::is_some);
        if has_call {
            self.set_client_address(client);
            self.set_address(server, &[CS, CR]);
        } else {
            self.set_addresses_without_call(client, server);
        }
        let sides: &[usize] = &[MS, MR];
        for side in sides {
            self.set_address(broker.clone(), std::slice::from_ref(side));
        }
    }

    /// Spans of components that are no calls: the server's address alone does not make a client, the client's alone
    /// makes a server.
    fn set_addresses_without_call(
        &mut self,
        client: Option<Endpoint<'a>>,
        server: Option<Endpoint<'a>>,
    ) {
        match (client, server) {
            (Some(client), Some(server)) => {
                let part = self.part_at(Some(&client));
                self.spans[part].remote = server;
            }
            (None, Some(server)) => self.spans[0].remote = server,
            (Some(client), None) => {
                self.spans[0].kind = Kind::Server;
                self.spans[0].remote = client;
            }
            (None, None) => {}
        }
    }

    /// Finagle writes the client's address with the server's name.
    fn set_client_address(&mut self, address: Option<Endpoint<'a>>) {
        let core = if self.core.0[SR].is_some() { SR } else { SS };
        if let (Some(mut address), Some((_, server))) = (address, &self.core.0[core])
            && address != *server
        {
            if address.service_name == server.service_name {
                address.service_name = Text::default();
            }
            let part = self.part_of(core);
            self.spans[part].remote = address;
        }
    }

    /// The first of these sides that there is has this address on the other side.
    fn set_address(&mut self, address: Option<Endpoint<'a>>, sides: &[usize]) {
        let side = sides.iter().find(|&&side| self.core.0[side].is_some());
        if let (Some(address), Some(&side)) = (address, side) {
            let part = self.part_of(side);
            self.spans[part].remote = address;
        }
    }

    /// Times of the part where the call began: the span's own, else between the annotations.
    fn set_times(&mut self, begin: usize, end: Option<usize>) {
        let (from, to) = (self.moment(begin), end.map_or(0, |end| self.moment(end)));
        let part = self.part_of(begin);
        let (timestamp, duration) = (self.timestamp_micros, self.duration_micros);
        let span = &mut self.spans[part];
        if timestamp != 0 && duration != 0 {
            (span.timestamp_micros, span.duration_micros) = (timestamp, duration);
        } else {
            span.timestamp_micros = from;
            span.duration_micros = to.saturating_sub(from).max(0);
        }
    }

    /// The part of the second side. When both sides have one name it is a new one.
    fn second_part(&mut self, one: usize, other: usize, kind: Kind, other_kind: Kind) -> usize {
        let (Some((_, first)), Some((_, second))) = (&self.core.0[one], &self.core.0[other]) else {
            return 0;
        };
        if first.service_name != second.service_name {
            return self.part_of(other);
        }
        let second = second.clone();
        let part = self.part_of(one);
        self.spans[part].kind = kind;
        let part = self.new_part(second);
        self.spans[part].kind = other_kind;
        part
    }

    fn moment(&self, core: usize) -> i64 {
        self.core.0[core].as_ref().map_or(0, |(at, _)| *at)
    }

    fn part_of(&mut self, core: usize) -> usize {
        let endpoint = self.core.0[core]
            .as_ref()
            .map(|(_, endpoint)| endpoint.clone());
        self.part_at(endpoint.as_ref())
    }

    /// The part that a service has written; without an endpoint the first.
    fn part_at(&mut self, endpoint: Option<&Endpoint<'a>>) -> usize {
        let Some(endpoint) = endpoint else {
            return 0;
        };
        let is_free = |span: &ZipkinSpan<'_>| span.local == Endpoint::default();
        let found = self
            .spans
            .iter()
            .position(|span| is_free(span) || span.local.service_name == endpoint.service_name);
        match found {
            Some(part) => {
                if is_free(&self.spans[part]) {
                    self.spans[part].local = endpoint.clone();
                }
                part
            }
            None => self.new_part(endpoint.clone()),
        }
    }

    fn new_part(&mut self, endpoint: Endpoint<'a>) -> usize {
        if self.spans.len() >= PARTS_MAX {
            return 0;
        }
        let first = &self.spans[0];
        let part = ZipkinSpan {
            trace_id: first.trace_id,
            id: first.id,
            parent_id: first.parent_id,
            name: first.name.clone(),
            debug: first.debug,
            refusal: first.refusal,
            local: endpoint,
            ..ZipkinSpan::default()
        };
        self.spans.push(part);
        self.spans.len() - 1
    }
}

/// A tag that says no more than where the span was.
fn is_marker(tag: &BinaryAnnotation<'_>) -> bool {
    let is_empty = match &tag.value {
        TagValue::Text(text) | TagValue::Bytes(text) => text.is_empty(),
        _ => false,
    };
    is_empty && *tag.key == *b"lc"
}
