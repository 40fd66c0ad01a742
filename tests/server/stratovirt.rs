//! What clients found wrong with a server written by hand, as requirements. Its ninth defect, introspection that returns
//! an object, is a matter of services.

use crate::server::monitor::{Monitor, VERSION, error_for, returned, version};
use qapi_rt::session::server::Config;

#[test]
fn no_command_runs_before_negotiation() {
    let mut monitor = Monitor::new(&Config::qmp(version()));
    monitor.send("{'execute':'cont'}");
    assert_eq!(monitor.executed, [""; 0]);
}

#[test]
fn the_reply_to_qmp_capabilities_has_its_id() {
    let mut monitor = Monitor::new(&Config::qmp(version()));
    monitor.output();
    assert_eq!(
        monitor.send("{'execute':'qmp_capabilities','id':'libvirt-1'}"),
        returned("{}", "\"libvirt-1\"")
    );
}

#[test]
fn a_command_that_nobody_handles_is_no_success() {
    let mut monitor = Monitor::qmp();
    monitor.commands = &[];
    let desc = "The command cont has not been found";
    assert_eq!(
        monitor.send("{'execute':'cont','id':1}"),
        error_for("1", "CommandNotFound", desc)
    );
}

#[test]
fn integers_and_objects_are_ids() {
    let mut monitor = Monitor::qmp();
    for id in ["1", "{\"a\": [1, 2]}"] {
        let request = format!("{{'execute':'cont','id':{id}}}");
        assert_eq!(monitor.send(request), returned("{}", id));
    }
}

#[test]
fn errors_in_a_request_keep_its_id() {
    let mut monitor = Monitor::qmp();
    assert_eq!(
        monitor.send("{'execute':'cont','arguments':5,'id':1}"),
        error_for(
            "1",
            "GenericError",
            "QMP input member 'arguments' must be an object"
        )
    );
}

#[test]
fn an_unknown_command_is_not_found() {
    assert_eq!(
        Monitor::qmp().send("{'execute':'x','id':1}"),
        error_for("1", "CommandNotFound", "The command x has not been found")
    );
}

#[test]
fn exec_oob_works() {
    assert_eq!(
        Monitor::oob().send("{'exec-oob':'yank','arguments':{'instances':[]},'id':1}"),
        returned("{}", "1")
    );
}

#[test]
fn requests_need_not_come_one_by_one_nor_small() {
    let mut monitor = Monitor::qmp();
    let large = format!(
        "{{'execute':'query-version','id':1,'arguments':{{{:9000}}}}}",
        ""
    );
    let expected = returned(VERSION, "1");
    assert_eq!(monitor.send(large.repeat(2)), expected.repeat(2));
    let (first, second) = large.split_at(5000);
    assert_eq!(monitor.send(first), "");
    assert_eq!(monitor.send(second), expected);
}
