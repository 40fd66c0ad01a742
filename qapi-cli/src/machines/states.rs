//! Whether somebody is connected to a socket.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use super::Socket;

/// What the kernel says of Unix sockets that have a path.
pub(super) struct States(Vec<Row>);

struct Row {
    inode: String,
    is_connected: bool,
    /// As it was bound.
    path: String,
}

impl States {
    pub(super) fn read() -> Self {
        let table = fs::read_to_string("/proc/net/unix").unwrap_or_default();
        let rows = table.lines().skip(1).filter_map(|line| {
            let fields: Vec<_> = line.split_whitespace().collect();
            // Number, references, protocol, flags, type, state, inode, path.
            let [_, _, _, _, _, state, inode, path] = fields[..] else {
                return None;
            };
            Some(Row {
                inode: inode.to_owned(),
                is_connected: state == "03",
                path: path.to_owned(),
            })
        });
        Self(rows.collect())
    }

    /// A server has one client at a time.
    pub(super) fn of(&self, socket: &Socket) -> &'static str {
        let is_it = |row: &&Row| row.path == socket.address;
        let mut rows: Vec<_> = self.0.iter().filter(is_it).collect();
        if rows.is_empty() {
            rows = self.relative(socket);
        }
        match rows.iter().any(|row| row.is_connected) {
            true => "in use",
            // In another namespace, or no Unix socket.
            false if rows.is_empty() => "unknown",
            false => "free",
        }
    }

    /// Those that the process bound by a relative path, which others may have bound elsewhere.
    fn relative(&self, socket: &Socket) -> Vec<&Row> {
        let Some(process) = socket.process else {
            return Vec::new();
        };
        let process = format!("/proc/{process}");
        let directory = fs::read_link(format!("{process}/cwd")).unwrap_or_default();
        let address = Path::new(&socket.address);
        let is_it = |row: &&Row| address == directory.join(&row.path);
        let mut rows: Vec<_> = self.0.iter().filter(is_it).collect();
        if rows.is_empty() {
            return rows;
        }
        let files = fs::read_dir(format!("{process}/fd"));
        let links = files.into_iter().flatten().flatten();
        let links = links.filter_map(|file| fs::read_link(file.path()).ok());
        let open: HashSet<_> = links.collect();
        rows.retain(|row| open.contains(Path::new(&format!("socket:[{}]", row.inode))));
        rows
    }
}
