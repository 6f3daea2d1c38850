//! What a connection promises, seen by h2's own client on the other end.

mod peer;

use bytes::Bytes;
use lymer_grpc::connection::{Connection, Event, Found, Status};
use lymer_grpc::limits::{OUTPUT_BYTES_MAX, STREAM_WINDOW_BYTES};
use lymer_grpc::message::Broken;
use peer::{Peer, framed, request};

const OK: Status = Status {
    code: 0,
    message: "",
    metadata: &[],
};

fn called(server: &mut Connection) -> u32 {
    match server.next_event() {
        Some(Event::Called { call, .. }) => call,
        other => panic!("no call but {other:?}"),
    }
}

fn text(found: Found) -> Vec<u8> {
    match found {
        Found::Message(message) => message.pieces.concat(),
        other => panic!("no message but {other:?}"),
    }
}

fn read_event(server: &mut Connection) -> Found {
    match server.next_event() {
        Some(Event::Read { found, .. }) => found,
        other => panic!("nothing read but {other:?}"),
    }
}

#[test]
fn a_call_is_read_and_answered() {
    let (mut peer, mut server) = Peer::greeted();
    let mut call = peer.call(request("/a.B/C"));
    call.send(framed(b"question"), true);
    peer.exchange(&mut server);
    let Some(Event::Called {
        call: id,
        path,
        timeout,
    }) = server.next_event()
    else {
        panic!("no call");
    };
    assert_eq!(path, "/a.B/C");
    assert_eq!(timeout.map(|timeout| timeout.as_millis()), Some(1500));
    assert_eq!(text(server.read(id)), b"question");
    assert!(matches!(server.read(id), Found::End));
    assert!(server.finish(id, Some(b"answer"), &OK).is_ok());
    peer.exchange(&mut server);
    assert_eq!(call.response().status(), 200);
    assert_eq!(call.received(), framed(b"answer"));
    assert_eq!(call.trailers()["grpc-status"], "0");
}

#[test]
fn a_refusal_is_one_block_of_headers() {
    let (mut peer, mut server) = Peer::greeted();
    let mut call = peer.call(request("/a.B/C"));
    peer.exchange(&mut server);
    let id = called(&mut server);
    let status = Status {
        code: 5,
        message: "50 % größer",
        metadata: &[("about".to_owned(), b"it".to_vec())],
    };
    assert!(server.finish(id, None, &status).is_ok());
    peer.exchange(&mut server);
    let response = call.response();
    assert_eq!(response.headers()["grpc-status"], "5");
    assert_eq!(
        response.headers()["grpc-message"],
        "50 %25 gr%C3%B6%C3%9Fer"
    );
    assert_eq!(response.headers()["about"], "it");
}

#[test]
fn metadata_that_may_not_stand_in_a_header_is_refused() {
    let (mut peer, mut server) = Peer::greeted();
    let _call = peer.call(request("/a.B/C"));
    peer.exchange(&mut server);
    let id = called(&mut server);
    assert!(
        server
            .start(id, &[("a b".to_owned(), b"1".to_vec())])
            .is_err()
    );
    assert!(
        server
            .start(id, &[("a".to_owned(), b"1\n2".to_vec())])
            .is_err()
    );
}

#[test]
fn messages_are_found_wherever_frames_end() {
    let (mut peer, mut server) = Peer::greeted();
    let mut call = peer.call(request("/a.B/C"));
    let first: Vec<u8> = (0..40_000_u32).map(|number| number as u8).collect();
    let both = [framed(&first), framed(b""), framed(b"third")].concat();
    for piece in both.chunks(1237) {
        call.send(piece.to_vec(), false);
        peer.exchange(&mut server);
    }
    let id = called(&mut server);
    assert_eq!(text(server.read(id)), first);
    assert_eq!(text(server.read(id)), b"");
    assert_eq!(text(server.read(id)), b"third");
    assert!(matches!(server.read(id), Found::Nothing));
    call.send(Vec::new(), true);
    peer.exchange(&mut server);
    assert!(matches!(read_event(&mut server), Found::End));
}

#[test]
fn what_nobody_reads_stays_at_its_sender() {
    let (mut peer, mut server) = Peer::greeted();
    let message = vec![7; 3 << 20];
    let mut calls: Vec<_> = (0..5).map(|_| peer.call(request("/a.B/C"))).collect();
    for call in &mut calls {
        call.send(framed(&message), true);
    }
    peer.exchange(&mut server);
    let ids: Vec<u32> = calls.iter().map(|_| called(&mut server)).collect();
    assert_eq!(server.unread(), 5 * STREAM_WINDOW_BYTES as usize);
    // One that is read comes whole, whatever the others hold.
    assert!(matches!(server.read(ids[3]), Found::Nothing));
    assert_eq!(server.read_count(), 1);
    peer.exchange(&mut server);
    assert_eq!(text(read_event(&mut server)), message);
    assert_eq!(server.read_count(), 0);
    assert_eq!(server.unread(), 4 * STREAM_WINDOW_BYTES as usize);
    for id in ids {
        assert!(server.finish(id, None, &OK).is_ok());
    }
    assert_eq!(server.unread(), 0);
}

#[test]
fn a_message_past_the_limit_is_told_by_its_prefix() {
    let (mut peer, mut server) = Peer::greeted();
    let mut call = peer.call(request("/a.B/C"));
    call.send(framed(&vec![7; peer::MESSAGE_BYTES_MAX]), false);
    call.send(vec![0, 0xff, 0xff, 0xff, 0xff], false);
    peer.exchange(&mut server);
    let id = called(&mut server);
    assert!(matches!(server.read(id), Found::Nothing));
    peer.exchange(&mut server);
    assert_eq!(text(read_event(&mut server)).len(), peer::MESSAGE_BYTES_MAX);
    let Found::Broken(broken) = server.read(id) else {
        panic!("it is not refused");
    };
    assert_eq!(broken, Broken::TooLarge(u32::MAX as usize));
}

#[test]
fn bytes_that_are_no_message_are_told() {
    for (bytes, reason) in [
        (framed(b"cut")[..7].to_vec(), Broken::Cut),
        (vec![0, 0, 0], Broken::Cut),
        (vec![0, 0, 0, 0, 1], Broken::Cut),
        (vec![2, 0, 0, 0, 1, 1], Broken::Flag(2)),
    ] {
        let (mut peer, mut server) = Peer::greeted();
        let mut call = peer.call(request("/a.B/C"));
        call.send(bytes, true);
        peer.exchange(&mut server);
        let id = called(&mut server);
        let Found::Broken(broken) = server.read(id) else {
            panic!("it is a message");
        };
        assert_eq!(broken, reason);
    }
}

#[test]
fn a_call_that_is_taken_back_is_gone() {
    let (mut peer, mut server) = Peer::greeted();
    let mut call = peer.call(request("/a.B/C"));
    call.send(framed(b"question"), true);
    peer.exchange(&mut server);
    let id = called(&mut server);
    assert_eq!(text(server.read(id)), b"question");
    call.reset();
    peer.exchange(&mut server);
    assert!(matches!(server.next_event(), Some(Event::Gone { call }) if call == id));
    assert!(server.finish(id, Some(b"late"), &OK).is_ok());
}

#[test]
fn a_peer_that_does_not_read_makes_its_answer_wait() {
    let (mut peer, mut server) = Peer::greeted();
    let mut call = peer.call(request("/a.B/C"));
    peer.exchange(&mut server);
    let id = called(&mut server);
    let answer = vec![7; 1 << 20];
    assert!(matches!(server.send(id, &answer), Ok(false)));
    peer.exchange(&mut server);
    assert!(server.next_event().is_none());
    assert!(server.finish(id, None, &OK).is_ok());
    assert_eq!(server.call_count(), 1);
    let mut size = 0;
    while size < 5 + answer.len() {
        size += call.received().len();
        peer.exchange(&mut server);
    }
    assert_eq!(server.call_count(), 0);
    assert_eq!(call.trailers()["grpc-status"], "0");
}

#[test]
fn who_waits_to_send_is_told_when_there_is_room() {
    let (mut peer, mut server) = Peer::greeted();
    let mut call = peer.call(request("/a.B/C"));
    peer.exchange(&mut server);
    let id = called(&mut server);
    assert!(matches!(server.send(id, b"small"), Ok(true)));
    assert!(matches!(server.send(id, &[7; 70_000]), Ok(false)));
    peer.exchange(&mut server);
    assert!(server.next_event().is_none());
    call.received();
    peer.exchange(&mut server);
    assert!(matches!(server.next_event(), Some(Event::Sent { .. })));
    assert!(server.next_event().is_none());
}

#[test]
fn what_is_no_call_gets_an_http_status() {
    let (mut peer, mut server) = Peer::greeted();
    let get = http::Request::get("http://localhost/").body(()).unwrap();
    let post = http::Request::post("http://localhost/a.B/C")
        .header("content-type", "application/json")
        .body(())
        .unwrap();
    for (request, status) in [(get, 405), (post, 415)] {
        let mut call = peer.call(request);
        peer.exchange(&mut server);
        assert_eq!(call.response().status(), status);
        assert!(server.next_event().is_none());
    }
}

#[test]
fn a_connection_that_shuts_down_finishes_its_calls() {
    let (mut peer, mut server) = Peer::greeted();
    let mut call = peer.call(request("/a.B/C"));
    peer.exchange(&mut server);
    let id = called(&mut server);
    server.shut_down();
    peer.exchange(&mut server);
    assert!(!server.is_closed());
    assert!(!peer.takes_calls());
    assert!(server.finish(id, Some(b"answer"), &OK).is_ok());
    peer.exchange(&mut server);
    assert_eq!(call.received(), framed(b"answer"));
    drop(call);
    peer.exchange(&mut server);
    assert!(server.is_closed());
}

#[test]
fn a_flood_of_pings_waits_until_its_answers_are_taken() {
    let (_, mut server) = Peer::greeted();
    let ping = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    server.receive(Bytes::from(ping.repeat(100_000)));
    assert!(server.is_stuck());
    let mut answered = 0;
    while server.is_stuck() {
        let size = server.take_output(<[u8]>::len);
        assert!(size <= OUTPUT_BYTES_MAX);
        answered += size;
    }
    answered += server.take_output(<[u8]>::len);
    assert_eq!(answered, 100_000 * ping.len());
}

#[test]
fn floods_end_the_connection() {
    let headers = |id: u32| {
        let block = b"\x83\x86\x44\x01/\x41\x01a\x5f\x10application/grpc";
        peer::frame(1, 4, id, block)
    };
    let resets: Vec<u8> = (0..2000)
        .flat_map(|number| {
            let id = 2 * number + 1;
            [headers(id), peer::frame(3, 0, id, &[0, 0, 0, 8])].concat()
        })
        .collect();
    let continuations: Vec<u8> = [
        peer::frame(1, 0, 1, b"\x83"),
        peer::frame(9, 0, 1, &[]).repeat(2000),
    ]
    .concat();
    let empty_data = [headers(1), peer::frame(0, 0, 1, &[]).repeat(2000)].concat();
    for flood in [resets, continuations, empty_data] {
        let (_, mut server) = Peer::greeted();
        for piece in flood.chunks(4096) {
            server.receive(Bytes::copy_from_slice(piece));
        }
        server.take_output(<[u8]>::len);
        server.take_output(<[u8]>::len);
        assert!(server.is_closed());
    }
}

#[test]
fn other_protocols_are_sent_away() {
    let mut server = Connection::new(1000);
    server.receive(Bytes::from_static(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert!(server.is_closed());
}

#[test]
fn frames_of_one_byte_take_no_more_than_their_bytes() {
    let (mut peer, mut server) = Peer::greeted();
    let mut call = peer.call(request("/a.B/C"));
    let message = framed(&vec![7; 50_000]);
    for (number, byte) in message.iter().enumerate() {
        call.send(vec![*byte], false);
        if number % 100 == 0 {
            peer.exchange(&mut server);
        }
    }
    peer.exchange(&mut server);
    let id = called(&mut server);
    let Found::Message(message) = server.read(id) else {
        panic!("no message");
    };
    assert!(message.pieces.len() < 20);
}
