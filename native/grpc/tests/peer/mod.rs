//! h2's own client on the other end of a connection, in the same thread: bytes go to and fro until all is said.

use bytes::Bytes;
use h2::client::{self, ResponseFuture, SendRequest};
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, Request, Response};
use lymer_grpc::connection::Connection;
use lymer_grpc::pipe::Pipe;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

pub const MESSAGE_BYTES_MAX: usize = 4 << 20;

pub struct Peer {
    pipe: Pipe,
    sender: SendRequest<Bytes>,
    connection: client::Connection<Pipe, Bytes>,
}

pub struct Call {
    answering: Option<ResponseFuture>,
    sending: SendStream<Bytes>,
    receiving: Option<RecvStream>,
}

/// A frame as it stands on the wire.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let size = (payload.len() as u32).to_be_bytes();
    let head = [&size[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [&head, payload].concat()
}

/// A message as it stands in the data of a call.
pub fn framed(message: &[u8]) -> Vec<u8> {
    let size = (message.len() as u32).to_be_bytes();
    [&[0], &size[..], message].concat()
}

pub fn request(path: &str) -> Request<()> {
    Request::post(format!("http://localhost{path}"))
        .header("content-type", "application/grpc")
        .header("grpc-timeout", "1500m")
        .body(())
        .unwrap()
}

fn now<T>(poll: Poll<T>) -> T {
    match poll {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it is not there yet"),
    }
}

fn context() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

impl Peer {
    /// A client that has greeted, and what it is connected to.
    pub fn greeted() -> (Peer, Connection) {
        let mut server = Connection::new(MESSAGE_BYTES_MAX);
        let pipe = Pipe::new(usize::MAX);
        let handshake = pin!(client::handshake(pipe.clone()));
        let (sender, connection) = now(handshake.poll(&mut context())).unwrap();
        let mut peer = Peer {
            pipe,
            sender,
            connection,
        };
        peer.exchange(&mut server);
        assert!(server.is_greeted());
        (peer, server)
    }

    /// Until nobody has anything to say.
    pub fn exchange(&mut self, server: &mut Connection) {
        loop {
            let _ = Pin::new(&mut self.connection).poll(&mut context());
            let asked = self.pipe.take_output(Bytes::copy_from_slice);
            server.receive(asked.clone());
            let answered = server.take_output(Bytes::copy_from_slice);
            self.pipe.push_input(answered.clone());
            if asked.is_empty() && answered.is_empty() {
                return;
            }
        }
    }

    pub fn takes_calls(&mut self) -> bool {
        matches!(self.sender.poll_ready(&mut context()), Poll::Ready(Ok(())))
    }

    pub fn call(&mut self, request: Request<()>) -> Call {
        now(self.sender.poll_ready(&mut context())).unwrap();
        let (answering, sending) = self.sender.send_request(request, false).unwrap();
        Call {
            answering: Some(answering),
            sending,
            receiving: None,
        }
    }
}

impl Call {
    pub fn send(&mut self, bytes: Vec<u8>, is_last: bool) {
        self.sending.send_data(Bytes::from(bytes), is_last).unwrap();
    }

    pub fn reset(&mut self) {
        self.sending.send_reset(Reason::CANCEL);
    }

    pub fn response(&mut self) -> Response<()> {
        let mut answering = self.answering.take().unwrap();
        let response = now(Pin::new(&mut answering).poll(&mut context())).unwrap();
        let (head, receiving) = response.into_parts();
        self.receiving = Some(receiving);
        Response::from_parts(head, ())
    }

    /// What has come, for which there is room again then.
    pub fn received(&mut self) -> Vec<u8> {
        if self.receiving.is_none() {
            self.response();
        }
        let receiving = self.receiving.as_mut().unwrap();
        let mut bytes = Vec::new();
        while let Poll::Ready(Some(piece)) = receiving.poll_data(&mut context()) {
            let piece = piece.unwrap();
            let _ = receiving.flow_control().release_capacity(piece.len());
            bytes.extend_from_slice(&piece);
        }
        bytes
    }

    pub fn trailers(&mut self) -> HeaderMap {
        let receiving = self.receiving.as_mut().unwrap();
        now(receiving.poll_trailers(&mut context()))
            .unwrap()
            .unwrap()
    }
}
