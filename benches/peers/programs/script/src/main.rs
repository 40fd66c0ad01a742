//! What a build script does, as a program: generates QEMU's commands, or those that are named, into a folder.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_default();
    let commands: Vec<String> = arguments.collect();
    let mut builder = qapi_gen::Builder::new(qapi_schema::qmp()).out_dir(folder);
    if !commands.is_empty() {
        builder = builder.commands(commands);
    }
    match builder.generate() {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
