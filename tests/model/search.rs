//! Goes through the orders in which the calls can come, the shortest first, and says by which
//! of them a promise was broken.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::time::Instant;

use tokio::join;

use crate::actors::{Call, Setup};
use crate::promises::{ends, holds, kept};
use crate::tables::Tables;
use crate::world::{Answer, Bench, World, perform};

/// So many calls has a walk of the sample.
const WALK: usize = 40;
/// So often each pair of calls is made at once.
const AT_ONCE: u32 = 3;

pub struct Search {
    bench: Bench,
    setup: Setup,
    /// All worlds that were met: the one before, and the call that led here.
    met: Vec<(usize, Option<Call>)>,
    /// What calls have made of tables, for who knew the same: it depends on nothing else.
    made: HashMap<u64, (Answer, Tables)>,
    /// Deserted worlds in which every run was seen to end.
    ended: HashSet<String>,
    calls: u64,
}

impl Search {
    pub fn new(bench: Bench, setup: Setup) -> Self {
        Self { bench, setup, met: vec![], made: HashMap::new(), ended: HashSet::new(), calls: 0 }
    }

    /// Every order of so many calls. A world that was met before is not entered again.
    pub async fn exhaust(mut self, depth: usize) {
        let started = Instant::now();
        let first = self.bench.first(self.setup).await;
        let mut known = HashSet::from([first.key()]);
        let mut edge = vec![(self.meet(0, None), first)];
        for level in 1..=depth {
            let mut next = vec![];
            for (at, world) in std::mem::take(&mut edge) {
                for call in world.calls(self.setup) {
                    let to = self.meet(at, Some(call.clone()));
                    let after = self.step(&world, &call, to).await;
                    if known.insert(after.key()) {
                        self.desert(&after, to).await;
                        next.push((to, after));
                    } else {
                        self.met.pop();
                    }
                }
            }
            edge = next;
            println!(
                "{level} calls: {} worlds, {} of them deserted, {} calls made, {:.1} s",
                known.len(),
                self.ended.len(),
                self.calls,
                started.elapsed().as_secs_f32()
            );
        }
    }

    /// Random orders.
    pub async fn sample(mut self, seed: u64, walks: u64) {
        let mut dice = Dice(seed);
        let first = self.bench.first(self.setup).await;
        for _ in 0..walks {
            self.met.clear();
            let (mut world, mut at) = (first.clone(), self.meet(0, None));
            for _ in 0..WALK {
                let call = dice.one_of(world.calls(self.setup));
                at = self.meet(at, Some(call.clone()));
                world = self.step(&world, &call, at).await;
            }
            self.desert(&world, at).await;
        }
        println!("{walks} walks, {} calls made", self.calls);
    }

    /// Each pair of calls at once: what comes of it is what one after the other would have given.
    pub async fn pairs(mut self, seed: u64, walks: u64) {
        let mut dice = Dice(seed);
        let mut tried: BTreeMap<[String; 2], u32> = BTreeMap::new();
        let first = self.bench.first(self.setup).await;
        for _ in 0..walks {
            self.met.clear();
            let (mut world, mut at) = (first.clone(), self.meet(0, None));
            for _ in 0..WALK {
                let calls = world.calls(self.setup);
                for (number, one) in calls.iter().enumerate() {
                    for other in &calls[number + 1..] {
                        let mut kinds = [one.kind(), other.kind()];
                        kinds.sort();
                        let times = tried.entry(kinds).or_default();
                        if at_once(one, other) && *times < AT_ONCE {
                            *times += 1;
                            self.both(&world, one, other, at).await;
                        }
                    }
                }
                let call = dice.one_of(calls);
                at = self.meet(at, Some(call.clone()));
                world = self.step(&world, &call, at).await;
            }
        }
        tried.retain(|_, times| *times > 0);
        println!("{} pairs of calls, {} times", tried.len(), tried.values().sum::<u32>());
    }

    /// Makes the call in this world.
    async fn step(&mut self, world: &World, call: &Call, at: usize) -> World {
        if call.is_time() {
            return world.later(call);
        }
        let hold = call.worker().and_then(|worker| world.workers[worker].as_ref());
        let key =
            BuildHasherDefault::<DefaultHasher>::default().hash_one((&world.tables, call, hold));
        if !self.made.contains_key(&key) {
            let (mut answer, tables) = self.made(world, &[call]).await;
            if let Err(broken) = kept(world, call, &answer[0], &tables) {
                self.fail(at, &broken);
            }
            self.made.insert(key, (answer.remove(0), tables));
        }
        let (answer, tables) = &self.made[&key];
        world.after(call, answer, tables.clone())
    }

    /// What these calls, one after the other, give from this world.
    async fn made(&mut self, world: &World, calls: &[&Call]) -> (Vec<Answer>, Tables) {
        self.bench.set(world).await;
        let mut answers = vec![];
        for call in calls {
            self.calls += 1;
            answers.push(perform(&self.bench.store, world, call, self.setup).await);
            if matches!(answers.last(), Some(Answer::Refused(_))) {
                self.bench.settle().await;
            }
        }
        (answers, self.bench.read().await)
    }

    /// From here every run can still end.
    async fn desert(&mut self, world: &World, at: usize) {
        let deserted = world.deserted();
        let key = serde_json::to_string(&deserted.tables).expect("JSON");
        if !self.ended.insert(key) {
            return;
        }
        self.bench.set(&deserted).await;
        if let Err(broken) = ends(&mut self.bench, self.setup).await {
            self.fail(at, &format!("after everybody died: {broken}"));
        }
    }

    async fn both(&mut self, world: &World, one: &Call, other: &Call, at: usize) {
        let (mut answers, first) = self.made(world, &[one, other]).await;
        let mut expected = vec![(answers.clone(), first)];
        let (turned, second) = self.made(world, &[other, one]).await;
        answers = vec![turned[1].clone(), turned[0].clone()];
        expected.push((answers, second));
        // Who claims passes by what another one has locked, and claims it later.
        for (number, (claim, rest)) in [(one, other), (other, one)].into_iter().enumerate() {
            if matches!(claim, Call::Claim(..) | Call::ClaimNext(_)) {
                let (mut answers, tables) = self.made(world, &[rest]).await;
                answers.insert(number, Answer::Claimed(None));
                expected.push((answers, tables));
            }
        }
        self.bench.set(world).await;
        let store = &self.bench.store;
        let (left, right) =
            join!(perform(store, world, one, self.setup), perform(store, world, other, self.setup));
        let found = (vec![left, right], self.bench.read().await);
        // And what it passes by is perhaps not all that there is to claim.
        for (number, (claim, rest)) in [(one, other), (other, one)].into_iter().enumerate() {
            let (Call::ClaimNext(worker), Answer::Claimed(Some(hold))) = (claim, &found.0[number])
            else {
                continue;
            };
            let claim = Call::Claim(*worker, hold.run.clone());
            for turn in [[&claim, rest], [rest, &claim]] {
                let (mut answers, tables) = self.made(world, &turn).await;
                if (turn[0] == &claim) != (number == 0) {
                    answers.reverse();
                }
                expected.push((answers, tables));
            }
        }
        let is = |(answers, tables): &(Vec<Answer>, Tables)| {
            *answers == found.0 && tables.clone().without_ends() == found.1.clone().without_ends()
        };
        if let Err(broken) = holds(&found.1) {
            self.fail(at, &format!("{one} | {other}, at once: {broken}"));
        }
        if !expected.iter().any(is) {
            let orders: Vec<_> = expected.iter().map(|(answers, _)| answers).collect();
            let heard = &found.0;
            self.fail(
                at,
                &format!(
                    "{one} | {other}, at once, gave what no order of them gives: {heard:?}, and \
                     not one of {orders:?}, or not the same tables"
                ),
            );
        }
    }

    fn meet(&mut self, from: usize, call: Option<Call>) -> usize {
        self.met.push((from, call));
        self.met.len() - 1
    }

    /// Shows the calls that led here.
    fn fail(&self, mut at: usize, broken: &str) -> ! {
        let mut calls = vec![];
        while let (from, Some(call)) = &self.met[at] {
            calls.push(format!("  {call}\n"));
            at = *from;
        }
        calls.reverse();
        panic!("{broken}; after\n{}", calls.concat());
    }
}

/// Whether these two may be made at once: one worker does one thing at a time, and renews.
fn at_once(one: &Call, other: &Call) -> bool {
    let renews = |call: &Call| matches!(call, Call::Renew(_));
    let same = one.worker().is_some() && one.worker() == other.worker();
    !one.is_time() && !other.is_time() && (!same || renews(one) || renews(other))
}

/// Numbers that a seed repeats (splitmix64).
struct Dice(u64);

impl Dice {
    fn one_of<T>(&mut self, mut all: Vec<T>) -> T {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        all.swap_remove(((mixed ^ (mixed >> 31)) % all.len() as u64) as usize)
    }
}
