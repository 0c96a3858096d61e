//! The mask that clients put over what they send (RFC 6455, section 5.3).

/// Takes the mask off bytes that begin at offset `at` of their frame's payload.
pub(super) fn unmask(bytes: &mut [u8], mask: [u8; 4], at: usize) {
    let mut turned = mask;
    turned.rotate_left(at % 4);
    let mut eight = [0; 8];
    eight[..4].copy_from_slice(&turned);
    eight[4..].copy_from_slice(&turned);
    let eight = u64::from_ne_bytes(eight);

    let (words, rest) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ eight).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(turned.iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_what_the_rfc_describes_at_each_length_and_offset() {
        let mask = [0x37, 0xFA, 0x21, 0x3D];
        let whole: Vec<u8> = (0..64).collect();
        let expected: Vec<u8> = whole.iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m).collect();
        for from in 0..32 {
            for to in from..64 {
                let mut part = whole[from..to].to_vec();
                unmask(&mut part, mask, from);
                assert_eq!(part, expected[from..to], "{from}..{to}");
            }
        }
    }
}
