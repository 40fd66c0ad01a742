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
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let bound = best.map_or(limit, |(d, _)| d - 1);
        if let Some(d) = distance(written.as_bytes(), candidate.as_bytes(), bound) {
            best = Some((d, candidate));
            if d == 0 {
                break;
            }
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Edit distance with transpositions, ignoring case and `-` versus `_`, if at most `bound`.
fn distance(a: &[u8], b: &[u8], bound: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > bound {
        return None;
    }
    let fold = |c: u8| match c {
        b'_' => b'-',
        c => c.to_ascii_lowercase(),
    };
    let mut before = Vec::new();
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, &y) in b.iter().enumerate() {
            let (x, y) = (fold(x), fold(y));
            let mut d = (previous[j] + usize::from(x != y))
                .min(previous[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && x == fold(b[j - 1]) && y == fold(a[i - 1]) {
                let crossed: &Vec<usize> = &before;
                d = d.min(crossed[j - 1] + 1);
            }
            row[j + 1] = d;
        }
        if row.iter().min().is_some_and(|&d| d > bound) {
            return None;
        }
        before = std::mem::replace(&mut previous, row);
    }
    Some(previous[b.len()]).filter(|&d| d <= bound)
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
