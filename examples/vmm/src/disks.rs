//! Block nodes, which devices take their contents from.

use std::collections::BTreeMap;

use qapi_rt::service::Result;
use qapi_rt::types::ErrorReply;
use qapi_rt::types::qmp::{
    BlockDeviceInfo, BlockdevCacheInfo, BlockdevDetectZeroesOptions, BlockdevOptions,
    BlockdevOptionsBranch, BlockdevRef, ImageInfo,
};

/// The nodes of a machine, by name.
#[derive(Default)]
pub(crate) struct Disks {
    nodes: BTreeMap<String, Node>,
    /// How many were named by this machine so far.
    unnamed: usize,
}

struct Node {
    driver: String,
    /// Where the contents come from in the end.
    filename: String,
    read_only: bool,
    /// The node below it.
    below: Option<String>,
    /// Whether it came with the node above it, and goes with that.
    nested: bool,
}

impl Disks {
    /// Adds a node, a file or a format over one, and those that are defined within it.
    pub(crate) fn add(&mut self, wish: BlockdevOptions) -> Result<()> {
        let Some(name) = wish.node_name.clone() else {
            let what = "'node-name' must be specified for the root node";
            return Err(ErrorReply::generic(what));
        };
        let mut new = BTreeMap::new();
        self.plan(name, wish, false, &mut new)?;
        self.nodes.append(&mut new);
        Ok(())
    }

    /// Collects a node and those below it, so that all or none are added. Gives where the contents come from.
    fn plan(
        &mut self,
        name: String,
        wish: BlockdevOptions,
        nested: bool,
        new: &mut BTreeMap<String, Node>,
    ) -> Result<String> {
        let driver = wish.driver().to_owned();
        let (below, filename) = match wish.u {
            BlockdevOptionsBranch::File(file) => (None, file.filename),
            BlockdevOptionsBranch::Raw(raw) => self.below(raw.file, new)?,
            BlockdevOptionsBranch::Qcow2(qcow2) => self.below(qcow2.file, new)?,
            _ => {
                let what = format!("This machine cannot use driver '{driver}'");
                return Err(ErrorReply::generic(what));
            }
        };
        let is_ours = nested && wish.node_name.is_none();
        if name.starts_with('#') && !is_ours {
            return Err(ErrorReply::generic(format!("Invalid node-name: '{name}'")));
        }
        if self.nodes.contains_key(&name) || new.contains_key(&name) {
            let what = format!("Duplicate nodes with node-name='{name}'");
            return Err(ErrorReply::generic(what));
        }
        let node = Node {
            driver,
            filename: filename.clone(),
            read_only: wish.read_only.unwrap_or(false),
            below,
            nested,
        };
        new.insert(name, node);
        Ok(filename)
    }

    /// The node that another one is over, and where its contents come from.
    fn below(
        &mut self,
        file: BlockdevRef,
        new: &mut BTreeMap<String, Node>,
    ) -> Result<(Option<String>, String)> {
        match file {
            BlockdevRef::Reference(name) => {
                let filename = self.find(&name)?.filename.clone();
                Ok((Some(name), filename))
            }
            BlockdevRef::Definition(wish) => {
                let name = match &wish.node_name {
                    Some(name) => name.clone(),
                    None => self.invent(),
                };
                let filename = self.plan(name.clone(), *wish, true, new)?;
                Ok((Some(name), filename))
            }
            _ => Err(ErrorReply::generic("This machine needs a file")),
        }
    }

    /// A name that no client has given.
    fn invent(&mut self) -> String {
        self.unnamed += 1;
        format!("#block{:03}", self.unnamed)
    }

    fn find(&self, name: &str) -> Result<&Node> {
        self.nodes.get(name).ok_or_else(|| {
            let what = format!("Failed to find node with node-name='{name}'");
            ErrorReply::generic(what)
        })
    }

    /// Takes one away that no device and no other node uses, and what came with it.
    pub(crate) fn remove(&mut self, name: &str, has_device: impl Fn(&str) -> bool) -> Result<()> {
        if self.find(name)?.nested {
            let what = format!("Node {name} is not owned by the monitor");
            return Err(ErrorReply::generic(what));
        }
        if self.is_used(name, &has_device) {
            return Err(ErrorReply::generic(format!("Node {name} is in use")));
        }
        let mut gone = self.nodes.remove(name);
        while let Some(below) = gone.take().and_then(|node| node.below) {
            if self.nodes[&below].nested && !self.is_used(&below, &has_device) {
                gone = self.nodes.remove(&below);
            }
        }
        Ok(())
    }

    fn is_used(&self, name: &str, has_device: impl Fn(&str) -> bool) -> bool {
        let mut nodes = self.nodes.values();
        has_device(name) || nodes.any(|node| node.below.as_deref() == Some(name))
    }

    pub(crate) fn info(&self, name: &str) -> Option<BlockDeviceInfo> {
        Some(self.nodes.get(name)?.info(name))
    }

    pub(crate) fn list(&self) -> Vec<BlockDeviceInfo> {
        let nodes = self.nodes.iter();
        nodes.map(|(name, node)| node.info(name)).collect()
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
