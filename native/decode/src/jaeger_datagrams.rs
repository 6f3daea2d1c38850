//! Many datagrams of Jaeger's agent as one payload: each behind its length, four bytes, little end first.
//!
//! So that a thousand small messages become one batch, one write and one record of the log.

use crate::jaeger_span::refused;
use crate::jaeger_thrift_decode::{self, ClientReport, Decoder};
use crate::json_reader::Result;
use crate::otlp_decode::{DecodeError, Decoded};

/// The spans of the datagrams that could be read, and why others could not.
pub struct Datagrams {
    /// The spans.
    pub decoded: Decoded,
    /// A reason for each datagram that is no message of the agent.
    pub broken: Vec<String>,
    /// What clients say of themselves.
    pub reports: Vec<ClientReport>,
}

/// Decode all datagrams. One that is broken takes none of its neighbours along, and none of its own spans is kept.
pub fn decode(payload: &[u8]) -> std::result::Result<Datagrams, DecodeError> {
    let datagrams = split(payload)?;
    let mut decoder = Decoder::with_room_for(payload.len());
    if read_all(&mut decoder, &datagrams).is_ok() {
        let reports = decoder.take_reports();
        let decoded = decoder.finish()?;
        return Ok(Datagrams {
            decoded,
            broken: Vec::new(),
            reports,
        });
    }
    decode_the_good(&datagrams)
}

/// Find the broken ones one by one, then read the others together: three times the work at most, whatever was sent.
fn decode_the_good(datagrams: &[&[u8]]) -> std::result::Result<Datagrams, DecodeError> {
    let mut broken = Vec::new();
    let mut good = Vec::with_capacity(datagrams.len());
    for &datagram in datagrams {
        match jaeger_thrift_decode::decode(datagram) {
            Ok(_) => good.push(datagram),
            Err(error) => broken.push(error.reason),
        }
    }
    let mut decoder = Decoder::default();
    read_all(&mut decoder, &good).map_err(|error| refused(&error))?;
    let reports = decoder.take_reports();
    let decoded = decoder.finish()?;
    Ok(Datagrams {
        decoded,
        broken,
        reports,
    })
}

fn read_all(decoder: &mut Decoder, datagrams: &[&[u8]]) -> Result<()> {
    datagrams
        .iter()
        .try_for_each(|datagram| decoder.read(datagram))
}

fn split(payload: &[u8]) -> std::result::Result<Vec<&[u8]>, DecodeError> {
    let mut datagrams = Vec::new();
    let mut rest = payload;
    while !rest.is_empty() {
        let (datagram, behind) = first(rest).ok_or_else(|| DecodeError {
            reason: format!("a datagram is cut at byte {}", payload.len() - rest.len()),
        })?;
        datagrams.push(datagram);
        rest = behind;
    }
    Ok(datagrams)
}

fn first(payload: &[u8]) -> Option<(&[u8], &[u8])> {
    let (size, rest) = payload.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*size) as usize)
}
