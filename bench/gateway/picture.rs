//! A histogram as SVG, readable on a light and on a dark page.

use std::fmt::Write;

use crate::table::Time;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 300.0;
/// Of what is drawn: left, top, right, bottom.
const FRAME: [f64; 4] = [60.0, 30.0, 700.0, 250.0];
/// What the widest bars show, in ms. The rest is one bar more, at the right.
const STEP: f64 = 0.1;
const FONT: &str = "font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#57606a\"";

/// How many of the times, in ms, fall into each tenth of a millisecond.
pub fn histogram(times: &[f64], time: &Time) -> String {
    let [left, top, right, bottom] = FRAME;
    // A little more than what 99 of 100 take.
    let steps = ((time.p99 * 1.3).max(1.0) / STEP).ceil();
    let mut counts = vec![0_usize; steps as usize + 1];
    for time in times {
        counts[((time / STEP) as usize).min(steps as usize)] += 1;
    }
    let highest = counts.iter().copied().max().unwrap_or(1) as f64;
    let x = |ms: f64| left + (right - left) * (ms / STEP).min(steps + 1.0) / (steps + 1.0);
    let y = |count: f64| bottom - (bottom - top) * count / highest;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"Histogram: time from the commit of a change until a page hears of it\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n"
    );
    for (at, &count) in counts.iter().enumerate() {
        let from = x(at as f64 * STEP);
        let width = (x((at + 1) as f64 * STEP) - from - 0.5).max(0.5);
        let above = y(count as f64);
        let height = bottom - above;
        let _ = writeln!(
            svg,
            "<rect x=\"{from:.1}\" y=\"{above:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"#0969da\"/>"
        );
    }
    let _ = writeln!(
        svg,
        "<path d=\"M{left} {bottom}H{right}\" stroke=\"#57606a\" fill=\"none\"/>\n\
         <text x=\"{}\" y=\"{}\" text-anchor=\"middle\" {FONT}>ms from commit to page; {} frames</text>",
        f64::midpoint(left, right),
        bottom + 38.0,
        times.len()
    );
    let whole = (steps * STEP).floor() as usize;
    for ms in (0..=whole).step_by(whole.div_ceil(10).max(1)) {
        let at = x(ms as f64);
        let _ = writeln!(
            svg,
            "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\" {FONT}>{ms}</text>",
            bottom + 18.0
        );
    }
    for (name, ms, down) in
        [("p50", time.p50, 0.0), ("p95", time.p95, 14.0), ("p99", time.p99, 28.0)]
    {
        let at = x(ms);
        let _ = writeln!(
            svg,
            "<path d=\"M{at:.1} {top}V{bottom}\" stroke=\"#cf222e\" stroke-dasharray=\"3 3\"/>\n\
             <text x=\"{:.1}\" y=\"{}\" {FONT}>{name} {ms:.2} ms</text>",
            at + 4.0,
            top + 10.0 + down
        );
    }
    svg + "</svg>\n"
}
