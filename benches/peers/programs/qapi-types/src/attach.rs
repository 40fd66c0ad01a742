//! The commands; replies come on standard input.

use crate::qmp::{BlockdevOptions, BlockdevOptionsFile, BlockdevOptionsQcow2, Event, commands};
use qapi_types::message::{Raw, ServerMessage, write_request};
use qapi_types::{Command, Events, Mode, Style, Writer};
use std::error::Error;
use std::io::stdin;

pub fn run() -> Result<(), Box<dyn Error>> {
    call(&commands::QmpCapabilities::new())?;
    let version = call(&commands::QueryVersion::new())?;
    eprintln!("QEMU {}.{}", version.qemu.major, version.qemu.minor);
    let status = call(&commands::QueryStatus::new())?;
    if status.running {
        call(&commands::Stop::new())?;
    }
    call(&commands::BlockdevAdd::new(disk()))?;
    let mut device = commands::DeviceAdd::new("virtio-blk-pci")
        .id("d0")
        .bus("pcie-root-port-1");
    device.extra.insert("drive".to_owned(), "disk0".into());
    call(&device)?;
    call(&commands::Cont::new())?;
    for block in call(&commands::QueryBlock::new())? {
        let node = block.inserted.map(|inserted| inserted.node_name);
        eprintln!("{}: {:?}", block.device, node);
    }
    call(&commands::DeviceDel::new("d0"))?;
    call(&commands::BlockdevDel::new("disk0"))?;
    Ok(())
}

fn disk() -> BlockdevOptions {
    let file = BlockdevOptions::new(BlockdevOptionsFile::new("disk0.qcow2"));
    BlockdevOptions::new(BlockdevOptionsQcow2::new(file)).node_name("disk0")
}

fn call<C: Command>(command: &C) -> Result<C::Reply, Box<dyn Error>> {
    let mut request = Vec::new();
    let mut writer = Writer::new(&mut request, Style::Compact);
    write_request(&mut writer, command, None::<&u32>, false);
    writer.finish()?;
    let reply = exchange(String::from_utf8(request)?)?;
    Ok(Raw::from_text(&reply).decode(Mode::Lenient)?)
}

/// Apart from `call`, so that it is not compiled for each command.
fn exchange(request: String) -> Result<String, Box<dyn Error>> {
    println!("{request}");
    loop {
        let mut line = String::new();
        if stdin().read_line(&mut line)? == 0 {
            return Err("the connection ended".into());
        }
        match ServerMessage::parse(line.as_bytes())? {
            ServerMessage::Return { value, .. } => return Ok(value.text().to_owned()),
            ServerMessage::Error { error, .. } => return Err(error.desc.into()),
            ServerMessage::Event(event) => {
                eprintln!("{:?}", <Event as Events>::decode(&event.name, event.data)?);
            }
            _ => {}
        }
    }
}
