//! Generates the types that the benchmarks of the codec decode into.

fn main() {
    let generated = qapi_gen::Builder::new(qapi_schema::qmp())
        .commands([
            "query-status",
            "query-block",
            "query-named-block-nodes",
            "blockdev-add",
        ])
        .events(["*"])
        .file("qmp.rs")
        .generate();
    if let Err(error) = generated {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
