//! One call: what came of it and was not taken, what is to be sent, and how far both are.

use crate::limits::SEND_BUFFER_BYTES_MAX;
use crate::message::{Broken, Inbox, Message};
use crate::status::{self, BadMetadata, Metadata, Status};
use bytes::{BufMut, Bytes, BytesMut};
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use http::HeaderMap;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Calls that h2 has news for.
#[derive(Default)]
pub(crate) struct Woken(Mutex<Vec<u32>>);

impl Woken {
    pub(crate) fn take(&self) -> Vec<u32> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct CallWaker {
    id: u32,
    is_woken: AtomicBool,
    woken: Arc<Woken>,
}

impl Wake for CallWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_woken.swap(true, Ordering::Relaxed) {
            let mut woken = self.woken.0.lock().unwrap_or_else(PoisonError::into_inner);
            woken.push(self.id);
        }
    }
}

/// What a reader finds.
#[derive(Debug)]
pub enum Found {
    /// The next message.
    Message(Message),
    /// The peer has said all.
    End,
    /// What came is no message.
    Broken(Broken),
    /// An event will tell.
    Nothing,
}

pub(crate) struct Call {
    pub(crate) headers: HeaderMap,
    waker: Arc<CallWaker>,
    /// None when all has been received.
    receiving: Option<RecvStream>,
    respond: SendResponse<Bytes>,
    /// None until the answer has begun.
    sending: Option<SendStream<Bytes>>,
    inbox: Inbox,
    /// Somebody waits for a message: what comes is let into memory.
    pub(crate) is_read: bool,
    /// Bytes that came and that the peer has no room for again.
    held: usize,
    outbox: VecDeque<Bytes>,
    /// Somebody waits until the outbox is empty.
    pub(crate) is_pressed: bool,
    trailers: Option<HeaderMap>,
    is_sent: bool,
}

impl Call {
    pub(crate) fn new(
        id: u32,
        headers: HeaderMap,
        receiving: RecvStream,
        respond: SendResponse<Bytes>,
        woken: &Arc<Woken>,
    ) -> Call {
        Call {
            headers,
            waker: Arc::new(CallWaker {
                id,
                is_woken: AtomicBool::new(false),
                woken: woken.clone(),
            }),
            receiving: Some(receiving),
            respond,
            sending: None,
            inbox: Inbox::default(),
            is_read: false,
            held: 0,
            outbox: VecDeque::new(),
            is_pressed: false,
            trailers: None,
            is_sent: false,
        }
    }

    /// Take in and give out what can be. False when the peer or the connection is gone.
    pub(crate) fn advance(&mut self) -> bool {
        self.waker.is_woken.store(false, Ordering::Relaxed);
        let waker = Waker::from(self.waker.clone());
        let mut context = Context::from_waker(&waker);
        self.receive(&mut context) && self.is_not_reset(&mut context) && self.send(&mut context)
    }

    /// Bytes that came before anybody read them.
    pub(crate) fn unread(&self) -> usize {
        if self.is_read { 0 } else { self.inbox.size() }
    }

    /// The next message, if it is whole.
    pub(crate) fn take(&mut self, size_max: usize) -> Found {
        match self.inbox.take(size_max) {
            Ok(Some(message)) => Found::Message(message),
            Ok(None) if self.receiving.is_some() => Found::Nothing,
            Ok(None) if self.inbox.is_empty() => Found::End,
            Ok(None) => Found::Broken(Broken::Cut),
            Err(broken) => Found::Broken(broken),
        }
    }

    /// Give the peer room for as many bytes as are held.
    pub(crate) fn release(&mut self) {
        let held = std::mem::take(&mut self.held);
        if let Some(receiving) = &mut self.receiving
            && held > 0
        {
            // Fails for more than was received alone, which is not asked for.
            let _ = receiving.flow_control().release_capacity(held);
        }
    }

    /// Begin the answer; does nothing when it has begun.
    pub(crate) fn start(&mut self, metadata: &Metadata) -> Result<(), BadMetadata> {
        if self.sending.is_none() && self.trailers.is_none() {
            let head = status::head(metadata)?;
            self.sending = self.respond.send_response(head, false).ok();
        }
        Ok(())
    }

    /// One more message of the answer.
    pub(crate) fn push(&mut self, message: &[u8]) -> Result<(), BadMetadata> {
        self.start(&[])?;
        let mut framed = BytesMut::with_capacity(5 + message.len());
        framed.put_u8(0);
        framed.put_u32(message.len() as u32);
        framed.put_slice(message);
        self.outbox.push_back(framed.freeze());
        Ok(())
    }

    /// End the answer with this status, once all that was pushed has been sent.
    pub(crate) fn finish(&mut self, status: &Status) -> Result<(), BadMetadata> {
        if self.sending.is_some() {
            let mut trailers = HeaderMap::new();
            status::add(&mut trailers, status)?;
            self.trailers = Some(trailers);
        } else {
            let mut head = status::head(&[])?;
            status::add(head.headers_mut(), status)?;
            let _ = self.respond.send_response(head, true);
            self.is_sent = true;
        }
        Ok(())
    }

    /// Whether all of the answer is h2's now.
    pub(crate) fn is_sent(&self) -> bool {
        self.is_sent
    }

    /// Whether all that was pushed is h2's now.
    pub(crate) fn is_outbox_empty(&self) -> bool {
        self.outbox.is_empty()
    }

    fn receive(&mut self, context: &mut Context) -> bool {
        while let Some(receiving) = &mut self.receiving {
            match receiving.poll_data(context) {
                Poll::Ready(Some(Ok(piece))) => {
                    self.held += piece.len();
                    self.inbox.push(piece);
                    if self.is_read {
                        self.release();
                    }
                }
                Poll::Ready(Some(Err(_))) => return false,
                Poll::Ready(None) => {
                    self.release();
                    self.receiving = None;
                }
                Poll::Pending => break,
            }
        }
        true
    }

    fn is_not_reset(&mut self, context: &mut Context) -> bool {
        let reset = match &mut self.sending {
            Some(sending) => sending.poll_reset(context),
            None => self.respond.poll_reset(context),
        };
        reset.is_pending()
    }

    /// As much as the peer has room for, so that a peer who does not read makes its answer wait here.
    fn send(&mut self, context: &mut Context) -> bool {
        let Some(sending) = &mut self.sending else {
            return true;
        };
        while let Some(first) = self.outbox.front_mut() {
            sending.reserve_capacity(first.len().min(SEND_BUFFER_BYTES_MAX));
            let room = sending.capacity();
            if room == 0 {
                match sending.poll_capacity(context) {
                    Poll::Ready(Some(Ok(_))) => continue,
                    Poll::Ready(_) => return false,
                    Poll::Pending => return true,
                }
            }
            let piece = first.split_to(room.min(first.len()));
            if first.is_empty() {
                self.outbox.pop_front();
            }
            if sending.send_data(piece, false).is_err() {
                return false;
            }
        }
        if let Some(trailers) = self.trailers.take() {
            self.is_sent = true;
            return sending.send_trailers(trailers).is_ok();
        }
        true
    }
}
