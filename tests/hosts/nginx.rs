//! The built-in job nginx beyond the plain case, which `reaches` has.

use crate::harness::Lab;

/// A slow reload: the master hears of it a second late, and its workers answer as before
/// until then. What the job verified and what is served afterwards is the new site.
#[test]
fn verified_is_the_new_site() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    host.apply("nginx").json().completed();
    host.run(
        "site=/etc/nginx/sites-available/default
         echo 'server { listen 80 default_server; return 200 old; }' >$site
         systemctl reload nginx
         until [ \"$(curl -s http://127.0.0.1/)\" = old ]; do sleep 0.1; done
         read master </run/nginx.pid
         kill -STOP $master
         systemd-run --quiet sh -c \"until grep -q '^ShdPnd:.*1$' /proc/$master/status; do sleep 0.05; done
             sleep 1; kill -CONT $master\"",
    );
    assert_eq!(host.apply("nginx").json().completed().count(true), 2);
    assert!(host.page().contains(" is ready"), "{}", host.page());
}
