//! Attaches a disk to a machine and detaches it, with types for just that.

#[path = "../../qapi-types/src/attach.rs"]
mod attach;

#[allow(dead_code)]
mod qmp {
    include!(concat!(env!("OUT_DIR"), "/qmp.rs"));
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    attach::run()
}
