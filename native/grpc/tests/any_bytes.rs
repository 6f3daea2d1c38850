//! Any bytes: a connection answers or closes, and holds no more than it says. The fuzzer calls it, too.

use bytes::Bytes;
use lymer_grpc::connection::{Connection, Event, Found, Status};
use lymer_grpc::limits::{CALLS_MAX, OUTPUT_BYTES_MAX, STREAM_WINDOW_BYTES};

const MESSAGE_BYTES_MAX: usize = 1 << 20;
const GREETING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";

/// The first byte says whether the peer greets and how calls are treated, the second in which pieces it comes.
pub fn receive(input: &[u8]) {
    let [kind, size, input @ ..] = input else {
        return;
    };
    let mut connection = Connection::new(MESSAGE_BYTES_MAX);
    if kind & 1 == 0 {
        connection.receive(Bytes::from_static(GREETING));
    }
    for piece in input.chunks(1 + usize::from(*size) * 64) {
        connection.receive(Bytes::copy_from_slice(piece));
        while let Some(event) = connection.next_event() {
            treat(&mut connection, &event, kind >> 1);
        }
        let size = connection.take_output(<[u8]>::len);
        assert!(size <= OUTPUT_BYTES_MAX);
        assert!(connection.unread() <= (CALLS_MAX * STREAM_WINDOW_BYTES) as usize);
        assert!(connection.unread() <= input.len());
    }
    if kind & 8 == 0 {
        connection.shut_down();
    }
    connection.abort();
    connection.take_output(<[u8]>::len);
}

fn treat(connection: &mut Connection, event: &Event, kind: u8) {
    match event {
        Event::Called { call, .. } if kind & 1 == 0 => {
            assert!(connection.metadata(*call).len() <= 1000);
            if let Found::Nothing = connection.read(*call) {
                return;
            }
            finish(connection, *call);
        }
        Event::Read { call, found } => {
            if let Found::Message(message) = found {
                let size: usize = message.pieces.iter().map(Bytes::len).sum();
                assert_eq!(size, message.size);
                let _ = connection.send(*call, &[7; 1000]);
            }
            finish(connection, *call);
        }
        _ => (),
    }
}

fn finish(connection: &mut Connection, call: u32) {
    let status = Status {
        code: 13,
        message: "a reason of 100 %",
        metadata: &[("grpc-status-details-bin".to_owned(), b"AAAA".to_vec())],
    };
    assert!(connection.finish(call, None, &status).is_ok());
}

#[test]
fn any_bytes_are_survived() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..3000 {
        let size = round % 700;
        let input: Vec<u8> = (0..size)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                // Small numbers more often: they are lengths and kinds of frames.
                (state >> 24) as u8 & if state & 1 == 0 { 0x0f } else { 0xff }
            })
            .collect();
        receive(&input);
    }
}

#[test]
fn what_the_fuzzer_kept_is_survived() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../corpus/fuzz/grpc_connection"
    );
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        receive(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 7);
}
