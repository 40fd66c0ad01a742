//! Generates the ten commands, and the events that end a disk's use.

fn main() {
    let generated = qapi_gen::Builder::new(qapi_schema::qmp())
        .commands([
            "qmp_capabilities",
            "query-version",
            "query-status",
            "query-block",
            "blockdev-add",
            "blockdev-del",
            "device_add",
            "device_del",
            "cont",
            "stop",
        ])
        .events([
            "DEVICE_DELETED",
            "DEVICE_UNPLUG_GUEST_ERROR",
            "STOP",
            "RESUME",
        ])
        .file("qmp.rs")
        .generate();
    if let Err(error) = generated {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
