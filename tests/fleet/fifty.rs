//! Promise 3 on a fleet: two workers, one Redis, one Postgres, 50 runs over 5 hosts. Each
//! run once, never two on one host at a time, as the hosts themselves say.

use crate::fleet::{Fleet, database, sql};
use crate::lab::{Lab, wait_until};
use crate::log_book::{JOB, LogBook};
use crate::redis::Redis;

#[test]
fn each_run_once_and_one_at_a_time_on_a_host() {
    let (lab, redis, database) = (Lab::up(5), Redis::start(), database());
    let fleet = Fleet::apart(&database, &redis.url);
    fleet.job("writes", JOB);
    let (first, second) = (fleet.worker(), fleet.worker());
    let book = LogBook::ask(&fleet, &lab, 5, 50);
    wait_until("all runs end", || {
        sql(&database, "SELECT count(*) FROM runs WHERE finished_at IS NULL") == "0"
    });

    // Each in one go, by one worker.
    let ended = "SELECT status, epoch, count(*) FROM runs GROUP BY 1, 2";
    assert_eq!(sql(&database, ended), "completed|1|50");
    let taken = [&first, &second].map(|worker| worker.log().matches(" taken epoch=").count());
    assert!(taken.iter().sum::<usize>() == 50 && !taken.contains(&0), "{taken:?}");
    book.is_in_order();
}
