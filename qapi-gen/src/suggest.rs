//! "Did you mean …".

/// The candidate closest to what was written, if any is close enough to be a likely slip.
pub(crate) fn closest<'a>(
    written: &str,
    candidates: &mut dyn Iterator<Item = &'a str>,
) -> Option<&'a str> {
    // Long inputs are no slips of the keyboard, and the distance costs their product.
    if written.len() > 80 {
        return None;
    }
    let limit = (written.len() / 3).max(1);
    let folded = folded(written);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let bound = best.map_or(limit, |(distance, _)| distance - 1);
        if written.len().abs_diff(candidate.len()) > bound {
            continue;
        }
        let distance = strsim::osa_distance(&folded, &self::folded(candidate));
        if distance <= bound {
            best = Some((distance, candidate));
        }
        if distance == 0 {
            break;
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// A name as far as slips in it count: not by case, nor by `-` or `_`.
fn folded(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let long = "x".repeat(100);
        let names = ["BlockdevOptions", "block_info", "StatusInfo", &long];
        let closest = |written: &str| super::closest(written, &mut names.into_iter());
        assert_eq!(closest("BlockdevOption"), Some("BlockdevOptions"));
        assert_eq!(closest("StatsuInfo"), Some("StatusInfo"));
        assert_eq!(closest("block-info"), Some("block_info"));
        assert_eq!(closest("Chardev"), None);
        assert_eq!(closest(""), None);
        assert_eq!(closest(&long), None);
    }
}
