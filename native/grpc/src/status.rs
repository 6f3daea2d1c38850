//! The headers and trailers of an answer.

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, InvalidHeaderName, InvalidHeaderValue};
use http::{HeaderMap, Response};

/// A name or a value that may not stand in a header.
#[derive(Debug)]
pub struct BadMetadata;

impl From<InvalidHeaderName> for BadMetadata {
    fn from(_: InvalidHeaderName) -> BadMetadata {
        BadMetadata
    }
}

impl From<InvalidHeaderValue> for BadMetadata {
    fn from(_: InvalidHeaderValue) -> BadMetadata {
        BadMetadata
    }
}

/// Names and values as they stand on the wire.
pub type Metadata = [(String, Vec<u8>)];

/// How a call ended.
pub struct Status<'a> {
    /// gRPC's number.
    pub code: u32,
    /// For people.
    pub message: &'a str,
    /// Trailing metadata.
    pub metadata: &'a Metadata,
}

/// What stands before the first message of an answer.
pub(crate) fn head(metadata: &Metadata) -> Result<Response<()>, BadMetadata> {
    let mut response = Response::new(());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(
        HeaderName::from_static("grpc-accept-encoding"),
        HeaderValue::from_static("identity, deflate, gzip"),
    );
    append(headers, metadata)?;
    Ok(response)
}

/// Adds the status to these headers.
pub(crate) fn add(headers: &mut HeaderMap, status: &Status) -> Result<(), BadMetadata> {
    append(headers, status.metadata)?;
    headers.insert(
        HeaderName::from_static("grpc-status"),
        HeaderValue::from(status.code),
    );
    if !status.message.is_empty() {
        let message = HeaderValue::from_str(&percent_encoded(status.message))?;
        headers.insert(HeaderName::from_static("grpc-message"), message);
    }
    Ok(())
}

fn append(headers: &mut HeaderMap, metadata: &Metadata) -> Result<(), BadMetadata> {
    for (name, value) in metadata {
        let name = HeaderName::from_bytes(name.as_bytes())?;
        headers.append(name, HeaderValue::from_bytes(value)?);
    }
    Ok(())
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if (b' '..=b'~').contains(&byte) && byte != b'%' {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
