//! Which names are a channel's, and what they mean.

use groundcrew::gateway::pusher::{BadName, Kind, Name};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

#[test]
fn names_are_checked() {
    for text in ["a", "private-servers.7.provision", "A_z-0=@,.;", &"a".repeat(164), "private-"] {
        assert_eq!(name(text).as_str(), text);
    }
    for text in ["a b", "a:b", "ä", "a\n", "#server-to-user-7", "#a", "a/b", "a'", "a\0"] {
        assert_eq!(text.parse::<Name>(), Err(BadName::Characters), "{text:?}");
    }
    for text in ["", &"a".repeat(165)] {
        assert_eq!(text.parse::<Name>(), Err(BadName::Length), "{text:?}");
    }
}

/// The signed text puts `:` between its parts, so no name may have one: else a signature for
/// one channel would do for another.
#[test]
fn no_name_can_hold_a_separator() {
    for byte in 0..=127u8 {
        let text = format!("a{}", char::from(byte));
        let allowed = byte.is_ascii_alphanumeric() || "_-=@,.;".contains(char::from(byte));
        assert_eq!(text.parse::<Name>().is_ok(), allowed, "{text:?}");
    }
}

#[test]
fn a_users_channel_cannot_be_asked_for() {
    let own = Name::of_user("7").unwrap();
    assert_eq!(
        (own.as_str(), own.kind(), own.user()),
        ("#server-to-user-7", Kind::User, Some("7"))
    );
    assert_eq!(Name::addressed("#server-to-user-7"), Ok(own));
    assert_eq!(Name::addressed("private-a"), Ok(name("private-a")));
    assert_eq!(Name::addressed("#server-to-user-"), Err(BadName::Length));
    assert_eq!(Name::addressed("#other-7"), Err(BadName::Characters));
    for id in ["", "a b", "#", "a:b", &"a".repeat(149)] {
        assert!(Name::of_user(id).is_err(), "{id:?}");
    }
    assert_eq!(name("private-a").user(), None);
}

#[test]
fn the_beginning_says_what_is_asked_of_subscribers() {
    for (text, kind, cache) in [
        ("news", Kind::Public, false),
        ("cache-news", Kind::Public, true),
        ("private-a", Kind::Private, false),
        ("private-cache-a", Kind::Private, true),
        ("private-encrypted-a", Kind::Encrypted, false),
        ("private-encrypted-cache-a", Kind::Encrypted, true),
        ("presence-a", Kind::Presence, false),
        ("presence-cache-a", Kind::Presence, true),
        ("private", Kind::Public, false),
        ("Private-a", Kind::Public, false),
        ("cache-private-a", Kind::Public, true),
        ("private-encrypted", Kind::Private, false),
    ] {
        let name = name(text);
        assert_eq!((name.kind(), name.is_cache()), (kind, cache), "{text}");
        assert_eq!(name.needs_auth(), kind != Kind::Public, "{text}");
        assert_eq!(name.is_presence(), kind == Kind::Presence, "{text}");
    }
}
