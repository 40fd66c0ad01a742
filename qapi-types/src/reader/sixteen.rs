//! The bytes that end a run of plain ones, looked for sixteen at a time.
//!
//! All of this crate that is unsafe is here: one call of a function that needs SSE2, which every `x86_64` has. It looks at
//! bytes that it was given by value, so there is nothing else to be wrong about. Decoding takes a fifteenth less for it.

/// Which bytes are looked for.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) quote: u8,
    pub(super) backslash: bool,
    /// Those below 0x20.
    pub(super) control: bool,
}

impl Wanted {
    #[inline(always)]
    fn has(self, byte: u8) -> bool {
        byte == self.quote || self.backslash && byte == b'\\' || self.control && byte < 0x20
    }
}

/// The position of the first of them from `at` on, or the end.
#[inline(always)]
pub(super) fn first(bytes: &[u8], mut at: usize, wanted: Wanted) -> usize {
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let marks = marks(*chunk, wanted);
        if marks != 0 {
            return at + marks.trailing_zeros() as usize;
        }
        at += 16;
    }
    if at >= bytes.len() {
        return at;
    }
    // The last bytes are looked at together too, with some before them once more.
    match bytes.last_chunk() {
        Some(chunk) => {
            let marks = marks(*chunk, wanted) >> (at + 16 - bytes.len());
            (at + marks.trailing_zeros() as usize).min(bytes.len())
        }
        None => {
            let rest = bytes[at..].iter();
            at + rest.take_while(|byte| !wanted.has(**byte)).count()
        }
    }
}

/// A bit for each byte that is wanted, the first one's lowest.
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[inline(always)]
fn marks(bytes: [u8; 16], wanted: Wanted) -> u32 {
    // SAFETY: the target has SSE2, or this would not be compiled.
    #[allow(unsafe_code)]
    unsafe {
        marks_by_sse2(bytes, wanted)
    }
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[inline]
#[target_feature(enable = "sse2")]
fn marks_by_sse2(bytes: [u8; 16], wanted: Wanted) -> u32 {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x,
        _mm_set1_epi8,
    };
    let number = u128::from_le_bytes(bytes);
    let bytes = _mm_set_epi64x((number >> 64) as i64, number as i64);
    let mut marks = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(wanted.quote as i8));
    if wanted.backslash {
        let backslash = _mm_set1_epi8(b'\\' as i8);
        marks = _mm_or_si128(marks, _mm_cmpeq_epi8(bytes, backslash));
    }
    if wanted.control {
        let at_most = _mm_min_epu8(bytes, _mm_set1_epi8(0x1F));
        marks = _mm_or_si128(marks, _mm_cmpeq_epi8(bytes, at_most));
    }
    _mm_movemask_epi8(marks) as u32
}

/// A bit for the first byte that is wanted, and perhaps for later ones.
#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2"))))]
#[inline(always)]
fn marks_by_words(bytes: [u8; 16], wanted: Wanted) -> u32 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let number = u128::from_le_bytes(bytes);
    let first = |word: u64| {
        // The high bit of each byte that is zero after the exclusive or. A borrow can only mark bytes above the
        // first one that is marked rightly, and only the first one counts.
        let equal = |byte: u8| {
            let difference = word ^ (LOW * u64::from(byte));
            difference.wrapping_sub(LOW) & !difference
        };
        let mut marks = equal(wanted.quote);
        if wanted.backslash {
            marks |= equal(b'\\');
        }
        if wanted.control {
            marks |= word.wrapping_sub(LOW * 0x20) & !word;
        }
        let marks = marks & HIGH;
        (marks != 0).then(|| marks.trailing_zeros() / 8)
    };
    match first(number as u64) {
        Some(index) => 1 << index,
        None => first((number >> 64) as u64).map_or(0, |index| 0x100 << index),
    }
}

#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
use marks_by_words as marks;

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Wanted; 3] = [
        Wanted {
            quote: b'"',
            backslash: false,
            control: false,
        },
        Wanted {
            quote: b'"',
            backslash: true,
            control: false,
        },
        Wanted {
            quote: b'\'',
            backslash: true,
            control: true,
        },
    ];

    /// Those looked for, their neighbours, and the ends of ranges.
    const BYTES: [u8; 16] = [
        0, 1, 0x1F, b' ', b'!', b'"', b'#', b'&', b'\'', b'(', b'[', b'\\', b']', 0x7F, 0x80, 0xFF,
    ];

    #[test]
    fn the_first_one_is_found_wherever_it_stands() {
        for wanted in ALL {
            for length in [0, 1, 7, 15, 16, 17, 31, 32, 33, 40] {
                for place in 0..=length {
                    for byte in BYTES {
                        let mut bytes = vec![b'a'; length];
                        if let Some(there) = bytes.get_mut(place) {
                            *there = byte;
                        }
                        let expected = match place < length && wanted.has(byte) {
                            true => place,
                            false => length,
                        };
                        for at in [0, place / 2, place] {
                            assert_eq!(first(&bytes, at, wanted), expected, "{bytes:?} {at}");
                        }
                        assert_eq!(first(&bytes, length + 3, wanted), length + 3);
                    }
                }
            }
        }
    }

    #[test]
    fn any_processor_finds_the_same() {
        for wanted in ALL {
            for place in 0..16 {
                for byte in BYTES {
                    // What stands behind and differs by one tries the borrows.
                    for behind in [b'a', byte ^ 1, b'"' ^ 1, 0x80] {
                        let mut bytes = [b'a'; 16];
                        bytes[place..].fill(behind);
                        bytes[place] = byte;
                        let first = |marks: u32| (marks != 0).then(|| marks.trailing_zeros());
                        let is = |byte: &u8| wanted.has(*byte);
                        let expected = bytes.iter().position(is).map(|index| index as u32);
                        assert_eq!(first(marks(bytes, wanted)), expected, "{bytes:?}");
                        assert_eq!(first(marks_by_words(bytes, wanted)), expected, "{bytes:?}");
                    }
                }
            }
        }
    }
}
