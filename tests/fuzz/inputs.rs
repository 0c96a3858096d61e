//! Inputs by chance, which can be had again; and those that most targets want.

use std::env;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{RngSeed, TestRunner};

/// How many inputs a target gets where `INPUTS` doesn't say it.
const INPUTS: u32 = 4_000;

/// Checks so many inputs; an input that fails is made as small as goes. `SEED` makes the same
/// inputs again.
pub fn each<S: Strategy>(inputs: S, check: impl Fn(S::Value)) {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let seed = setting("SEED").unwrap_or_else(now);
    let cases = setting("INPUTS").map_or(INPUTS, |inputs| inputs.try_into().unwrap());
    println!("{}: SEED={seed} INPUTS={cases}", thread::current().name().unwrap_or_default());
    let config = ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let checked = TestRunner::new(config).run(&inputs, |input| {
        check(input);
        Ok(())
    });
    if let Err(error) = checked {
        panic!("{error}\nAgain: SEED={seed} INPUTS={cases}");
    }
}

fn setting(name: &str) -> Option<u64> {
    let value = env::var(name).ok().filter(|value| !value.is_empty())?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is a number, not {value:?}")))
}

/// A text of any characters, not a long one.
pub fn text() -> impl Strategy<Value = String> {
    let odd = prop_oneof![Just('"'), Just('\\'), Just('\0'), Just(':'), Just('\u{1F9F0}')];
    let one = prop_oneof![4 => (b' '..=b'~').prop_map(char::from), 2 => any::<char>(), 1 => odd];
    vec(one, 0..20).prop_map(String::from_iter)
}

/// Bytes that become something else; often, none does.
#[derive(Debug, Clone)]
pub struct Damage(Vec<(Index, u8)>);

impl Damage {
    pub fn to(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        if !bytes.is_empty() {
            for (at, with) in &self.0 {
                let at = at.index(bytes.len());
                bytes[at] = *with;
            }
        }
        bytes
    }

    /// What is not UTF-8 any more is replaced.
    pub fn to_text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.to(text.as_bytes().to_vec())).into_owned()
    }
}

pub fn damage() -> impl Strategy<Value = Damage> {
    vec((any::<Index>(), any::<u8>()), 0..3).prop_map(Damage)
}
