//! The output of an attempt on its way in: masked, turned into text, and cut
//! where the journal says that one step ended and the next began.

use super::mask::Mask;

/// Bytes that arrived, and how much of them was given out.
#[derive(Debug)]
pub struct Output {
    mask: Mask,
    /// Arrived, not yet masked.
    raw: Vec<u8>,
    /// Masked, not yet given out: the beginning of a character of several bytes.
    safe: Vec<u8>,
    /// How many bytes arrived.
    received: u64,
    /// How many of them were lost on the host instead.
    lost: u64,
}

impl Output {
    /// The output of an attempt whose secrets these are.
    pub fn new<'s>(secrets: impl Iterator<Item = &'s str>) -> Self {
        Self { mask: Mask::new(secrets), raw: Vec::new(), safe: Vec::new(), received: 0, lost: 0 }
    }

    /// Goes on where another one stood when it had given out `taken`, `lost` of it lost.
    pub fn resume<'s>(secrets: impl Iterator<Item = &'s str>, taken: u64, lost: u64) -> Self {
        Self { received: taken, lost, ..Self::new(secrets) }
    }

    /// The offset up to which all arrived.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Where to go on from, after a cut, in the file on the host.
    pub fn position(&self) -> u64 {
        self.received - self.lost
    }

    /// The offset up to which all was given out.
    pub fn taken(&self) -> u64 {
        self.received - (self.raw.len() + self.mask.held() + self.safe.len()) as u64
    }

    /// How many bytes before that were lost.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// What is missing up to offset `end` will never come. All before it was taken.
    pub fn skip_to(&mut self, end: u64) {
        self.lost += end.saturating_sub(self.received);
        self.received = self.received.max(end);
    }

    /// How many of them wait to be taken.
    pub fn waiting(&self) -> usize {
        self.raw.len()
    }

    /// Takes in what arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.received += bytes.len() as u64;
        self.raw.extend_from_slice(bytes);
    }

    /// All that arrived up to offset `end`, and the offset where it begins; `whole`
    /// if nothing of the same step comes after it, so that nothing is held back.
    pub fn take(&mut self, end: u64, whole: bool) -> Option<(u64, Vec<u8>)> {
        let start = self.taken();
        let taken = (self.received - self.raw.len() as u64).max(end.min(self.received));
        let count = self.raw.len() - (self.received - taken) as usize;
        let rest = self.raw.split_off(count);
        let bytes = std::mem::replace(&mut self.raw, rest);
        self.safe.extend(self.mask.push(&bytes));
        if whole {
            self.safe.extend(self.mask.flush());
        }
        let ready = if whole { self.safe.len() } else { complete(&self.safe) };
        let rest = self.safe.split_off(ready);
        let bytes = std::mem::replace(&mut self.safe, rest);
        (!bytes.is_empty()).then_some((start, bytes))
    }
}

/// How many bytes there are before a character that has only begun.
fn complete(bytes: &[u8]) -> usize {
    let from = bytes.len().saturating_sub(3);
    let begun = (from..bytes.len()).rev().find(|&at| bytes[at] >= 0xC0);
    match begun {
        Some(at) => {
            let length = match bytes[at] {
                0xF0.. => 4,
                0xE0.. => 3,
                _ => 2,
            };
            if at + length > bytes.len() { at } else { bytes.len() }
        }
        None => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_offsets_and_characters_whole() {
        let mut output = Output::new(std::iter::empty());
        let bytes = "aé€🦀z".as_bytes();
        let mut text = String::new();
        for (at, byte) in bytes.iter().enumerate() {
            output.push(&[*byte]);
            if let Some((offset, part)) = output.take(u64::MAX, false) {
                assert_eq!(offset as usize, text.len());
                assert_eq!(offset as usize + part.len(), at + 1);
                text.push_str(std::str::from_utf8(&part).expect("whole characters"));
            }
        }
        assert_eq!(text, "aé€🦀z");
    }

    #[test]
    fn cuts_where_the_step_ends() {
        let mut output = Output::new(["secret99"].into_iter());
        output.push(b"one secr");
        assert_eq!(output.take(u64::MAX, false), Some((0, "one ".into())));
        output.push(b"et99\ntwo");
        assert_eq!(output.take(13, true), Some((4, "********\n".into())));
        assert_eq!(output.take(16, true), Some((13, "two".into())));
        assert_eq!(output.take(16, true), None);
    }

    #[test]
    fn skips_what_is_lost() {
        let mut output = Output::new(std::iter::empty());
        output.push(b"one");
        assert_eq!(output.take(10, true), Some((0, "one".into())));
        output.skip_to(10);
        output.push(b"two");
        assert_eq!(output.take(u64::MAX, true), Some((10, "two".into())));
        assert_eq!((output.received(), output.position()), (13, 6));
    }

    #[test]
    fn keeps_what_is_no_text() {
        let mut output = Output::new(std::iter::empty());
        output.push(b"\xff\xfe ok \xe2\x82");
        assert_eq!(output.take(u64::MAX, false), Some((0, b"\xff\xfe ok ".to_vec())));
        assert_eq!(output.take(u64::MAX, true), Some((6, b"\xe2\x82".to_vec())));
    }
}
