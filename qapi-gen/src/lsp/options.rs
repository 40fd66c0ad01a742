//! What the client has the server do, beside the command line.

use super::{Options, uri};
use serde_json::Value;
use std::path::{Path, PathBuf};

const KEYS: [&str; 3] = ["roots", "includePath", "legacy"];

/// The options, with those that the client has for its workspace, and what is wrong with any of them.
pub(super) fn configured(options: &Options, params: &Value) -> (Options, Vec<String>) {
    let mut options = options.clone();
    let mut warnings = Vec::new();
    let given = &params["initializationOptions"];
    if !given.is_null() && !given.is_object() {
        warnings.push(format!("initializationOptions are an object, not {given}"));
    }
    let keys = given.as_object().into_iter().flat_map(|given| given.keys());
    warnings.extend(keys.filter(|key| !KEYS.contains(&key.as_str())).map(|key| {
        let like = crate::suggest::closest(key, &mut KEYS.into_iter());
        let like = like.map_or_else(
            || format!("there are {}", KEYS.join(", ")),
            |like| format!("did you mean '{like}'?"),
        );
        format!("there is no option '{key}'; {like}")
    }));
    let folder = params["rootUri"]
        .as_str()
        .or_else(|| params["workspaceFolders"][0]["uri"].as_str())
        .map(uri::to_path)
        .unwrap_or_default();
    let roots = paths(given, "roots", &folder, &mut warnings);
    options.roots.extend(roots);
    let folders = paths(given, "includePath", &folder, &mut warnings);
    options.include_path.extend(folders);
    match &given["legacy"] {
        Value::Null => {}
        Value::Bool(legacy) => options.legacy |= legacy,
        other => warnings.push(format!("the option 'legacy' is true or false, not {other}")),
    }
    warnings.extend(options.roots.iter().filter_map(|root| unreadable(root)));
    (options, warnings)
}

/// The paths that an option lists, which are relative to the folder.
fn paths(given: &Value, key: &str, folder: &Path, warnings: &mut Vec<String>) -> Vec<PathBuf> {
    let list = match &given[key] {
        Value::Null => return Vec::new(),
        Value::Array(list) => list,
        other => {
            warnings.push(format!(
                "the option '{key}' is a list of paths, not {other}"
            ));
            return Vec::new();
        }
    };
    let mut paths = Vec::new();
    for path in list {
        match path.as_str() {
            Some(path) => paths.push(folder.join(path)),
            None => warnings.push(format!("the option '{key}' has {path}, which is no path")),
        }
    }
    paths
}

/// Why a root file is of no use, as long as it is so.
fn unreadable(root: &Path) -> Option<String> {
    let reason = match std::fs::metadata(root) {
        Ok(found) if found.is_file() => return None,
        Ok(_) => "it is no file".to_owned(),
        Err(error) => error.to_string(),
    };
    let root = root.display();
    Some(format!("the root file '{root}' is not used: {reason}"))
}
