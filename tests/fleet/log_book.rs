//! Many runs over some hosts, each of which writes down on its host when it began and ended.

use crate::fleet::Fleet;
use crate::lab::{Host, Lab};

/// The job `writes`.
pub const JOB: &str = r#"
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

pub struct LogBook<'l> {
    hosts: Vec<Host<'l>>,
    runs: u64,
}

impl<'l> LogBook<'l> {
    /// Adds the hosts, and asks for runs of the job `writes`, one host after the other.
    pub fn ask(fleet: &Fleet, lab: &'l Lab, hosts: usize, runs: u64) -> Self {
        let hosts: Vec<_> = (1..=hosts).map(|number| lab.host(number)).collect();
        for host in &hosts {
            fleet.add(&host.number.to_string(), host);
        }
        for (number, host) in (0..runs).zip(hosts.iter().cycle()) {
            let (server, number) = (host.number.to_string(), format!("number={number}"));
            fleet.ask_with("writes", &server, &["-p", &number]);
        }
        Self { hosts, runs }
    }

    /// Each run was executed once, in the order in which it was asked for, and on no host
    /// two at a time.
    #[track_caller]
    pub fn is_in_order(&self) {
        for (first, host) in (0..).zip(&self.hosts) {
            let log = host.run("cat /root/log");
            let rows: Vec<[u64; 3]> = log.lines().map(numbers).collect();
            let here: Vec<u64> = rows.iter().map(|[number, ..]| *number).collect();
            let asked: Vec<u64> = (first..self.runs).step_by(self.hosts.len()).collect();
            assert_eq!(here, asked);
            assert!(rows.windows(2).all(|two| two[0][2] < two[1][1]), "two at a time: {log}");
        }
    }
}

fn numbers(line: &str) -> [u64; 3] {
    let numbers: Vec<u64> = line.split(' ').map(|word| word.parse().expect("a number")).collect();
    numbers.try_into().expect("three numbers")
}
