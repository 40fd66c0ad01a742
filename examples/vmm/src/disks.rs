//! Block nodes, which devices take their contents from.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use qapi_rt::service::Result;
use qapi_rt::types::ErrorReply;
use qapi_rt::types::qmp::{
    BlockDeviceInfo, BlockdevCacheInfo, BlockdevDetectZeroesOptions, BlockdevOptions,
    BlockdevOptionsBranch, BlockdevRef, ImageInfo,
};

/// The nodes of a machine, by name.
#[derive(Default)]
pub(crate) struct Disks(BTreeMap<String, Node>);

struct Node {
    driver: String,
    /// Where the contents come from in the end.
    filename: String,
    read_only: bool,
    /// The node below it.
    below: Option<String>,
}

impl Disks {
    /// Adds a node: a file, or a format over a file that was added before.
    pub(crate) fn add(&mut self, wish: BlockdevOptions) -> Result<()> {
        let driver = wish.driver().to_owned();
        let (below, filename) = match wish.u {
            BlockdevOptionsBranch::File(file) => (None, file.filename),
            BlockdevOptionsBranch::Raw(raw) => self.below(raw.file)?,
            BlockdevOptionsBranch::Qcow2(qcow2) => self.below(qcow2.file)?,
            _ => {
                let what = format!("This machine cannot use driver '{driver}'");
                return Err(ErrorReply::generic(what));
            }
        };
        let Some(name) = wish.node_name else {
            let what = "'node-name' must be specified for the root node";
            return Err(ErrorReply::generic(what));
        };
        match self.0.entry(name) {
            Entry::Occupied(_) => Err(ErrorReply::generic("Duplicate nodes with that node-name")),
            Entry::Vacant(free) => {
                let read_only = wish.read_only.unwrap_or(false);
                free.insert(Node {
                    driver,
                    filename,
                    read_only,
                    below,
                });
                Ok(())
            }
        }
    }

    fn below(&self, file: BlockdevRef) -> Result<(Option<String>, String)> {
        match file {
            BlockdevRef::Reference(name) => {
                let filename = self.find(&name)?.filename.clone();
                Ok((Some(name), filename))
            }
            _ => Err(ErrorReply::generic(
                "This machine wants each node to be added by itself",
            )),
        }
    }

    fn find(&self, name: &str) -> Result<&Node> {
        self.0.get(name).ok_or_else(|| {
            let what = format!("Failed to find node with node-name='{name}'");
            ErrorReply::generic(what)
        })
    }

    /// Takes one away that no device and no other node uses.
    pub(crate) fn remove(&mut self, name: &str, used: bool) -> Result<()> {
        self.find(name)?;
        if used
            || self
                .0
                .values()
                .any(|node| node.below.as_deref() == Some(name))
        {
            return Err(ErrorReply::generic(format!("Node {name} is in use")));
        }
        self.0.remove(name);
        Ok(())
    }

    pub(crate) fn info(&self, name: &str) -> Option<BlockDeviceInfo> {
        Some(self.0.get(name)?.info(name))
    }

    pub(crate) fn list(&self) -> Vec<BlockDeviceInfo> {
        self.0.iter().map(|(name, node)| node.info(name)).collect()
    }
}

impl Node {
    fn info(&self, name: &str) -> BlockDeviceInfo {
        let size = std::fs::metadata(&self.filename).map_or(0, |file| file.len() as i64);
        let image = ImageInfo::new(&self.filename, &self.driver, size);
        let cache = BlockdevCacheInfo::new(true, false, false);
        let zeroes = BlockdevDetectZeroesOptions::Off;
        BlockDeviceInfo::new(
            &self.filename,
            name,
            self.read_only,
            &self.driver,
            0,
            [],
            true,
            false,
            zeroes,
            0,
            0,
            0,
            0,
            0,
            0,
            image,
            cache,
            0,
        )
    }
}
