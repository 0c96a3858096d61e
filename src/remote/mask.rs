//! Masks secrets in output as it comes in.
//!
//! Promise 8: a secret that a step prints is masked at the same length, also
//! across the borders of chunks, so that offsets stay true.

use memchr::memmem;

/// Lines of a secret of several lines (a private key) are masked one by one
/// too, as programs indent or wrap them, if they have so many bytes.
const MIN_LINE: usize = 8;

/// Replaces each byte of each secret by `*`.
#[derive(Debug, Default)]
pub struct Mask {
    secrets: Vec<Vec<u8>>,
    /// The end of the input that may be the beginning of a secret, and whether
    /// each of its bytes is part of one already.
    held: Vec<u8>,
    hidden: Vec<bool>,
}

impl Mask {
    /// A mask for these values.
    pub fn new<'s>(secrets: impl Iterator<Item = &'s str>) -> Self {
        let mut all: Vec<Vec<u8>> = Vec::new();
        for secret in secrets.filter(|s| !s.is_empty()) {
            let lines = secret.lines().map(str::trim).filter(|line| line.len() >= MIN_LINE);
            all.extend(lines.chain([secret]).map(|s| s.as_bytes().to_vec()));
        }
        all.sort_unstable();
        all.dedup();
        Self { secrets: all, ..Self::default() }
    }

    /// Takes the next bytes and gives those that are safe to show by now.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        if self.secrets.is_empty() {
            return bytes.to_vec();
        }
        self.held.extend_from_slice(bytes);
        self.hidden.resize(self.held.len(), false);
        for secret in &self.secrets {
            let mut from = 0;
            while let Some(at) = memmem::find(&self.held[from..], secret) {
                self.hidden[from + at..from + at + secret.len()].fill(true);
                from += at + 1;
            }
        }
        self.release(self.held.len() - self.beginning_of_a_secret())
    }

    /// Gives what was held back: no more is coming for now.
    pub fn flush(&mut self) -> Vec<u8> {
        self.release(self.held.len())
    }

    /// How many bytes are held back.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Length of the longest end of the input with which a secret begins.
    fn beginning_of_a_secret(&self) -> usize {
        let longest = |secret: &Vec<u8>| {
            let most = (secret.len() - 1).min(self.held.len());
            (1..=most).rev().find(|&n| self.held.ends_with(&secret[..n])).unwrap_or(0)
        };
        self.secrets.iter().map(longest).max().unwrap_or(0)
    }

    fn release(&mut self, count: usize) -> Vec<u8> {
        let bytes = self.held.drain(..count);
        let hidden = self.hidden.drain(..count);
        bytes.zip(hidden).map(|(byte, hide)| if hide { b'*' } else { byte }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However the output is cut into chunks, the same comes out.
    #[test]
    fn masks_across_chunks() {
        let input = b"user=admin pass=hunter22hunter22 again hunter2 h hunter22";
        for secrets in [vec!["hunter22"], vec!["hunter22", "22hunt", "admin p"]] {
            let mut whole = Mask::new(secrets.iter().copied());
            let mut expected = whole.push(input);
            expected.extend(whole.flush());
            assert_eq!(expected.len(), input.len());
            assert!(!String::from_utf8_lossy(&expected).contains("hunter22"));
            for size in 1..12 {
                let mut mask = Mask::new(secrets.iter().copied());
                let mut masked = Vec::new();
                for chunk in input.chunks(size) {
                    masked.extend(mask.push(chunk));
                }
                masked.extend(mask.flush());
                assert_eq!(masked, expected, "chunks of {size}");
            }
        }
    }

    #[test]
    fn masks_each_line_of_a_key() {
        let mut mask = Mask::new(["-----BEGIN-----\nabcdefghijkl\n"].into_iter());
        let masked = mask.push(b"  abcdefghijkl |");
        assert_eq!(masked, b"  ************ |");
    }

    #[test]
    fn holds_back_no_more_than_it_must() {
        let mut mask = Mask::new(["hunter22"].into_iter());
        assert_eq!(mask.push(b"done\nhun"), b"done\n");
        assert_eq!(mask.held(), 3);
        assert_eq!(mask.push(b"ger"), b"hunger");
    }
}
