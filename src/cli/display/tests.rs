//! The live displays, on a terminal in memory.

use std::io::{self, Write};

use super::{
    Display,
    fleet::Fleet,
    paint::Paint,
    terminal::Terminal,
    testing::{Run, Screen, plan, step},
};
use crate::model::{Event, FailureKind, Happening, StepRef};

fn steps() -> [StepRef; 3] {
    ["Prepare", "Install Nginx", "Verify"].map(|title| step("nginx", title))
}

fn one_host(screen: &Screen, colours: bool) -> Terminal {
    Terminal::new(screen.live(), Paint::new(colours), "edge-1", &plan(&["Nginx"]), false)
}

fn fleet(screen: &Screen, hosts: &[String]) -> Fleet {
    Fleet::new(screen.live(), Paint::new(false), hosts, &plan(&["Nginx"]), false)
}

fn show(display: &mut dyn Display, events: impl IntoIterator<Item = Event>) -> io::Result<()> {
    events.into_iter().try_for_each(|event| display.event(&event))?;
    display.tick()
}

/// The text without the summary's time, which is ours and not the host's.
fn timeless(text: &str) -> &str {
    text.rsplit_once([',', ';']).map_or(text, |(text, _)| text)
}

#[test]
fn a_run_fills_up_a_list_of_steps() -> io::Result<()> {
    let screen = Screen::new(24, 60);
    let mut display = one_host(&screen, false);
    let [prepare, install, verify] = steps();
    let mut run = Run::on("edge-1");

    display.tick()?;
    assert!(screen.visible().contains("Connecting to edge-1 …"));
    let begin = [
        run.planned(&steps(), None),
        run.started(),
        run.step_started(&prepare),
        run.completed(&prepare, false),
        run.step_started(&install),
        run.output(&install, "1\n2\n3\n4\n5\n6\nunfin"),
    ];
    show(&mut display, begin)?;
    let visible = screen.visible();
    let lines: Vec<&str> = visible.lines().collect();
    assert_eq!(lines[..3], ["Nginx on edge-1", "", "  ✓ Prepare        in place       0.5 s"]);
    assert!(lines[3].contains("Install Nginx"));
    assert_eq!(
        lines[4..10],
        ["    │ 3", "    │ 4", "    │ 5", "    │ 6", "    │ unfin", "  · Verify"]
    );
    assert!(lines[11].contains("━━━━━━━━━━────────────────────  1/3"));

    let handler = step("nginx", "reload nginx");
    let end = [
        run.completed(&install, true),
        run.step_started(&verify),
        run.completed(&verify, false),
        run.step_started(&handler),
        run.completed(&handler, true),
        run.event(Happening::RunCompleted { changed: 1 }),
    ];
    show(&mut display, end)?;
    display.finish()?;
    assert_eq!(
        timeless(&screen.all()),
        "Nginx on edge-1

  ✓ Prepare        in place       0.5 s
  ✓ Install Nginx  changed        1.0 s
  ✓ Verify         in place       0.5 s
  ✓ reload nginx   changed        0.5 s

✓ edge-1: 2 changed, 2 in place"
    );
    Ok(())
}

#[test]
fn a_second_run_says_that_nothing_changed() -> io::Result<()> {
    let screen = Screen::new(24, 60);
    let mut display = one_host(&screen, false);
    show(&mut display, Run::on("edge-1").whole(&steps(), false))?;
    display.finish()?;
    assert!(screen.visible().contains("✓ edge-1: 3 steps in place, nothing changed, 0.0 s"));
    Ok(())
}

#[test]
fn a_failed_step_shows_its_whole_output_in_its_colours() -> io::Result<()> {
    let screen = Screen::new(12, 60);
    let mut display = one_host(&screen, true);
    let [prepare, install, _] = steps();
    let mut run = Run::on("edge-1");
    show(&mut display, [run.planned(&steps(), None), run.started()])?;
    show(&mut display, [run.step_started(&prepare), run.completed(&prepare, true)])?;
    show(&mut display, [run.step_started(&install)])?;
    for i in 0..10_000 {
        show(&mut display, [run.output(&install, &format!("line {i}\n"))])?;
    }
    show(
        &mut display,
        [run.output(&install, "\x1b[31mE:\x1b[0m\x1b]0;title\x07 no\x1b[2J space")],
    )?;
    show(&mut display, run.failed(&install, "No package.\nLook at the sources."))?;
    display.finish()?;

    let all = screen.all();
    let output: Vec<&str> = all.lines().filter(|line| line.starts_with("    │ ")).collect();
    assert_eq!(output.len(), 10_001);
    assert_eq!(output[9_999], "    │ line 9999");
    assert!(screen.raw().contains("│\x1b[0m \x1b[31mE:\x1b[0m no space"));
    assert!(!screen.raw().contains("title"));
    let (_, end) = all.split_once("no space\n").unwrap_or_default();
    assert_eq!(
        timeless(end),
        "    ╰ exit code 100

    Error: No package.
    Look at the sources.

✗ edge-1: failed at step 2 of 3, Install Nginx"
    );
    // Nothing of what moved stayed behind.
    assert_eq!(all.matches("Install Nginx").count(), 2);
    Ok(())
}

#[test]
fn a_host_that_refuses_gets_one_clear_message() -> io::Result<()> {
    let screen = Screen::new(24, 60);
    let mut display = one_host(&screen, false);
    let kind = FailureKind::AuthenticationFailed;
    let error = "edge-1 refused the key.\nName another one with -i KEY.".to_owned();
    let failed = Happening::RunFailed { kind, error };
    show(&mut display, [Run::on("edge-1").event(failed)])?;
    display.finish()?;
    assert_eq!(
        timeless(&screen.all()),
        "Nginx on edge-1

    Error: edge-1 refused the key.
    Name another one with -i KEY.

✗ edge-1: failed before the first step"
    );
    Ok(())
}

#[test]
fn a_step_that_the_end_cuts_off_is_unfinished() -> io::Result<()> {
    let screen = Screen::new(24, 60);
    let mut display = one_host(&screen, false);
    let mut run = Run::on("edge-1");
    show(&mut display, [run.planned(&steps(), None), run.step_started(&steps()[0])])?;
    show(&mut display, [run.event(Happening::RunCancelled)])?;
    display.finish()?;
    let all = screen.all();
    assert!(all.contains("  ! Prepare        unfinished     0.5 s\n"));
    assert!(all.contains("! edge-1: cancelled at step 1 of 3, Prepare"));
    Ok(())
}

#[test]
fn several_jobs_have_headings() -> io::Result<()> {
    let screen = Screen::new(24, 60);
    let jobs = plan(&["Nginx", "PHP"]);
    let mut display = Terminal::new(screen.live(), Paint::new(false), "edge-1", &jobs, false);
    let steps = [step("nginx", "Install"), step("php", "Install"), step("php", "Pool")];
    let mut run = Run::on("edge-1");
    show(&mut display, [run.planned(&steps, None)])?;
    let to_come = "  Nginx\n  · Install\n\n  PHP\n  · Install\n  · Pool\n";
    assert!(screen.visible().contains(to_come));

    show(&mut display, run.whole(&steps, true))?;
    let handler = step("nginx", "reload nginx");
    show(&mut display, [run.completed(&handler, true)])?;
    let all = screen.all();
    assert_eq!(all.matches("\n  Nginx\n").count(), 1);
    assert_eq!(all.matches("\n\n  PHP\n").count(), 1);
    Ok(())
}

#[test]
fn plan_says_what_would_run() -> io::Result<()> {
    let screen = Screen::new(24, 60);
    let (paint, nginx) = (Paint::new(false), plan(&["Nginx"]));
    let mut display = Terminal::new(screen.live(), paint, "edge-1", &nginx, true);
    show(&mut display, [Run::on("edge-1").planned(&steps(), Some(&[true, false, false]))])?;
    display.finish()?;
    assert_eq!(
        timeless(&screen.all()),
        "Nginx on edge-1, checks only

  ✓ Prepare        in place
  ○ Install Nginx  would run
  ○ Verify         would run

✓ edge-1: 2 of 3 steps would run"
    );
    Ok(())
}

#[test]
fn a_small_terminal_is_enough() -> io::Result<()> {
    for (rows, columns) in [(1, 1), (2, 80), (5, 20), (8, 30)] {
        let screen = Screen::new(rows, columns);
        let mut display = one_host(&screen, true);
        let mut run = Run::on("edge-1");
        let install = &steps()[1];
        show(&mut display, [run.planned(&steps(), None), run.step_started(install)])?;
        for _ in 0..20 {
            show(&mut display, [run.output(install, "日本語の長い行、とても長い行\nshort\n")])?;
        }
        show(&mut display, [run.completed(install, true)])?;
        display.finish()?;
        // What is drawn anew was taken away; only what was printed is left.
        let all = screen.all().replace('\n', "");
        assert_eq!(all.matches('✓').count(), 1, "{rows} x {columns}: {all}");
        assert_eq!(all.matches("short").count(), 0, "{rows} x {columns}: {all}");
    }
    Ok(())
}

#[test]
fn a_resized_terminal_keeps_no_rests() -> io::Result<()> {
    let screen = Screen::new(40, 80);
    let mut display = one_host(&screen, true);
    let mut run = Run::on("edge-1");
    let install = &steps()[1];
    show(&mut display, [run.planned(&steps(), None), run.step_started(install)])?;
    show(
        &mut display,
        [run.output(install, &"a line of sixty columns, or more, or even more\n".repeat(5))],
    )?;
    for columns in [50, 33, 20, 100, 26] {
        screen.resize(columns);
        display.tick()?;
        let visible = screen.visible();
        assert_eq!(visible.matches("Install").count(), 1, "{columns}: {visible}");
        assert_eq!(visible.matches("│ a line").count(), 5, "{columns}: {visible}");
        assert_eq!(visible.matches("Nginx on edge-1").count(), 1, "{columns}: {visible}");
    }
    Ok(())
}

#[test]
fn what_a_person_types_does_not_stay() -> io::Result<()> {
    let mut screen = Screen::new(24, 60);
    let mut display = one_host(&screen, false);
    display.tick()?;
    screen.write_all(b"^C")?;
    display.finish()?;
    assert!(!screen.all().contains("^C"));
    Ok(())
}

#[test]
fn nothing_is_written_while_hidden() -> io::Result<()> {
    let screen = Screen::new(24, 60);
    let mut display = one_host(&screen, false);
    let mut run = Run::on("edge-1");
    let [prepare, ..] = steps();
    show(&mut display, [run.planned(&steps(), None), run.step_started(&prepare)])?;
    display.hide()?;
    assert_eq!(screen.visible(), "Nginx on edge-1");
    let before = screen.raw();
    show(&mut display, [run.completed(&prepare, true)])?;
    assert_eq!(screen.raw(), before);
    display.show()?;
    assert!(screen.visible().starts_with("Nginx on edge-1\n\n  ✓ Prepare"));
    assert!(screen.visible().contains("· Verify"));
    Ok(())
}

#[test]
fn without_colours_there_are_none() -> io::Result<()> {
    let screen = Screen::new(24, 60);
    let mut display = one_host(&screen, false);
    let mut run = Run::on("edge-1");
    let install = &steps()[1];
    show(&mut display, [run.planned(&steps(), None), run.step_started(install)])?;
    show(&mut display, [run.output(install, "\x1b[1;31mred\x1b[0m")])?;
    show(&mut display, run.failed(install, "\x1b[31mNo."))?;
    display.finish()?;
    let raw = screen.raw();
    let codes =
        raw.split("\x1b[").skip(1).filter_map(|rest| rest.chars().find(char::is_ascii_alphabetic));
    assert!(raw.contains("red") && codes.into_iter().all(|code| code != 'm'));
    Ok(())
}

#[test]
fn many_hosts_have_a_line_each_and_a_total() -> io::Result<()> {
    let screen = Screen::new(24, 80);
    let hosts = ["a", "b", "c"].map(str::to_owned);
    let mut display = fleet(&screen, &hosts);
    let [prepare, ..] = steps();
    let mut a = Run::on("a");
    show(&mut display, [a.planned(&steps(), None), a.started(), a.step_started(&prepare)])?;
    let visible = screen.visible();
    let lines: Vec<&str> = visible.lines().collect();
    assert_eq!(lines[0], "Nginx on 3 hosts");
    assert!(lines[2].contains(" a  ──────────    0/3"), "{visible}");
    assert!(lines[2].ends_with("Prepare"));
    assert_eq!(lines[3..5], ["  · b  waiting", "  · c  waiting"]);
    assert!(lines[6].contains("0/3 hosts"));

    show(&mut display, Run::on("b").whole(&steps(), false))?;
    show(&mut display, Run::on("c").whole(&steps(), true))?;
    show(&mut display, [a.output(&prepare, "oh\n")])?;
    show(&mut display, a.failed(&prepare, "No."))?;
    display.finish()?;
    assert_eq!(
        timeless(&screen.all()).replace("  0.0 s", ""),
        "Nginx on 3 hosts

  ✓ b  3 steps in place, nothing changed
  ✓ c  3 changed, 0 in place
  ✗ a  failed at step 1 of 3, Prepare
    │ oh
    ╰ exit code 100

    Error: No.

2 completed (1 changed, 1 unchanged); 1 failed: a"
    );
    Ok(())
}

#[test]
fn more_hosts_than_rows_fit() -> io::Result<()> {
    let screen = Screen::new(10, 40);
    let hosts: Vec<String> = (0..50).map(|i| format!("host-{i}")).collect();
    let mut display = fleet(&screen, &hosts);
    for host in &hosts[40..] {
        show(&mut display, [Run::on(host).planned(&steps(), None)])?;
    }
    let visible = screen.visible();
    let lines: Vec<&str> = visible.lines().collect();
    assert_eq!(lines.len(), 9);
    // Those at work come before those that wait.
    assert!(lines[0].contains("host-40"), "{visible}");
    assert_eq!(lines[6], "    … and 44 more");

    for host in &hosts {
        show(&mut display, Run::on(host).whole(&steps(), true))?;
    }
    display.finish()?;
    let all = screen.all();
    assert_eq!(all.lines().filter(|line| line.starts_with("  ✓ host-")).count(), 50);
    assert_eq!(all.matches("more").count(), 0);
    assert!(all.contains("50 completed (50 changed, 0 unchanged)"));
    Ok(())
}
