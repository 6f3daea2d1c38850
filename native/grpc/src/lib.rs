//! The server's side of a gRPC connection: bytes from a socket in, calls, messages and bytes for the socket out.
//! HTTP/2 is h2's. No sockets, no threads, no clock but h2's, no Python; what a call is answered is decided elsewhere.

mod call;
pub mod connection;
pub mod limits;
pub mod message;
pub mod pipe;
pub mod request;
mod status;
