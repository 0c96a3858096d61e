//! Prometheus' text format, version 0.0.4, which every scraper and `promtool check metrics` read.

use prometheus_client::encoding::text::encode_registry;
use prometheus_client::registry::Registry;

/// Its media type.
pub const TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The library writes OpenMetrics, which differs in two things: a counter's family lacks the `_total`
/// of its sample, and units have a line of their own.
pub fn of(registry: &Registry) -> String {
    let mut open = String::new();
    encode_registry(&mut open, registry).expect("a string takes any text");
    let counters: Vec<&str> = open
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    let mut text = String::with_capacity(open.len());
    for line in open.lines().filter(|line| !line.starts_with("# UNIT ")) {
        let described = line.strip_prefix("# HELP ").or_else(|| line.strip_prefix("# TYPE "));
        match described.and_then(|rest| rest.split_once(' ')) {
            Some((name, rest)) if counters.contains(&name) && !name.ends_with("_total") => {
                text.push_str(&line[..7]);
                text.push_str(name);
                text.push_str("_total ");
                text.push_str(rest);
            }
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::metrics::gauge::Gauge;
    use prometheus_client::registry::Unit;

    use super::*;

    #[test]
    fn a_family_is_named_as_its_samples() {
        let mut registry = Registry::with_prefix("groundcrew");
        let runs: Counter = Counter::default();
        runs.inc();
        registry.register("runs", "Runs", runs);
        let age: Gauge = Gauge::default();
        registry.register_with_unit("age", "Age", Unit::Seconds, age);
        assert_eq!(
            of(&registry),
            "# HELP groundcrew_runs_total Runs.\n\
             # TYPE groundcrew_runs_total counter\n\
             groundcrew_runs_total 1\n\
             # HELP groundcrew_age_seconds Age.\n\
             # TYPE groundcrew_age_seconds gauge\n\
             groundcrew_age_seconds 0\n"
        );
    }
}
