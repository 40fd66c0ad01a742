//! Generates `vmm.rs`: the service trait with one method for each command chosen here.

fn main() -> Result<(), qapi_gen::Error> {
    let commands = [
        // What can be made of this VMM, and what was.
        "query-target",
        "query-kvm",
        "query-machines",
        "query-cpu-definitions",
        "query-command-line-options",
        "query-migrate-capabilities",
        "migrate-set-capabilities",
        "qom-list-types",
        "qom-list-properties",
        "device-list-properties",
        "query-name",
        "query-cpus-fast",
        "query-chardev",
        "query-iothreads",
        "qom-list",
        // States.
        "query-status",
        "stop",
        "cont",
        "system_reset",
        "system_powerdown",
        "set-action",
        "quit",
        // Disks and devices.
        "blockdev-add",
        "blockdev-del",
        "query-named-block-nodes",
        "query-block",
        "device_add",
        "device_del",
        // Jobs.
        "query-jobs",
        "job-cancel",
        "job-dismiss",
        "__com.example_*",
    ];
    // Answered by the library, so that the trait need not have them. The schema that clients can ask for does.
    let library = [
        "qmp_capabilities",
        "query-version",
        "query-commands",
        "query-qmp-schema",
    ];
    let events = [
        "STOP",
        "RESUME",
        "RESET",
        "POWERDOWN",
        "SHUTDOWN",
        "DEVICE_DELETED",
        "JOB_STATUS_CHANGE",
        "__COM.EXAMPLE_*",
    ];
    qapi_gen::Builder::new("schema/vmm.json")
        .include_path(qapi_schema::directory())
        .commands(commands.into_iter().chain(library))
        .events(events)
        // QEMU's types are those of the library, so that code for QEMU works with this VMM too.
        .extern_path("qapi/*.json", "::qapi_rt::types::qmp")
        .types_crate("::qapi_rt::types")
        // The compiler demands a method for each command.
        .service(qapi_gen::ServiceOptions::new().required(commands))
        .generate()?;
    Ok(())
}
