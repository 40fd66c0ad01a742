//! What another release changes for users of the crates, as entries for CHANGELOG.md.

use crate::releases::{Release, SCHEMAS, short};
use qapi_gen::Interface;
use qapi_gen::diff::diff;
use std::collections::BTreeSet;

/// The entries, from one release to another.
pub(crate) fn between(before: &Release, now: &Release) -> String {
    let (old, new) = (short(&before.version), short(&now.version));
    if old == new {
        return "It is the same release: nothing changed.\n".to_owned();
    }
    let mut out = format!(
        "- Types, `qapi-schema` and what servers claim: as of QEMU {new}, which was {old}.\n"
    );
    // The storage daemon shares much with QMP.
    let mut said = BTreeSet::new();
    for (index, (name, _)) in SCHEMAS.iter().enumerate() {
        let [old, new] = [before, now].map(|release| Interface::of(&release.schemas[index]));
        for change in diff(&old, &new).changes {
            let entry = format!("{} {}", change.subject, change.message());
            if said.insert(entry.clone()) {
                out += &format!("- `{name}`: {}.\n", entry.replace('\'', "`"));
            }
        }
    }
    out
}
