//! Every query of a machine that has much to tell, typed, by every kind of client.

use std::path::PathBuf;
use std::pin::Pin;

use qapi_rt::qmp::{self, commands};
use qapi_rt::types::codec::Decode;
use qapi_rt::types::{Command, Mode, Value};
use qapi_rt::{Client, Error, ErrorKind, blocking};
use qapi_tests::peers::{Age, Launch, Server, image};
use serde_json::json;

use crate::peers::setup::DEADLINE;

/// The reply to a query, encoded again, or why there is none.
type Answer = Result<Vec<u8>, Error>;

/// An answer to come.
type Pending<'c> = Pin<Box<dyn Future<Output = Answer> + 'c>>;

/// A typed query, by its name.
struct Query {
    name: &'static str,
    blocking: fn(&blocking::Client, &str) -> Answer,
    tokio: for<'c> fn(&'c Client, &'c str) -> Pending<'c>,
    /// Reads a reply and puts up with nothing that the type does not know.
    strictly: fn(&[u8]) -> qapi_rt::types::Result<()>,
}

impl Query {
    const fn of<C: Command + Decode + 'static>() -> Self {
        Self {
            name: C::NAME,
            blocking: |client, arguments| client.execute(command::<C>(arguments)).map(encode::<C>),
            tokio: |client, arguments| {
                Box::pin(async move {
                    let reply = client.execute(command::<C>(arguments)).await;
                    reply.map(encode::<C>)
                })
            },
            strictly: |reply| qapi_rt::types::from_slice::<C::Reply>(reply, Mode::Strict).map(drop),
        }
    }
}

fn command<C: Decode>(arguments: &str) -> C {
    qapi_rt::types::from_str(arguments, Mode::Strict).expect("the arguments are right")
}

#[allow(clippy::needless_pass_by_value)]
fn encode<C: Command>(reply: C::Reply) -> Vec<u8> {
    qapi_rt::types::to_vec(&reply).expect("what was decoded can be encoded")
}

/// All that were there in some release since 6.0.
#[allow(deprecated)]
const QUERIES: &[Query] = &include!(concat!(env!("OUT_DIR"), "/queries.rs"));

/// The arguments of queries that demand some. Where the machine lacks what they ask for, an error is the answer.
fn arguments(query: &str) -> Vec<Value> {
    let virtio = "/machine/peripheral/net0/virtio-backend";
    let model = json!({"name": "qemu64"});
    match query {
        "device-list-properties" | "qom-list-properties" => {
            vec![json!({"typename": "virtio-net-pci"})]
        }
        "qom-list" => vec![json!({"path": "/machine"}), json!({"path": virtio})],
        "qom-list-get" => vec![json!({"paths": ["/machine", virtio]})],
        "query-block" => vec![json!({}), json!({"flat": true})],
        "query-named-block-nodes" | "qom-list-types" => vec![json!({})],
        "query-blockstats" => vec![json!({}), json!({"query-nodes": true})],
        "query-cpu-model-expansion" => ["static", "full"]
            .map(|kind| json!({"type": kind, "model": model}))
            .into(),
        "query-cpu-model-comparison" | "query-cpu-model-baseline" => {
            vec![json!({"modela": model, "modelb": model})]
        }
        "query-rocker"
        | "query-rocker-ports"
        | "query-rocker-of-dpa-flows"
        | "query-rocker-of-dpa-groups" => vec![json!({"name": "rocker"})],
        "query-sev-attestation-report" => vec![json!({"mnonce": "AAAAAAAAAAAAAAAAAAAAAA=="})],
        "query-stats" => ["vm", "vcpu", "cryptodev"]
            .map(|target| json!({"target": target}))
            .into(),
        "trace-event-get-state" => vec![json!({"name": "*"})],
        // QEMU 11.1.3 ends at this question about a device that no vhost serves.
        "x-query-virtio-status" => vec![json!({"path": "/machine"})],
        "x-query-virtio-queue-status"
        | "x-query-virtio-vhost-queue-status"
        | "x-query-virtio-queue-element" => vec![json!({"path": virtio, "queue": 0})],
        _ => vec![json!({})],
    }
}

/// A machine with one of everything that there is something to say about without a guest.
fn rich(age: Age) -> Option<Launch> {
    let qemu = age.qemu("q35,cxl=on,cxl-fmw.0.targets.0=cxl0,cxl-fmw.0.size=256M")?;
    let disks: [PathBuf; 3] = ["disk", "drive", "stick"].map(|name| {
        let path = qemu.path(name);
        image(&path, 1 << 20);
        path
    });
    let [disk, drive, stick] = disks.each_ref().map(|path| path.display());
    let vnc = qemu.path("vnc");
    let lines = format!(
        "-S -name rich -m 256M,slots=4,maxmem=2G -smp 2,maxcpus=4,sockets=2
         -object memory-backend-ram,id=ram0,size=128M -object memory-backend-ram,id=ram1,size=128M
         -numa node,nodeid=0,memdev=ram0,cpus=0-1 -numa node,nodeid=1,memdev=ram1,cpus=2-3
         -numa dist,src=0,dst=1,val=20
         -object memory-backend-ram,id=vmem,size=128M
         -device virtio-mem-pci,id=vm0,memdev=vmem,node=0,requested-size=64M
         -object memory-backend-ram,id=dimm0m,size=128M -device pc-dimm,id=dimm0,memdev=dimm0m
         -object iothread,id=io0 -object throttle-group,id=tg0,x-iops-total=100
         -object secret,id=s0,data=letmein -object rng-random,id=rng0,filename=/dev/urandom
         -object cryptodev-backend-builtin,id=cr0 -device virtio-crypto-pci,cryptodev=cr0
         -blockdev driver=file,node-name=f0,filename={disk} -blockdev driver=raw,node-name=d0,file=f0
         -device virtio-blk-pci,drive=d0,iothread=io0,id=vb0
         -blockdev driver=null-co,node-name=n0,size=1048576
         -device virtio-scsi-pci,id=sc0 -device scsi-hd,drive=n0,id=sh0 -device scsi-cd,id=cd0
         -drive if=none,id=dr0,file={drive},format=raw,throttling.iops-total=50 -device ide-hd,drive=dr0
         -device qemu-xhci,id=xhci -device usb-tablet,bus=xhci.0 -device usb-kbd,bus=xhci.0
         -drive if=none,id=us0,file={stick},format=raw -device usb-storage,bus=xhci.0,drive=us0
         -netdev user,id=u0 -device virtio-net-pci,netdev=u0,id=net0,mac=52:54:00:00:00:01
         -netdev hubport,id=h0,hubid=0 -device e1000e,netdev=h0,id=net1
         -audiodev none,id=au0 -device ich9-intel-hda -device hda-duplex,audiodev=au0
         -device virtio-balloon-pci,id=bal0 -device virtio-rng-pci,rng=rng0
         -device virtio-serial-pci -chardev ringbuf,id=rb0,size=4096 -device virtconsole,chardev=rb0
         -device VGA,id=vga0 -vnc unix:{} -device pvpanic -device vmgenid,guid=auto -device i6300esb
         -device vmcoreinfo
         -object memory-backend-ram,id=cxlmem,size=256M -device pxb-cxl,bus_nr=12,bus=pcie.0,id=cxl0
         -device cxl-rp,port=0,bus=cxl0,id=root0,chassis=0,slot=2
         -device cxl-type3,bus=root0,volatile-memdev=cxlmem,id=cxl-vmem0",
        vnc.display()
    );
    Some(qemu.args(lines.split_whitespace()).monitors(1))
}

/// The names of the server's queries.
fn queries(commands: Vec<qmp::CommandInfo>) -> Vec<String> {
    let is_query = |name: &String| {
        ["query-", "x-query-", "qom-list"]
            .iter()
            .any(|start| name.starts_with(start))
            || ["device-list-properties", "trace-event-get-state"].contains(&name.as_str())
    };
    commands
        .into_iter()
        .map(|info| info.name)
        .filter(is_query)
        .collect()
}

/// The typed query of that name. Our types know every release.
fn query(name: &str) -> &'static Query {
    let known = QUERIES.iter().find(|query| query.name == name);
    known.unwrap_or_else(|| panic!("{name} is not among our types"))
}

/// What is wrong with an answer that the server is not to blame for. `ours`: whether the server is of the release that our
/// types are of, so that they have to know all that it says.
fn fault(query: &Query, arguments: &str, answer: Answer, ours: bool) -> Option<String> {
    let error = match answer {
        Ok(reply) if ours => (query.strictly)(&reply).err()?.to_string(),
        Ok(_) => return None,
        Err(error) if matches!(error.kind(), ErrorKind::Command(_)) => return None,
        Err(error) => format!("{error:?}"),
    };
    Some(format!("{} {arguments}: {error}", query.name))
}

fn is_ours(version: &qapi_rt::types::message::VersionTriple) -> bool {
    qapi_schema::VERSION.starts_with(&format!("{}.{}.", version.major, version.minor))
}

fn each_typed(age: Age, oob: bool) {
    let Some(launch) = rich(age) else { return };
    let server: Server = launch.start();
    let client = blocking::Client::builder()
        .deadline(DEADLINE)
        .connect_deadline(DEADLINE)
        .oob(oob)
        .connect_unix(server.monitor(0))
        .expect("the server starts");
    let ours = is_ours(&client.greeting().version.qemu);
    let names = queries(client.execute(commands::QueryCommands::new()).unwrap());
    let mut faults = Vec::new();
    let mut answered = 0;
    for name in &names {
        let query = query(name);
        for arguments in arguments(name) {
            let arguments = arguments.to_string();
            let answer = (query.blocking)(&client, &arguments);
            answered += usize::from(answer.is_ok());
            faults.extend(fault(query, &arguments, answer, ours));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(answered > names.len() / 2, "{answered} of {}", names.len());
}

async fn each_typed_on_tokio(age: Age, oob: bool) {
    let Some(launch) = rich(age) else { return };
    let server: Server = launch.start();
    let client = Client::builder()
        .deadline(DEADLINE)
        .connect_deadline(DEADLINE)
        .oob(oob)
        .connect_unix(server.monitor(0))
        .await
        .expect("the server starts");
    let ours = is_ours(&client.greeting().version.qemu);
    let names = client.execute(commands::QueryCommands::new()).await;
    let mut faults = Vec::new();
    for name in queries(names.unwrap()) {
        let query = query(&name);
        for arguments in arguments(&name) {
            let arguments = arguments.to_string();
            let answer = (query.tokio)(&client, &arguments).await;
            faults.extend(fault(query, &arguments, answer, ours));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

mod typed {
    against_each! { in_band out_of_band }

    fn in_band(age: super::Age) {
        super::each_typed(age, false);
    }

    fn out_of_band(age: super::Age) {
        super::each_typed(age, true);
    }
}

mod on_tokio {
    against_each! { async in_band async out_of_band }

    async fn in_band(age: super::Age) {
        super::each_typed_on_tokio(age, false).await;
    }

    async fn out_of_band(age: super::Age) {
        super::each_typed_on_tokio(age, true).await;
    }
}
