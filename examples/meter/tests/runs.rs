//! The program does what it says.

use std::process::Command;

#[test]
fn it_sums_up_what_it_knows() {
    let output = Command::new(env!("CARGO_BIN_EXE_meter")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "ignored: METER_LOST\n1200 W\n"
    );
}
