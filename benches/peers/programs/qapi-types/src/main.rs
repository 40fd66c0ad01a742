//! Attaches a disk to a machine and detaches it, with the types of the crate `qapi-types`.

mod attach;

use qapi_types::qmp;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    attach::run()
}
