//! Why a span is refused: short and stable, because senders see it and counters are labelled with it.

/// A reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Refusal {
    TraceId,
    SpanId,
    ParentSpanId,
    LinkTraceId,
    LinkSpanId,
    StartTime,
    EndTime,
    EventTime,
    Annotations,
}

const REFUSALS: [Refusal; 9] = [
    Refusal::TraceId,
    Refusal::SpanId,
    Refusal::ParentSpanId,
    Refusal::LinkTraceId,
    Refusal::LinkSpanId,
    Refusal::StartTime,
    Refusal::EndTime,
    Refusal::EventTime,
    Refusal::Annotations,
];

impl Refusal {
    /// In words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::TraceId => "trace id must be 16 bytes, not zero",
            Self::SpanId => "span id must be 8 bytes, not zero",
            Self::ParentSpanId => "parent span id must be 8 bytes or absent",
            Self::LinkTraceId => "link trace id must be 16 bytes or absent",
            Self::LinkSpanId => "link span id must be 8 bytes or absent",
            Self::StartTime => "start time must be before the year 2262",
            Self::EndTime => "end time must be before the year 2262",
            Self::EventTime => "event time must be before the year 2262",
            Self::Annotations => "a span of Zipkin's version 1 may have 10000 annotations",
        }
    }
}

/// How many spans were refused for which reason.
#[derive(Default)]
pub struct Refusals([usize; REFUSALS.len()]);

impl Refusals {
    /// One more.
    pub fn count(&mut self, refusal: Refusal) {
        self.0[refusal as usize] += 1;
    }

    /// The reasons that occurred.
    pub fn counts(&self) -> Vec<(Refusal, usize)> {
        REFUSALS
            .into_iter()
            .zip(self.0)
            .filter(|&(_, count)| count > 0)
            .collect()
    }
}
