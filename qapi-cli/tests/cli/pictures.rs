//! The sessions that the README shows. With `QAPI_BLESS` its pictures are made of them.

use std::fmt::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use vt100::{Color, Screen};

use qapi_tests::peers::Server;

use crate::setup::{Qmp, machine_of_two};
use crate::terminal::Terminal;

/// As the other pictures have it.
const FONT: f64 = 14.0;
const WIDTH: f64 = 8.43;
const HEIGHT: f64 = 19.0;
const MARGIN: f64 = 18.0;
const TOP: f64 = 56.0;

/// With a socket of a name that says what it is.
fn scene() -> Option<(Server, Qmp, Qmp)> {
    let (server, qmp, other) = machine_of_two()?;
    let socket = server.path("vm.sock");
    symlink(server.socket(), &socket).expect("a link");
    let qmp = Qmp::at(&socket, &qmp.home);
    Some((server, qmp, other))
}

#[test]
fn one_command_at_a_time() {
    let Some((_server, qmp, _)) = scene() else {
        return;
    };
    let shell = Terminal::of(&qmp, "bash", &["--norc", "--noprofile", "-i"]);
    shell.types("PS1='$ '; clear\r");
    shell.waits(|screen| screen.trim() == "$", "a prompt");
    let says = |line: &str, answer: &str| {
        shell.types(&format!("{line}\r"));
        shell.waits(
            |screen| screen.contains(answer) && screen.trim_end().ends_with("\n$"),
            answer,
        );
    };
    says("qmp query-status", "\"running\": true");
    says(
        "qmp blockdev-add driver=qcow3 node-name=disk0",
        "did you mean 'qcow2'?",
    );
    says(
        "qmp blockdev-add driver=null-co node-name=disk0 sise=1G",
        "did you mean 'size'?",
    );
    says(
        "qmp blockdev-add driver=null-co node-name=disk0 size=1G",
        "1G\n$",
    );
    says("qmp block_resize node-name=disk1 size=2G", "Cannot find");
    says("qmp describe eject", "command-QMP-block.eject");
    bless(
        &shell,
        "qmp-commands",
        "qmp, one command at a time: values as the server sends them, and mistakes caught before anything is sent",
    );
}

#[test]
fn the_shell() {
    let Some((_server, qmp, other)) = scene() else {
        return;
    };
    for name in ["disk0", "copy0"] {
        qmp.say(&format!(
            "blockdev-add driver=null-co node-name={name} size=64M"
        ))
        .good();
    }
    let shell = Terminal::shell(&qmp);
    shell.enters("query-status");
    shell.sees("\"running\": true");
    shell.enters("events filter STOP RESUME");
    shell.enters("blockdev-backup job-id=backup0 device=disk0 target=copy0 sync=full speed=4M");
    shell.waits(|screen| counts(screen, ""), "progress");
    shell.types("blockdev-add driver=qcow2 file.node-n");
    shell.has_typed("blockdev-add driver=qcow2 file.node-n");
    other.say("stop").good();
    let has_stopped = |screen: &str| screen.lines().any(|row| row.trim_end().ends_with(" STOP"));
    shell.waits(has_stopped, "the event");
    shell.types("\x15block-\t");
    shell.sees("block-dirty-bitmap-add");
    shell.waits(|screen| counts(screen, "block-"), "more progress");
    bless(
        &shell,
        "qmp-shell",
        "qmp as a shell: an event above the line, a menu below it, and how far a job is",
    );
}

/// Whether the row where this is typed says how far the job is.
fn counts(screen: &str, typed: &str) -> bool {
    let typed = format!("> {typed}");
    let mut rows = screen.lines().map(str::trim_end);
    rows.any(|row| row.contains(&typed) && row.contains(" backup0 ") && row.ends_with(" %"))
}

fn bless(shell: &Terminal, name: &str, title: &str) {
    if std::env::var_os("QAPI_BLESS").is_none() {
        return;
    }
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/images");
    let picture = shell.looks(|screen| picture(screen, title));
    std::fs::write(images.join(format!("{name}.svg")), picture).expect("it can be written");
}

fn picture(screen: &Screen, title: &str) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let is_empty = |row: &u16| (0..columns).all(|column| cell(screen, *row, column).0 == " ");
    let last = (0..rows).rev().find(|row| !is_empty(row)).unwrap_or(0);
    let width = (f64::from(columns) * WIDTH + 2.0 * MARGIN).ceil();
    let height = (TOP + f64::from(last) * HEIGHT + MARGIN).ceil();
    let mut out = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">
  <title>{title}</title>
  <style>text {{ font: {FONT}px "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre; }}</style>
  <rect width="{width}" height="{height}" rx="10" fill="#0d1117"/>
  <circle cx="22" cy="20" r="6" fill="#ff5f56"/>
  <circle cx="42" cy="20" r="6" fill="#ffbd2e"/>
  <circle cx="62" cy="20" r="6" fill="#27c93f"/>
"##
    );
    for row in 0..=last {
        let mut column = 0;
        while column < columns {
            let (mut text, look) = cell(screen, row, column);
            let start = column;
            column += 1;
            while column < columns && cell(screen, row, column).1 == look {
                text += &cell(screen, row, column).0;
                column += 1;
            }
            run(&mut out, &text, &look, row, start);
        }
    }
    out + "</svg>\n"
}

/// Characters that look alike.
fn run(out: &mut String, text: &str, look: &Look, row: u16, column: u16) {
    let (x, y) = (
        MARGIN + f64::from(column) * WIDTH,
        TOP + f64::from(row) * HEIGHT,
    );
    let width = text.chars().count() as f64 * WIDTH;
    if let Some(ground) = &look.ground {
        let top = y - FONT;
        let _ = writeln!(
            out,
            r##"  <rect x="{x:.1}" y="{top:.1}" width="{width:.1}" height="{HEIGHT}" fill="{ground}"/>"##
        );
    }
    let shown = text.trim_end();
    if shown.is_empty() {
        return;
    }
    let length = shown.chars().count() as f64 * WIDTH;
    let weight = if look.bold {
        r#" font-weight="bold""#
    } else {
        ""
    };
    let shown = shown
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let ink = &look.ink;
    let _ = writeln!(
        out,
        r##"  <text x="{x:.1}" y="{y:.1}" textLength="{length:.1}" fill="{ink}"{weight} xml:space="preserve">{shown}</text>"##
    );
}

#[derive(PartialEq)]
struct Look {
    ink: String,
    ground: Option<String>,
    bold: bool,
}

fn cell(screen: &Screen, row: u16, column: u16) -> (String, Look) {
    let cell = screen.cell(row, column).expect("it is on the screen");
    let text = if cell.has_contents() {
        cell.contents()
    } else {
        " "
    };
    let ink = match cell.fgcolor() {
        Color::Default if cell.dim() => colour(Color::Idx(8)),
        ink => colour(ink),
    };
    let ground = (cell.bgcolor() != Color::Default).then(|| colour(cell.bgcolor()));
    let (ink, ground) = match cell.inverse() {
        true => (ground.unwrap_or("#0d1117".to_owned()), Some(ink)),
        false => (ink, ground),
    };
    let bold = cell.bold();
    (text.to_owned(), Look { ink, ground, bold })
}

fn colour(colour: Color) -> String {
    const BASE: [&str; 16] = [
        "#484f58", "#ff7b72", "#3fb950", "#d29922", "#79b8ff", "#bc8cff", "#39c5cf", "#b1bac4",
        "#8b949e", "#ffa198", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#ffffff",
    ];
    match colour {
        Color::Idx(index) => BASE
            .get(usize::from(index))
            .copied()
            .unwrap_or("#e4e7eb")
            .to_owned(),
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Default => "#e4e7eb".to_owned(),
    }
}
