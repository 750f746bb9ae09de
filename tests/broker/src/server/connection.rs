//! One connection: frames in, frames out, one after the other as in Kafka.

use std::io::{self, BufReader, Read, Write};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;

use crate::api;
use crate::shared::Shared;

/// What is set aside before the bytes of a frame have come.
const FRAME_RESERVE_BYTES: usize = 1024 * 1024;
const READ_BUFFER_BYTES: usize = 64 * 1024;

/// Serves requests until the client leaves, the broker stops, or something cannot be answered.
pub(super) fn serve(shared: &Shared, socket: &TcpStream) {
    let host = socket.peer_addr().map(|peer| format!("/{}", peer.ip())).unwrap_or_default();
    // Small answers must not wait for one another.
    let _ = socket.set_nodelay(true);
    let mut reader = BufReader::with_capacity(READ_BUFFER_BYTES, socket);
    while !shared.is_stopped() {
        let Ok(frame) = read_frame(&mut reader, shared.settings.request_bytes_max) else { return };
        // A bug in a handler costs the connection, not the broker.
        let answered = catch_unwind(AssertUnwindSafe(|| api::answer(shared, &host, frame)));
        let Ok(Ok(answer)) = answered else { return };
        let mut writer = socket;
        if answer.is_some_and(|bytes| writer.write_all(&bytes).is_err()) {
            return;
        }
    }
}

/// Reads one frame without its length; memory grows with what comes, not with what is announced.
fn read_frame(reader: &mut impl Read, bytes_max: usize) -> io::Result<Bytes> {
    let mut length = [0; 4];
    reader.read_exact(&mut length)?;
    let length = usize::try_from(i32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > bytes_max {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut frame = Vec::with_capacity(length.min(FRAME_RESERVE_BYTES));
    let read = reader.take(length as u64).read_to_end(&mut frame)?;
    if read < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(frame.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_whole_or_not_at_all() {
        let read = |bytes: &[u8]| read_frame(&mut &bytes[..], 10).ok();
        assert_eq!(read(&[0, 0, 0, 2, 7, 8, 9]), Some(Bytes::from_static(&[7, 8])));
        assert_eq!(read(&[0, 0, 0, 2, 7]), None, "cut short");
        assert_eq!(read(&[0, 0, 0, 11]), None, "too large");
        assert_eq!(read(&[0xff, 0, 0, 0]), None, "negative");
        assert_eq!(read(&[0, 0]), None);
    }
}
