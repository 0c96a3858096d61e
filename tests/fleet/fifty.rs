//! Promise 3 on a fleet: two workers, one Redis, one Postgres, 50 runs over 5 hosts. Each
//! run once, never two on one host at a time, as the hosts themselves say.

use crate::fleet::{Fleet, database, sql};
use crate::lab::{Lab, wait_until};
use crate::redis::Redis;

const HOSTS: usize = 5;
const RUNS: usize = 50;

/// Takes a moment, and writes down when it began and ended.
const JOB: &str = r#"
title = "Writes down"
[params.number]
type = "integer"
[[steps]]
name = "writes"
title = "Writing"
check = '[ -e "/root/done-$NUMBER" ]'
run = '''
begin=$(date +%s%N)
sleep 0.2
echo "$NUMBER $begin $(date +%s%N)" >>/root/log
touch "/root/done-$NUMBER"
'''
"#;

#[test]
fn each_run_once_and_one_at_a_time_on_a_host() {
    let (lab, redis, database) = (Lab::up(HOSTS), Redis::start(), database());
    let fleet = Fleet::apart(&database, &redis.url);
    fleet.job("writes", JOB);
    let (first, second) = (fleet.worker(), fleet.worker());
    let hosts: Vec<_> = (1..=HOSTS).map(|number| lab.host(number)).collect();
    for host in &hosts {
        fleet.add(&host.number.to_string(), host);
    }
    for number in 0..RUNS {
        let server = hosts[number % HOSTS].number.to_string();
        fleet.ask_with("writes", &server, &["-p", &format!("number={number}")]);
    }
    wait_until("all runs end", || {
        sql(&database, "SELECT count(*) FROM runs WHERE finished_at IS NULL") == "0"
    });

    // Each in one go, by one worker.
    let ended = "SELECT status, epoch, count(*) FROM runs GROUP BY 1, 2";
    assert_eq!(sql(&database, ended), format!("completed|1|{RUNS}"));
    let taken = [&first, &second].map(|worker| worker.log().matches("taken run=").count());
    assert!(taken.iter().sum::<usize>() == RUNS && !taken.contains(&0), "{taken:?}");
    for (index, host) in hosts.iter().enumerate() {
        let log = host.run("cat /root/log");
        let mut rows: Vec<[u64; 3]> = log.lines().map(numbers).collect();
        rows.sort_by_key(|[_, begin, _]| *begin);
        assert!(rows.windows(2).all(|two| two[0][2] < two[1][1]), "two at a time: {log}");
        // In the order in which they were asked for.
        let here: Vec<u64> = rows.iter().map(|[number, ..]| *number).collect();
        let asked: Vec<u64> = (0..RUNS).filter(|n| n % HOSTS == index).map(|n| n as u64).collect();
        assert_eq!(here, asked);
    }
}

fn numbers(line: &str) -> [u64; 3] {
    let numbers: Vec<u64> = line.split(' ').map(|word| word.parse().expect("a number")).collect();
    numbers.try_into().expect("three numbers")
}
