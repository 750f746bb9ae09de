//! Decompression, only for what the broker itself must look into: times inside a batch and the
//! records a test asks for. Batches are stored and fetched as they came.

use std::io::Read;

use bytes::{Buf, Bytes};
use kafka_protocol::ResponseError as ErrorCode;

use crate::log::batch::Codec;

/// No batch may grow beyond this, whatever its bytes claim.
const DECOMPRESSED_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Java frames its snappy blocks in xerial's stream format; librdkafka sends one bare block.
const XERIAL_MAGIC: &[u8] = b"\x82SNAPPY\0";
const XERIAL_HEADER_BYTES: usize = 16;

/// The records' bytes without compression.
///
/// # Errors
/// `CorruptMessage` when the bytes are not what the codec says, or grow without bound.
pub(crate) fn decompress(codec: Codec, bytes: Bytes) -> Result<Bytes, ErrorCode> {
    let plain = match codec {
        Codec::None => Some(bytes),
        Codec::Gzip => read_all(flate2::read::GzDecoder::new(bytes.reader())),
        Codec::Snappy => snappy(bytes),
        Codec::Lz4 => read_all(lz4_flex::frame::FrameDecoder::new(bytes.reader())),
        Codec::Zstd => {
            ruzstd::decoding::StreamingDecoder::new(bytes.reader()).ok().and_then(read_all)
        }
    };
    plain.ok_or(ErrorCode::CorruptMessage)
}

fn read_all(reader: impl Read) -> Option<Bytes> {
    let mut plain = Vec::new();
    let read = reader.take(DECOMPRESSED_BYTES_MAX + 1).read_to_end(&mut plain).ok()?;
    (read as u64 <= DECOMPRESSED_BYTES_MAX).then(|| plain.into())
}

fn snappy(mut bytes: Bytes) -> Option<Bytes> {
    if !bytes.starts_with(XERIAL_MAGIC) {
        return snappy_block(&bytes).map(Bytes::from);
    }
    if bytes.len() < XERIAL_HEADER_BYTES {
        return None;
    }
    bytes.advance(XERIAL_HEADER_BYTES);
    let mut plain = Vec::new();
    while bytes.has_remaining() {
        let length = usize::try_from(bytes.try_get_u32().ok()?).ok()?;
        plain.extend(snappy_block(bytes.get(..length)?)?);
        bytes.advance(length);
        if plain.len() as u64 > DECOMPRESSED_BYTES_MAX {
            return None;
        }
    }
    Some(plain.into())
}

fn snappy_block(block: &[u8]) -> Option<Vec<u8>> {
    let length = snap::raw::decompress_len(block).ok()?;
    if length as u64 > DECOMPRESSED_BYTES_MAX {
        return None;
    }
    snap::raw::Decoder::new().decompress_vec(block).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &[u8] = b"hello hello hello hello";

    fn check(codec: Codec, bytes: &[u8]) {
        let plain = decompress(codec, Bytes::copy_from_slice(bytes));
        assert_eq!(plain.as_deref(), Ok(PLAIN));
        let cut = Bytes::copy_from_slice(bytes.get(..bytes.len() / 2).unwrap());
        assert_eq!(decompress(codec, cut), Err(ErrorCode::CorruptMessage), "cut short");
        let junk = Bytes::from_static(&[0x55; 40]);
        assert_eq!(decompress(codec, junk), Err(ErrorCode::CorruptMessage), "junk");
    }

    #[test]
    fn both_framings_of_snappy_are_read() {
        let block = snap::raw::Encoder::new().compress_vec(PLAIN).unwrap();
        check(Codec::Snappy, &block);
        let length = u32::try_from(block.len()).unwrap().to_be_bytes();
        let versions = [0, 0, 0, 1, 0, 0, 0, 1];
        check(Codec::Snappy, &[XERIAL_MAGIC, &versions, &length, &block].concat());
    }

    #[test]
    fn lz4_and_gzip_are_read() {
        let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
        std::io::Write::write_all(&mut lz4, PLAIN).unwrap();
        check(Codec::Lz4, &lz4.finish().unwrap());
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut gzip, PLAIN).unwrap();
        check(Codec::Gzip, &gzip.finish().unwrap());
    }

    #[test]
    fn zstd_is_read() {
        // Written by the `zstd` tool.
        let bytes = [
            0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x65, 0x00, 0x00, 0x30, 0x68, 0x65, 0x6c, 0x6c,
            0x6f, 0x20, 0x01, 0x00, 0x99, 0x4b, 0x11, 0x17, 0x5e, 0xae, 0x0d,
        ];
        check(Codec::Zstd, &bytes);
    }
}
