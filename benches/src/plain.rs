//! What somebody would write by hand for the sample messages, with serde's derive: exactly the
//! members that occur, and unions as flat as can be.

#![allow(missing_docs)]

use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub struct Status {
    pub status: RunState,
    pub running: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    Debug,
    Inmigrate,
    InternalError,
    IoError,
    Paused,
    Postmigrate,
    Prelaunch,
    FinishMigrate,
    RestoreVm,
    Running,
    SaveVm,
    Shutdown,
    Suspended,
    Watchdog,
    GuestPanicked,
    Colo,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Block {
    pub device: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qdev: Option<String>,
    pub r#type: String,
    pub removable: bool,
    pub locked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inserted: Option<Node>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub io_status: Option<IoStatus>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IoStatus {
    Ok,
    Failed,
    Nospace,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Node {
    pub file: String,
    #[serde(rename = "node-name")]
    pub node_name: String,
    pub ro: bool,
    pub drv: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backing_file: Option<String>,
    pub backing_file_depth: i64,
    pub children: Vec<Child>,
    pub active: bool,
    pub encrypted: bool,
    pub detect_zeroes: DetectZeroes,
    pub bps: i64,
    pub bps_rd: i64,
    pub bps_wr: i64,
    pub iops: i64,
    pub iops_rd: i64,
    pub iops_wr: i64,
    pub image: Image,
    pub cache: Cache,
    pub write_threshold: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DetectZeroes {
    Off,
    On,
    Unmap,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Child {
    pub child: String,
    pub node_name: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Cache {
    pub writeback: bool,
    pub direct: bool,
    pub no_flush: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Image {
    pub filename: String,
    pub format: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dirty_flag: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual_size: Option<i64>,
    pub virtual_size: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_size: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backing_filename: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_backing_filename: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backing_filename_format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format_specific: Option<FormatSpecific>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backing_image: Option<Box<Image>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "kebab-case")]
pub enum FormatSpecific {
    Qcow2(Qcow2),
    File {},
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Qcow2 {
    pub compat: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_l2: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lazy_refcounts: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrupt: Option<bool>,
    pub refcount_bits: i64,
    pub compression_type: Compression,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compression {
    Zlib,
    Zstd,
}

/// An event of which it is known beforehand which one it is.
#[derive(Debug, Serialize, Deserialize)]
pub struct KnownEvent {
    pub timestamp: Timestamp,
    pub event: String,
    pub data: JobEnded,
}

/// Any of some events.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AnyEvent {
    Stop {
        timestamp: Timestamp,
    },
    BlockJobCancelled {
        timestamp: Timestamp,
        data: JobEnded,
    },
    BlockJobCompleted {
        timestamp: Timestamp,
        data: JobEnded,
    },
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Timestamp {
    pub seconds: i64,
    pub microseconds: i64,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct JobEnded {
    pub r#type: JobType,
    pub device: String,
    pub len: i64,
    pub offset: i64,
    pub speed: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobType {
    Commit,
    Stream,
    Mirror,
    Backup,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "driver", rename_all = "kebab-case")]
pub enum BlockdevOptions {
    #[serde(rename_all = "kebab-case")]
    Qcow2 {
        #[serde(skip_serializing_if = "Option::is_none")]
        node_name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        read_only: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        discard: Option<Discard>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache: Option<CacheOptions>,
        file: Box<BlockdevOptions>,
        #[serde(skip_serializing_if = "Option::is_none")]
        backing: Option<Box<BlockdevOptions>>,
    },
    #[serde(rename_all = "kebab-case")]
    File {
        #[serde(skip_serializing_if = "Option::is_none")]
        node_name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        read_only: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        discard: Option<Discard>,
        filename: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        aio: Option<Aio>,
        #[serde(skip_serializing_if = "Option::is_none")]
        locking: Option<OnOffAuto>,
    },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CacheOptions {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direct: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_flush: Option<bool>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Discard {
    Ignore,
    Unmap,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aio {
    Threads,
    Native,
    IoUring,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnOffAuto {
    Auto,
    On,
    Off,
}
