//! QEMU's client library for Python, in a process of its own.

use super::Work;
use crate::Result;
use crate::cpu::{self, Cost};
use crate::generator::interpreter;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// A virtual environment with the library, kept in `target/`; `None` if it cannot be made.
fn python() -> Option<&'static PathBuf> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    let python = PYTHON.get_or_init(|| match environment() {
        Ok(python) => Some(python),
        Err(error) => {
            println!("skipped: qemu.qmp cannot be installed\n");
            eprintln!("qemu.qmp: {error}");
            None
        }
    });
    python.as_ref()
}

/// The shell that comes with it.
pub fn shell() -> Option<PathBuf> {
    python().map(|python| python.with_file_name("qmp-shell"))
}

fn environment() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("target/qemu.qmp");
    let python = folder.join("bin/python");
    if !python.exists() {
        let mut command = Command::new(interpreter()?);
        cpu::run(command.args(["-m", "venv"]).arg(&folder))?;
    }
    let mut command = Command::new(&python);
    command.args(["-m", "pip", "install", "-q", "--disable-pip-version-check"]);
    let requirements = root.join("../../tests/interop/python/requirements.txt");
    cpu::run(command.arg("-r").arg(requirements))?;
    Ok(python)
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn connect(socket: &Path, depth: usize) -> Result<Option<Work>> {
    let Some(python) = python() else {
        return Ok(None);
    };
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs/qemu_qmp.py");
    let mut child = Command::new(python)
        .arg(program)
        .arg(socket)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().ok_or("no standard input")?;
    let mut output = BufReader::new(child.stdout.take().ok_or("no standard output")?);
    let process = Process(child);
    Ok(Some(Box::new(move |calls| {
        let _ = &process;
        writeln!(input, "{calls} {depth}")?;
        let mut line = String::new();
        output.read_line(&mut line)?;
        let (wall, cpu) = line.trim().split_once(' ').ok_or("it has ended")?;
        Ok(Cost {
            cpu: cpu.parse()?,
            wall: wall.parse()?,
        })
    })))
}
