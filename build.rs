//! Generates the service traits for QEMU's own schemas.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
