//! Messages as a server writes them: with a space after each colon and comma.

use std::fmt::Write;

/// What `query-status` returns.
pub fn status() -> String {
    r#"{"status": "running", "running": true}"#.to_owned()
}

/// What `query-block` returns for eleven drives, about 16 KB.
pub fn blocks() -> String {
    list(11, |out, n| {
        write!(
            out,
            concat!(
                r#"{{"io-status": "ok", "device": "", "locked": false, "removable": false, "inserted": {}, "#,
                r#""qdev": "/machine/peripheral/virtio-disk{}/virtio-backend", "type": "unknown"}}"#
            ),
            node(n),
            n
        )
    })
}

/// What `query-named-block-nodes` returns for ten nodes, about 13 KB.
pub fn nodes() -> String {
    list(10, |out, n| out.write_str(&node(n)))
}

/// An event, with its envelope.
pub fn event() -> String {
    concat!(
        r#"{"timestamp": {"seconds": 1726000321, "microseconds": 904511}, "event": "BLOCK_JOB_COMPLETED", "#,
        r#""data": {"device": "mirror-disk0", "len": 21474836480, "offset": 21474836480, "speed": 0, "type": "mirror"}}"#
    )
    .to_owned()
}

/// The arguments of `blockdev-add` for an overlay, its file, its backing image and that one's
/// file; `driver`, which selects a union's branch, is each object's first member.
pub fn blockdev_add_tag_first() -> String {
    concat!(
        r#"{"driver": "qcow2", "node-name": "disk0", "read-only": false, "discard": "unmap", "#,
        r#""cache": {"direct": true, "no-flush": false}, "#,
        r#""file": {"driver": "file", "node-name": "disk0-file", "filename": "/srv/machines/web/disk0.qcow2", "#,
        r#""aio": "native", "locking": "on", "discard": "unmap"}, "#,
        r#""backing": {"driver": "qcow2", "node-name": "base0", "read-only": true, "#,
        r#""file": {"driver": "file", "node-name": "base0-file", "filename": "/srv/images/base.qcow2", "read-only": true}}}"#
    )
    .to_owned()
}

/// The same arguments with `driver` as the last member of each object.
pub fn blockdev_add_tag_last() -> String {
    concat!(
        r#"{"node-name": "disk0", "read-only": false, "discard": "unmap", "#,
        r#""cache": {"direct": true, "no-flush": false}, "#,
        r#""file": {"node-name": "disk0-file", "filename": "/srv/machines/web/disk0.qcow2", "#,
        r#""aio": "native", "locking": "on", "discard": "unmap", "driver": "file"}, "#,
        r#""backing": {"node-name": "base0", "read-only": true, "#,
        r#""file": {"node-name": "base0-file", "filename": "/srv/images/base.qcow2", "read-only": true, "driver": "file"}, "#,
        r#""driver": "qcow2"}, "driver": "qcow2"}"#
    )
    .to_owned()
}

fn list(count: usize, mut item: impl FnMut(&mut String, usize) -> std::fmt::Result) -> String {
    let mut out = String::from("[");
    for n in 0..count {
        if n > 0 {
            out.push_str(", ");
        }
        item(&mut out, n).expect("a string takes any text");
    }
    out.push(']');
    out
}

/// A node with an overlay's image and its backing image.
fn node(n: usize) -> String {
    let overlay = format!("/srv/machines/web/disk{n}.qcow2");
    let image = image(
        &overlay,
        &format!(
            r#", "backing-filename-format": "qcow2", "backing-filename": "base{n}.qcow2", "full-backing-filename": "/srv/machines/web/base{n}.qcow2""#
        ),
        &image(&format!("/srv/machines/web/base{n}.qcow2"), "", ""),
    );
    format!(
        concat!(
            r#"{{"iops_rd": 0, "detect_zeroes": "off", "active": true, "image": {image}, "iops_wr": 0, "#,
            r#""ro": false, "children": [{{"node-name": "disk{n}-file", "child": "file"}}, "#,
            r#"{{"node-name": "base{n}", "child": "backing"}}], "node-name": "disk{n}", "#,
            r#""backing_file_depth": 1, "drv": "qcow2", "iops": 0, "bps_wr": 0, "write_threshold": 0, "#,
            r#""backing_file": "base{n}.qcow2", "encrypted": false, "bps": 0, "bps_rd": 0, "#,
            r#""cache": {{"no-flush": false, "direct": true, "writeback": true}}, "file": "{overlay}"}}"#
        ),
        image = image,
        n = n,
        overlay = overlay
    )
}

fn image(file: &str, overlay_of: &str, backing: &str) -> String {
    let backing = match backing {
        "" => String::new(),
        image => format!(r#""backing-image": {image}, "#),
    };
    format!(
        concat!(
            r#"{{{backing}"virtual-size": 21474836480, "filename": "{file}", "cluster-size": 65536, "#,
            r#""format": "qcow2", "actual-size": 3221229568, "format-specific": {{"type": "qcow2", "#,
            r#""data": {{"compat": "1.1", "compression-type": "zlib", "lazy-refcounts": false, "#,
            r#""refcount-bits": 16, "corrupt": false, "extended-l2": false}}}}{overlay_of}, "dirty-flag": false}}"#
        ),
        backing = backing,
        file = file,
        overlay_of = overlay_of
    )
}
