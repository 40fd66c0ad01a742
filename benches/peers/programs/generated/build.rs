//! Generates the command that the program uses.

fn main() {
    let generated = qapi_gen::Builder::new(qapi_schema::qmp())
        .commands(["query-status"])
        .types_crate("::qapi_rt::types")
        .file("qmp.rs")
        .generate();
    if let Err(error) = generated {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
