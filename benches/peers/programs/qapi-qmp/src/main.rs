//! Attaches a disk to a machine and detaches it; replies come on standard input.

use qapi_qmp::{
    BlockdevOptions, BlockdevOptionsBase, BlockdevOptionsFile, BlockdevOptionsGenericFormat,
    BlockdevOptionsQcow2, BlockdevRef, QmpMessage,
};
use qapi_spec::{Any, Command, Execute};
use std::error::Error;
use std::io::stdin;

fn main() -> Result<(), Box<dyn Error>> {
    call(qapi_qmp::qmp_capabilities { enable: None })?;
    let version = call(qapi_qmp::query_version {})?;
    eprintln!("QEMU {}.{}", version.qemu.major, version.qemu.minor);
    let status = call(qapi_qmp::query_status {})?;
    if status.running {
        call(qapi_qmp::stop {})?;
    }
    call(qapi_qmp::blockdev_add(disk()))?;
    let bus = "pcie-root-port-1".to_owned();
    let properties = [("drive".to_owned(), "disk0".into())];
    call(qapi_qmp::device_add::new(
        "virtio-blk-pci",
        "d0".to_owned(),
        bus,
        properties,
    ))?;
    call(qapi_qmp::cont {})?;
    for block in call(qapi_qmp::query_block {})? {
        let node = block.inserted.and_then(|inserted| inserted.node_name);
        eprintln!("{}: {}", block.device, node.unwrap_or_default());
    }
    call(qapi_qmp::device_del {
        id: "d0".to_owned(),
    })?;
    call(qapi_qmp::blockdev_del {
        node_name: "disk0".to_owned(),
    })?;
    Ok(())
}

fn disk() -> BlockdevOptions {
    let file = BlockdevOptions::file {
        base: base(None),
        file: BlockdevOptionsFile {
            aio: None,
            aio_max_batch: None,
            drop_cache: None,
            locking: None,
            pr_manager: None,
            x_check_cache_dropped: None,
            filename: "disk0.qcow2".to_owned(),
        },
    };
    BlockdevOptions::qcow2 {
        base: base(Some("disk0".to_owned())),
        qcow2: BlockdevOptionsQcow2 {
            base: qapi_qmp::BlockdevOptionsGenericCOWFormat {
                base: BlockdevOptionsGenericFormat {
                    file: BlockdevRef::definition(Box::new(file)),
                },
                backing: None,
            },
            cache_clean_interval: None,
            cache_size: None,
            data_file: None,
            discard_no_unref: None,
            encrypt: None,
            l2_cache_entry_size: None,
            l2_cache_size: None,
            lazy_refcounts: None,
            overlap_check: None,
            pass_discard_other: None,
            pass_discard_request: None,
            pass_discard_snapshot: None,
            refcount_cache_size: None,
        },
    }
}

fn base(node_name: Option<String>) -> BlockdevOptionsBase {
    BlockdevOptionsBase {
        auto_read_only: None,
        cache: None,
        detect_zeroes: None,
        discard: None,
        force_share: None,
        node_name,
        read_only: None,
    }
}

fn call<C: Command>(command: C) -> Result<C::Ok, Box<dyn Error>> {
    let request: Execute<C, u32> = Execute::with_command(command);
    let reply = exchange(&serde_json::to_string(&request)?)?;
    Ok(serde_json::from_value(reply)?)
}

/// Apart from `call`, so that it is not compiled for each command.
fn exchange(request: &str) -> Result<Any, Box<dyn Error>> {
    println!("{request}");
    loop {
        let mut line = String::new();
        if stdin().read_line(&mut line)? == 0 {
            return Err("the connection ended".into());
        }
        match serde_json::from_str::<QmpMessage<Any>>(&line)? {
            QmpMessage::Event(event) => eprintln!("{event:?}"),
            QmpMessage::Response(response) => return Ok(response.result()?),
        }
    }
}
