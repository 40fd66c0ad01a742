//! What the benchmarks measure with: sample messages, schemas of any size, and types written by
//! hand to compare with.

pub mod plain;
pub mod samples;
pub mod schemas;

/// The commands of a program that attaches disks to a machine and detaches them.
pub const TEN_COMMANDS: [&str; 10] = [
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
];
