//! Who can write in the database gets no shell on a worker out of it (docs/security.md).

use crate::fleet::{Fleet, database, sql};
use crate::job;
use crate::redis::Redis;

#[test]
fn an_address_in_the_database_is_no_option_of_ssh() {
    let (redis, database) = (Redis::start(), database());
    let fleet = Fleet::apart(&database, &redis.url);
    fleet.job("touch", &job::of(&[("one", "")]));
    let _worker = fleet.worker();
    let mark = fleet.folder.path().join("got-a-shell");
    let option = format!("-oProxyCommand=touch {}", mark.display());
    for (name, host, user) in [("host", &*option, "root"), ("user", "192.0.2.1", &*option)] {
        let values = format!("1, '{name}', '{host}', 22, '{user}', 'ssh-ed25519 AAAA', 0, 0");
        let columns = "user_id, name, host, ssh_port, ssh_user, host_key, created_at, updated_at";
        sql(&database, &format!("INSERT INTO servers ({columns}) VALUES ({values})"));
        let run = fleet.ends(&fleet.ask("touch", name), "failed");
        assert_eq!(run["error_kind"], "address_refused", "{run:#}");
    }
    assert!(!mark.exists(), "ssh has run a command on the worker's machine");
}
