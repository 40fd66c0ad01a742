//! Argument errors as a client sees them. That generated types agree with QEMU's visitor is tested elsewhere; here
//! each row of the table of texts goes through a session once.

use crate::server::monitor::{Monitor, error_for};

#[test]
fn texts() {
    let mut monitor = Monitor::qmp();
    for (command, arguments, desc) in [
        ("object-del", "{}", "Parameter 'id' is missing"),
        (
            "object-del",
            "{'id':'a','x':1}",
            "Parameter 'x' is unexpected",
        ),
        ("query-version", "{'x':1}", "Parameter 'x' is unexpected"),
        // What is known is checked first.
        ("object-del", "{'zz':1,'aa':2}", "Parameter 'id' is missing"),
        (
            "object-del",
            "{'id':null}",
            "Invalid parameter type for 'id', expected: string",
        ),
        (
            "query-named-block-nodes",
            "{'flat':'yes'}",
            "Invalid parameter type for 'flat', expected: boolean",
        ),
        (
            "query-named-block-nodes",
            "{'flat':null}",
            "Invalid parameter type for 'flat', expected: boolean",
        ),
        (
            "ringbuf-read",
            "{'device':'x','size':'5'}",
            "Invalid parameter type for 'size', expected: integer",
        ),
        (
            "blockdev-reopen",
            "{'options':{}}",
            "Invalid parameter type for 'options', expected: array",
        ),
        (
            "blockdev-reopen",
            "{'options':[5]}",
            "Invalid parameter type for 'options[0]', expected: object",
        ),
        (
            "blockdev-add",
            "{'node-name':'x'}",
            "Parameter 'driver' is missing",
        ),
        (
            "blockdev-add",
            "{'driver':'zzz'}",
            "Parameter 'driver' does not accept value 'zzz'",
        ),
        (
            "blockdev-add",
            "{'driver':1}",
            "Invalid parameter type for 'driver', expected: string",
        ),
        (
            "blockdev-add",
            "{'driver':'file'}",
            "Parameter 'filename' is missing",
        ),
        (
            "blockdev-add",
            "{'driver':'raw','file':{'driver':'null-co','foo':1}}",
            "Parameter 'file.foo' is unexpected",
        ),
        (
            "blockdev-add",
            "{'driver':'raw','file':5}",
            "Invalid parameter type for 'file', expected: BlockdevRef",
        ),
        (
            "blockdev-add",
            "{'driver':'null-co','size':-1,'latency-ns':-1.5}",
            "Parameter 'latency-ns' expects uint64",
        ),
        (
            "blockdev-add",
            "{'driver':'file','filename':'/x','locking':'maybe'}",
            "Parameter 'locking' does not accept value 'maybe'",
        ),
    ] {
        let request = format!("{{'execute':'{command}','arguments':{arguments},'id':1}}");
        assert_eq!(
            monitor.send(request),
            error_for("1", "GenericError", desc),
            "{arguments}"
        );
    }
}
