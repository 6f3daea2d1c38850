//! A connection: driven by whoever has its socket, after every input and every act. Nothing happens between.

pub use crate::call::Found;
use crate::call::{Call, Woken};
use crate::limits;
use crate::pipe::Pipe;
use crate::request;
pub use crate::status::{BadMetadata, Metadata, Status};
use bytes::Bytes;
use h2::server::{self, Handshake, SendResponse};
use h2::{Reason, RecvStream};
use http::{Request, Response};
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// A call has begun.
    Called {
        /// Its number in this connection.
        call: u32,
        /// `/package.Service/Method`.
        path: String,
        /// How long the caller waits.
        timeout: Option<Duration>,
    },
    /// What somebody waits for with `read`. Never `Found::Nothing`.
    Read {
        /// Of this call.
        call: u32,
        /// What it is.
        found: Found,
    },
    /// All that was sent of this call has found room: more may be sent.
    Sent {
        /// Of this call.
        call: u32,
    },
    /// The peer took the call back, or the connection is gone. Nothing more can be said in it.
    Gone {
        /// This call.
        call: u32,
    },
}

/// One connection of a server.
pub struct Connection {
    state: State,
    pipe: Pipe,
    message_bytes_max: usize,
    calls: HashMap<u32, Call>,
    woken: Arc<Woken>,
    events: VecDeque<Event>,
    unread: usize,
    read_count: usize,
    taken_back: usize,
    is_closing: bool,
}

enum State {
    Greeting(Box<Handshake<Pipe, Bytes>>),
    Open(Box<server::Connection<Pipe, Bytes>>),
    Closed,
}

impl Connection {
    /// One whose peer has said nothing yet. Larger messages than these are told to be too large.
    pub fn new(message_bytes_max: usize) -> Connection {
        let pipe = Pipe::new(limits::OUTPUT_BYTES_MAX);
        let handshake = server::Builder::new()
            .initial_window_size(limits::STREAM_WINDOW_BYTES)
            .initial_connection_window_size(limits::CONNECTION_WINDOW_BYTES)
            .max_frame_size(limits::FRAME_BYTES_MAX)
            .max_header_list_size(limits::HEADER_BYTES_MAX)
            .max_concurrent_streams(limits::CALLS_MAX)
            .max_concurrent_reset_streams(limits::ANSWERED_EARLY_MAX)
            .reset_stream_duration(limits::ANSWERED_EARLY)
            .max_pending_accept_reset_streams(limits::RESETS_PENDING_MAX)
            .max_send_buffer_size(limits::SEND_BUFFER_BYTES_MAX)
            .handshake(pipe.clone());
        Connection {
            state: State::Greeting(Box::new(handshake)),
            pipe,
            message_bytes_max,
            calls: HashMap::new(),
            woken: Arc::default(),
            events: VecDeque::new(),
            unread: 0,
            read_count: 0,
            taken_back: 0,
            is_closing: false,
        }
    }

    /// Bytes from the socket.
    pub fn receive(&mut self, bytes: Bytes) {
        if !self.is_closed() {
            self.pipe.push_input(bytes);
            self.drive();
        }
    }

    /// What is to go to the socket, handed to `take`. More may be there right after, so ask until it is empty.
    pub fn take_output<T>(&mut self, take: impl FnOnce(&[u8]) -> T) -> T {
        self.drive();
        self.pipe.take_output(take)
    }

    /// The next thing that happened.
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whether the peer has greeted.
    pub fn is_greeted(&self) -> bool {
        !matches!(self.state, State::Greeting(_))
    }

    /// Whether nothing more will come or go, but for output that was not taken.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Whether input waits for output to be taken; no more should be received.
    pub fn is_stuck(&self) -> bool {
        self.pipe.has_input()
    }

    /// Bytes of messages that came before anybody read them.
    pub fn unread(&self) -> usize {
        self.unread
    }

    /// How many calls are not over: not answered, or their answers not sent.
    pub fn call_count(&self) -> usize {
        self.calls.len()
    }

    /// How many calls wait for a message.
    pub fn read_count(&self) -> usize {
        self.read_count
    }

    /// The next message of a call. With `Nothing` the peer gets room for a whole one, and an event will tell.
    pub fn read(&mut self, id: u32) -> Found {
        let Some(call) = self.calls.get_mut(&id) else {
            return Found::End;
        };
        let unread = call.unread();
        call.release();
        let found = call.take(self.message_bytes_max);
        if matches!(found, Found::Nothing) && !call.is_read {
            call.is_read = true;
            self.read_count += 1;
        }
        self.unread = self.unread - unread + call.unread();
        found
    }

    /// The caller's metadata, as it stands on the wire.
    pub fn metadata(&self, id: u32) -> Vec<(String, Vec<u8>)> {
        self.calls
            .get(&id)
            .map(|call| request::metadata(&call.headers))
            .unwrap_or_default()
    }

    /// What the caller's compressed messages are compressed with.
    pub fn encoding(&self, id: u32) -> Option<String> {
        let value = self.calls.get(&id)?.headers.get("grpc-encoding")?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    /// Begin the answer of a call. Does nothing for one that is gone, as all of these.
    pub fn start(&mut self, id: u32, metadata: &Metadata) -> Result<(), BadMetadata> {
        self.calls
            .get_mut(&id)
            .map_or(Ok(()), |call| call.start(metadata))
    }

    /// One message of the answer. False when it waits for room, which an event tells.
    pub fn send(&mut self, id: u32, message: &[u8]) -> Result<bool, BadMetadata> {
        let Some(call) = self.calls.get_mut(&id) else {
            return Ok(true);
        };
        call.push(message)?;
        self.advance(id);
        let Some(call) = self.calls.get_mut(&id) else {
            return Ok(true);
        };
        call.is_pressed = !call.is_outbox_empty();
        Ok(!call.is_pressed)
    }

    /// End the answer, after a last message where there is one. The call is forgotten when that is sent.
    pub fn finish(
        &mut self,
        id: u32,
        message: Option<&[u8]>,
        status: &Status,
    ) -> Result<(), BadMetadata> {
        let Some(call) = self.calls.get_mut(&id) else {
            return Ok(());
        };
        if let Some(message) = message {
            call.push(message)?;
        }
        call.finish(status)?;
        self.advance(id);
        Ok(())
    }

    /// Tell the peer to begin no more calls; those that have begun go on, and then the connection closes.
    pub fn shut_down(&mut self) {
        match &mut self.state {
            State::Open(connection) if !self.is_closing => connection.graceful_shutdown(),
            State::Greeting(_) => self.state = State::Closed,
            _ => (),
        }
        self.is_closing = true;
    }

    /// Tell the peer that all calls end here.
    pub fn abort(&mut self) {
        self.end(Reason::NO_ERROR);
        self.drive();
    }

    fn end(&mut self, reason: Reason) {
        match &mut self.state {
            State::Open(connection) => connection.abrupt_shutdown(reason),
            State::Greeting(_) => self.state = State::Closed,
            State::Closed => (),
        }
    }

    /// As far as it goes with the input that is there and the room for output.
    fn drive(&mut self) {
        loop {
            self.accept();
            let woken = self.woken.take();
            if woken.is_empty() {
                return;
            }
            for id in woken {
                self.advance(id);
            }
        }
    }

    fn accept(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        loop {
            match &mut self.state {
                State::Greeting(handshake) => match Pin::new(handshake).poll(&mut context) {
                    Poll::Ready(Ok(connection)) => self.state = State::Open(Box::new(connection)),
                    Poll::Ready(Err(_)) => return self.close(),
                    Poll::Pending => return,
                },
                State::Open(connection) => match connection.poll_accept(&mut context) {
                    Poll::Ready(Some(Ok((request, respond)))) => self.begin(request, respond),
                    Poll::Ready(_) => return self.close(),
                    Poll::Pending => return,
                },
                State::Closed => return,
            }
        }
    }

    fn begin(&mut self, request: Request<RecvStream>, mut respond: SendResponse<Bytes>) {
        let (head, receiving) = request.into_parts();
        if let Some(status) = request::refusal(&head) {
            let mut response = Response::new(());
            *response.status_mut() = status;
            let _ = respond.send_response(response, true);
            return;
        }
        let call = respond.stream_id().as_u32();
        self.events.push_back(Event::Called {
            call,
            path: head.uri.path().to_owned(),
            timeout: request::timeout(&head.headers),
        });
        let begun = Call::new(call, head.headers, receiving, respond, &self.woken);
        self.calls.insert(call, begun);
        self.advance(call);
    }

    fn advance(&mut self, id: u32) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let unread = call.unread();
        let is_there = call.advance();
        if call.is_read {
            let found = call.take(self.message_bytes_max);
            if !matches!(found, Found::Nothing) {
                call.is_read = false;
                self.read_count -= 1;
                self.events.push_back(Event::Read { call: id, found });
            }
        }
        self.unread = self.unread - unread + call.unread();
        if !is_there {
            self.forget(id);
            self.events.push_back(Event::Gone { call: id });
            self.taken_back += 1;
            if self.taken_back > limits::TAKEN_BACK_MAX {
                self.end(Reason::ENHANCE_YOUR_CALM);
            }
        } else if call.is_sent() {
            self.forget(id);
            self.taken_back = self.taken_back.saturating_sub(1);
        } else if call.is_pressed && call.is_outbox_empty() {
            call.is_pressed = false;
            self.events.push_back(Event::Sent { call: id });
        }
    }

    fn forget(&mut self, id: u32) {
        if let Some(call) = self.calls.remove(&id) {
            self.unread -= call.unread();
            self.read_count -= usize::from(call.is_read);
        }
    }

    fn close(&mut self) {
        self.state = State::Closed;
        let calls = std::mem::take(&mut self.calls);
        self.events
            .extend(calls.into_keys().map(|call| Event::Gone { call }));
        self.unread = 0;
        self.read_count = 0;
    }
}
