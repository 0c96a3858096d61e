//! Prometheus' text format, version 0.0.4, which every scraper and `promtool check metrics` read.

use std::collections::HashMap;

use prometheus_client::encoding::text::encode_registry;
use prometheus_client::registry::Registry;

/// Its media type.
pub const TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The library writes OpenMetrics, which differs in this: a family of counters, or of infos, lacks the
/// end of its samples' names, there are no infos, and units have a line of their own.
pub fn of(registry: &Registry) -> String {
    let mut open = String::new();
    encode_registry(&mut open, registry).expect("a string takes any text");
    let types = open.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let ends: HashMap<&str, &str> = types
        .filter_map(|(name, kind)| match kind {
            "counter" => Some((name, "_total")),
            "info" => Some((name, "_info")),
            _ => None,
        })
        .collect();
    let mut text = String::with_capacity(open.len());
    for line in open.lines().filter(|line| !line.starts_with("# UNIT ")) {
        let described = line.strip_prefix("# HELP ").or_else(|| line.strip_prefix("# TYPE "));
        let family = described.and_then(|rest| rest.split_once(' '));
        match family.and_then(|(name, rest)| Some((name, ends.get(name)?, rest))) {
            Some((name, end, rest)) => {
                let rest = if rest == "info" { "gauge" } else { rest };
                text.extend([&line[..7], name, end, " ", rest]);
            }
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::metrics::gauge::Gauge;
    use prometheus_client::metrics::info::Info;
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
        registry.register("build", "Build", Info::new([("version", "1")]));
        assert_eq!(
            of(&registry),
            "# HELP groundcrew_runs_total Runs.\n\
             # TYPE groundcrew_runs_total counter\n\
             groundcrew_runs_total 1\n\
             # HELP groundcrew_age_seconds Age.\n\
             # TYPE groundcrew_age_seconds gauge\n\
             groundcrew_age_seconds 0\n\
             # HELP groundcrew_build_info Build.\n\
             # TYPE groundcrew_build_info gauge\n\
             groundcrew_build_info{version=\"1\"} 1\n"
        );
    }
}
