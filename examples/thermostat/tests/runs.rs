//! The program does what it says.

use std::process::Command;

#[test]
fn it_runs_and_tells_what_was_refused() {
    let output = Command::new(env!("CARGO_BIN_EXE_thermostat"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "heater-set: GenericError: Parameter 'mode' does not accept value 'gas'\n"
    );
}
