//! Patterns that choose definitions by name.

/// A pattern in which `*` stands for any text and `?` for any character.
#[derive(Clone, Debug)]
pub(crate) struct Glob(String);

impl Glob {
    pub(crate) fn new(pattern: impl Into<String>) -> Glob {
        Glob(pattern.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the pattern covers the whole name.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let (pattern, name) = (self.0.as_bytes(), name.as_bytes());
        let (mut p, mut n) = (0, 0);
        // Where to go on after a mismatch: behind the last star, which takes one more character.
        let mut retry: Option<(usize, usize)> = None;
        while n < name.len() {
            match pattern.get(p) {
                Some(b'*') => {
                    retry = Some((p + 1, n));
                    p += 1;
                }
                Some(&c) if c == b'?' || c == name[n] => (p, n) = (p + 1, n + 1),
                _ => match retry {
                    Some((after, taken)) => {
                        retry = Some((after, taken + 1));
                        (p, n) = (after, taken + 1);
                    }
                    None => return false,
                },
            }
        }
        pattern[p..].iter().all(|&c| c == b'*')
    }

    /// Whether the pattern covers a path, or the end of it from the start of a component on.
    pub(crate) fn matches_path(&self, path: &str) -> bool {
        let starts = path.match_indices('/').map(|(i, _)| i + 1);
        std::iter::once(0)
            .chain(starts)
            .any(|start| self.matches(&path[start..]))
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn stars_take_any_text() {
        let matches = |pattern: &str, name: &str| Glob::new(pattern).matches(name);
        assert!(matches("query-*", "query-status"));
        assert!(matches("*", ""));
        assert!(matches("*-a*b", "x-a-ab"));
        assert!(matches("qu?ry-status", "query-status"));
        assert!(!matches("query", "query-status"));
        assert!(!matches("query-*s", "query-status-x"));
        assert!(!matches("", "a"));
        assert!(!matches(&"*a".repeat(40), &"a".repeat(39)));
    }

    #[test]
    fn a_path_may_have_more_in_front() {
        let glob = Glob::new("qapi/block*.json");
        assert!(glob.matches_path("../../qapi/block-core.json"));
        assert!(glob.matches_path("qapi/block.json"));
        assert!(!glob.matches_path("otherqapi/block.json"));
    }
}
