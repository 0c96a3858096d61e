//! schemathesis, which is not ours, makes requests of the description, good ones and bad ones:
//! no 5xx, and no answer that the description does not have.

use std::path::Path;
use std::process::Command;

use crate::world::World;

#[test]
fn finds_nothing() {
    let world = World::embedded();
    let client = &world.first;
    let server = client.add_server("edge-1");
    for _ in 0..3 {
        client.ask(server, "prints");
    }
    let output = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/schemathesis"))
        .arg(format!("http://{}/api/v1/openapi.json", client.address))
        .arg(&client.token)
        .current_dir(&world.fleet.folder)
        .output()
        .expect("tests/api/schemathesis");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    println!("{}", said.lines().rev().take(12).collect::<Vec<_>>().join("\n"));
    assert!(!world.up.log().contains("ERROR"), "{}", world.up.log());
}
