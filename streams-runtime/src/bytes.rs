//! Few bytes without a call: keys and numbers are mostly shorter than a call of `memcpy` or `memcmp` is long.

/// Appends bytes.
#[inline(always)]
pub(crate) fn append(out: &mut Vec<u8>, bytes: &[u8]) {
    match bytes.len() {
        8..=16 => append_ends::<8>(out, bytes),
        17..=32 => append_ends::<16>(out, bytes),
        _ => out.extend_from_slice(bytes),
    }
}

/// Appends `N` to `2 * N` bytes as their first and their last `N`, which may overlap.
#[inline(always)]
fn append_ends<const N: usize>(out: &mut Vec<u8>, bytes: &[u8]) {
    let (Some(first), Some(last)) = (bytes.first_chunk::<N>(), bytes.last_chunk::<N>()) else {
        return out.extend_from_slice(bytes);
    };
    let end = out.len() + bytes.len();
    out.extend_from_slice(first);
    out.truncate(end - N);
    out.extend_from_slice(last);
}

/// Writes bytes over as many others.
#[inline(always)]
pub(crate) fn copy(to: &mut [u8], bytes: &[u8]) {
    match bytes.len() {
        8..=16 => copy_ends::<8>(to, bytes),
        17..=32 => copy_ends::<16>(to, bytes),
        _ => to.copy_from_slice(bytes),
    }
}

#[inline(always)]
fn copy_ends<const N: usize>(to: &mut [u8], bytes: &[u8]) {
    if let (Some(to), Some(first)) = (to.first_chunk_mut::<N>(), bytes.first_chunk::<N>()) {
        *to = *first;
    }
    if let (Some(to), Some(last)) = (to.last_chunk_mut::<N>(), bytes.last_chunk::<N>()) {
        *to = *last;
    }
}

/// True when both have the same bytes.
#[inline(always)]
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len()
        && match a.len() {
            8..=16 => same_ends::<8>(a, b),
            17..=32 => same_ends::<16>(a, b),
            _ => a == b,
        }
}

/// Compares `N` to `2 * N` bytes.
#[inline(always)]
fn same_ends<const N: usize>(a: &[u8], b: &[u8]) -> bool {
    a.first_chunk::<N>() == b.first_chunk::<N>() && a.last_chunk::<N>() == b.last_chunk::<N>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(len: usize) -> Vec<u8> {
        (0..len).map(|n| (n * 37 + 11) as u8).collect()
    }

    #[test]
    fn any_number_of_bytes_is_appended() {
        let mut out = vec![7];
        let mut expected = vec![7];
        for len in 0..70 {
            append(&mut out, &bytes(len));
            expected.extend_from_slice(&bytes(len));
            assert_eq!(out, expected, "{len}");
        }
    }

    #[test]
    fn any_number_of_bytes_is_copied() {
        for len in 0..70 {
            let mut to = vec![0; len];
            copy(&mut to, &bytes(len));
            assert_eq!(to, bytes(len), "{len}");
        }
    }

    #[test]
    fn every_byte_counts() {
        for len in 0..70 {
            assert!(same(&bytes(len), &bytes(len)), "{len}");
            assert!(!same(&bytes(len), &bytes(len + 1)) && !same(&bytes(len + 1), &bytes(len)));
            for at in 0..len {
                let mut other = bytes(len);
                other[at] ^= 1;
                assert!(!same(&bytes(len), &other), "{len} {at}");
            }
        }
    }
}
