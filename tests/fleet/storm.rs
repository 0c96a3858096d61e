//! Promises 1, 5 and 6 all at once: workers are killed and told to leave, Redis is flushed and
//! killed, and all the while runs are asked for. Each is executed once, and ends.

use std::thread;
use std::time::Duration;

use crate::fleet::{Fleet, database, sql};
use crate::lab::{Lab, wait_until};
use crate::log_book::{JOB, LogBook};
use crate::redis::Redis;

#[test]
fn every_run_ends() {
    let (lab, mut redis, database) = (Lab::up(3), Redis::start(), database());
    let fleet = Fleet::apart(&database, &redis.url);
    fleet.job("writes", JOB);
    let book = LogBook::ask(&fleet, &lab, 3, 30);
    let mut workers = vec![fleet.worker(), fleet.worker()];
    for round in 0.. {
        // Not to wait for something: for trouble at another moment each time.
        thread::sleep(Duration::from_millis(300 + 130 * (round % 4)));
        if sql(&database, "SELECT count(*) FROM runs WHERE finished_at IS NULL") == "0" {
            break;
        }
        match round {
            0 | 3 | 5 => workers.remove(0).kill(),
            1 | 4 => drop(redis.ask(&["flushall"])),
            2 => {
                redis.kill();
                redis.start_again();
            }
            6 => drop(workers.remove(0).terminate()),
            _ => break,
        }
        while workers.len() < 2 {
            workers.push(fleet.worker());
        }
    }
    wait_until("all runs end", || {
        sql(&database, "SELECT count(*) FROM runs WHERE finished_at IS NULL") == "0"
    });
    assert_eq!(sql(&database, "SELECT status, count(*) FROM runs GROUP BY 1"), "completed|30");
    assert_eq!(sql(&database, "SELECT max(starts), min(starts) FROM run_steps"), "1|1");
    book.is_in_order();
}
