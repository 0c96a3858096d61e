//! Names of channels and connections.

use groundcrew::gateway::pusher::{Kind, Name, SocketId};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::inputs::{each, text};

fn name() -> impl Strategy<Value = String> {
    let parts = [
        "private-",
        "encrypted-",
        "presence-",
        "cache-",
        "#server-to-user-",
        "a",
        "7",
        ".",
        "=@,;",
        "_",
        "#",
        ":",
        " ",
        "ä",
        "\n",
        "0123456789012345678901234567890123456789",
    ];
    let parts = vec(select(parts.to_vec()), 0..8).prop_map(|parts| parts.concat());
    prop_oneof![4 => parts, 1 => text()]
}

#[test]
fn a_name_is_one_or_is_none() {
    let right = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| {
                matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9')
                    || b"_-=@,.;".contains(&byte)
            })
    };
    each(name(), |text| {
        let short = text.len() <= 164;
        let asked = text.parse::<Name>();
        assert_eq!(asked.is_ok(), right(&text) && short, "{text:?}");
        let addressed = Name::addressed(&text);
        let user = text.strip_prefix("#server-to-user-");
        assert_eq!(addressed.is_ok(), right(user.unwrap_or(&text)) && short, "{text:?}");
        if let Ok(name) = addressed {
            assert_eq!(name.to_string(), text);
            assert_eq!(name.kind() == Kind::User, asked.is_err());
            assert_eq!(name.user().map(Name::of_user), user.map(|_| Ok(name.clone())));
            let protected = text.starts_with("private-") || text.starts_with("presence-");
            assert_eq!(name.needs_auth(), protected);
        }
    });
}

#[test]
fn a_socket_id_has_one_text() {
    let number = || {
        prop_oneof![
            4 => any::<u32>().prop_map(|number| number.to_string()),
            1 => any::<u64>().prop_map(|number| number.to_string()),
            1 => select(vec!["", "+1", "01", "0", "-1", "1 ", "x"]).prop_map(str::to_owned),
        ]
    };
    let numbers = (number(), number()).prop_map(|(first, second)| format!("{first}.{second}"));
    each(prop_oneof![4 => numbers, 1 => text()], |text| {
        let whole = |part: &str| part.parse::<u32>().is_ok_and(|number| number.to_string() == part);
        let right = text.split_once('.').is_some_and(|(a, b)| whole(a) && whole(b));
        let read = text.parse::<SocketId>();
        assert_eq!(read.is_ok(), right, "{text:?}");
        assert!(read.is_err() || read.unwrap().to_string() == text);
    });
}
