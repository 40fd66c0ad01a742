//! `key=value` beside QEMU's own reading of it: the storage daemon's command line.

use qapi_rt::capabilities::KeyValues;
use qapi_rt::types::Value;
use qapi_rt::{Error, ErrorKind};
use qapi_tests::peers::storage_daemon;
use serde_json::json;

use crate::peers::setup::{DEADLINE, connect};

/// Both take it, or both refuse it; and what they make of it is the same.
const TEXTS: &[&str] = &[
    "null-co,node-name=a",
    "driver=null-co,node-name=a,",
    "node-name=a,driver=null-co",
    "null-co,node-name=a,size=0x200",
    "null-co,node-name=a,size=1X",
    "null-co,node-name=a,size=",
    "null-co,node-name=a,size=1.5",
    "null-co,node-name=a,latency-ns=12",
    "null-co,node-name=a,latency-ns=0x1F",
    "null-co,node-name=a,latency-ns=12x",
    "null-co,node-name=a,read-zeroes=on",
    "null-co,node-name=a,read-zeroes=yes",
    "null-co,node-name=a,read-zeroes=true",
    "null-co,node-name=a,read-zeroes=y",
    "null-co,node-name=a,read-only=off",
    "null-co,node-name=a,read-only=no",
    "null-co,node-name=a,read-only=false",
    "null-co,node-name=a,read-only=n",
    "null-co,node-name=a,read-only=1",
    "null-co,node-name=a,read-only=On",
    "null-co,node-name=a,read-only=",
    "null-co,node-name=a,cache.direct=on,cache.no-flush=on",
    "null-co,node-name=a,discard=unmap,detect-zeroes=unmap",
    "null-co,node-name=a,discard=all",
    "null-co,node-name=a,node-name=b",
    "null-co,node-name=a,Size=1",
    "null-co,node-name=a,,b",
    "null-co,node-name",
    "null-co,=a",
    "null-co,0=a",
    "null-co,a..b=c",
    "null-co,node-name=a,cache=on",
    "null-co,node-name=a,cache.direct=on,cache=on",
    "null-co,node-name=a,read-only.0=on",
    "nonsense,node-name=a",
    "node-name=a",
    "raw,node-name=r,file.driver=null-co,file.size=1048576,size=4096,offset=0x200",
    "copy-before-write,node-name=c,file.driver=null-co,file.size=1048576,target.driver=null-co,target.size=1048576,min-cluster-size=128k",
    "copy-before-write,node-name=c,file.driver=null-co,file.size=1048576,target.driver=null-co,target.size=1048576,min-cluster-size=0.125M",
    "copy-before-write,node-name=c,file.driver=null-co,file.size=1048576,target.driver=null-co,target.size=1048576,min-cluster-size=0x20000",
    "copy-before-write,node-name=c,file.driver=null-co,file.size=1048576,target.driver=null-co,target.size=1048576,min-cluster-size=131072B",
    "copy-before-write,node-name=c,file.driver=null-co,file.size=1048576,target.driver=null-co,target.size=1048576,min-cluster-size=4X",
    "copy-before-write,node-name=c,file.driver=null-co,file.size=1048576,target.driver=null-co,target.size=1048576,min-cluster-size=",
    "copy-before-write,node-name=c,file.driver=null-co,file.size=1048576,target.driver=null-co,target.size=1048576,min-cluster-size=1.5",
    "raw,node-name=r,file=none",
    "raw,node-name=r,file.size=1",
    "quorum,node-name=q,vote-threshold=1,children.0.driver=null-co,children.0.node-name=x,children.1.driver=null-co,children.1.node-name=y",
    "quorum,node-name=q,vote-threshold=1,children.1.driver=null-co,children.0.driver=null-co",
    "quorum,node-name=q,vote-threshold=1,children.1.driver=null-co",
    "quorum,node-name=q,vote-threshold=1,children.0.driver=null-co,children.x.driver=null-co",
    "quorum,node-name=q,vote-threshold=1,children=x",
    "blkdebug,node-name=b,image.driver=null-co,inject-error.0.event=read_aio,inject-error.0.errno=5,inject-error.0.once=on",
    "blkdebug,node-name=b,image.driver=null-co,inject-error.0.event=nothing",
    "throttle,node-name=t,file.driver=null-co,throttle-group=none",
];

/// QEMU refuses these, since it knows which integers are sizes. Its schema does not tell.
const LENIENT: &[&str] = &[
    "null-co,node-name=a,size=1M",
    "null-co,node-name=a,latency-ns=1k",
];

/// The nodes of a daemon, without what differs from run to run.
fn nodes(client: &qapi_rt::blocking::Client) -> Result<Value, Error> {
    let mut nodes = client.execute_raw("query-named-block-nodes", json!({"flat": true}))?;
    for node in nodes.as_array_mut().into_iter().flatten() {
        // Names that QEMU makes up have random digits.
        let made_up = |name: &Value| name.as_str().is_some_and(|name| name.starts_with('#'));
        if node.get("node-name").is_some_and(made_up) {
            node["node-name"] = "#".into();
        }
        // So have those of children in the JSON form of a file's name.
        for name in ["file", "children", "image"] {
            if let Some(members) = node.as_object_mut() {
                members.remove(name);
            }
        }
    }
    Ok(nodes)
}

/// What QEMU makes of it.
fn by_qemu(text: &str) -> Option<Value> {
    // A daemon that has just started may lose its client, on a machine with much else to do.
    for _ in 0..2 {
        match by_a_daemon(text)? {
            Err(error) if error.is_disconnected() => {}
            nodes => return nodes.map(Some).expect("it answers"),
        }
    }
    by_a_daemon(text)?.map(Some).expect("it answers")
}

/// `None` if it refuses the text and ends.
fn by_a_daemon(text: &str) -> Option<Result<Value, Error>> {
    let mut server = storage_daemon()?.args(["--blockdev", text]).start();
    let builder = qapi_rt::blocking::Client::builder()
        .deadline(DEADLINE)
        .connect_deadline(DEADLINE);
    let socket = server.socket();
    match builder
        .child(|| server.child().try_wait())
        .connect_unix(socket)
    {
        Ok(client) => Some(nodes(&client)),
        Err(error) => {
            assert!(
                matches!(error.kind(), ErrorKind::ChildExited(_)),
                "{text}: {error}"
            );
            None
        }
    }
}

/// What we make of it.
fn by_us(text: &str) -> Result<Value, String> {
    let server = storage_daemon()
        .expect("it was there just now")
        .start_ready();
    let client = connect(&server);
    let capabilities = client.capabilities().expect("a schema");
    let arguments = KeyValues::parse(text, Some("driver"))
        .and_then(|keys| capabilities.arguments("blockdev-add", &keys))
        .map_err(|error| error.to_string())?;
    client
        .execute_raw("blockdev-add", arguments.into())
        .map_err(|error| error.to_string())?;
    Ok(nodes(&client).expect("it answers"))
}

#[test]
fn read_as_qemu_reads_it() {
    if storage_daemon().is_none() {
        return;
    }
    let mut taken = 0;
    for text in TEXTS {
        match (by_qemu(text), by_us(text)) {
            (Some(theirs), Ok(ours)) => {
                assert_eq!(theirs, ours, "{text}");
                taken += 1;
            }
            (None, Err(_)) => {}
            (theirs, ours) => panic!("{text}: QEMU makes {theirs:?} of it, we {ours:?}"),
        }
    }
    for text in LENIENT {
        assert_eq!(by_qemu(text), None, "{text}");
        assert!(by_us(text).is_ok(), "{text}");
    }
    // Neither all nor none.
    assert!(
        taken > 20 && taken < TEXTS.len() - 20,
        "{taken} of {}",
        TEXTS.len()
    );
}
