//! Finds the name that somebody probably meant.

/// The candidate that is nearest to a text, when one is near enough to be a misspelling of it.
pub(super) fn closest<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let length = text.chars().count();
    let limit = (length / 3).max(1);
    // Each character more or less is an edit of its own.
    candidates
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= limit)
        .map(|candidate| (distance(text, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edits between two texts: one character put in, left out, exchanged, or swapped with its neighbour. This is the optimal
/// string alignment distance (Boytsov, "Indexing methods for approximate dictionary searching", 2011, section 2.1).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    let mut last_left = None;
    for (row, l) in left.chars().enumerate() {
        let mut current = vec![row + 1];
        let mut last_right = None;
        for (column, r) in right.iter().copied().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX - 1);
            let mut cost = at(&above, column) + usize::from(l != r);
            cost = cost.min(at(&above, column + 1) + 1).min(at(&current, column) + 1);
            if last_left == Some(r) && last_right == Some(l) && column > 0 {
                cost = cost.min(at(&before, column - 1) + 1);
            }
            current.push(cost);
            last_right = Some(r);
        }
        before = std::mem::replace(&mut above, current);
        last_left = Some(l);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_edits() {
        for (left, right, edits) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("", "ab", 2),
            ("defualt", "default", 1),
            ("comand", "command", 1),
            ("a", "b", 1),
        ] {
            assert_eq!(distance(left, right), edits, "{left} {right}");
        }
    }

    #[test]
    fn only_a_misspelling_has_a_closest_name() {
        let names = || ["decision", "program", "command"].into_iter();
        assert_eq!(closest("comand", names()), Some("command"));
        assert_eq!(closest("desicion", names()), Some("decision"));
        assert_eq!(closest("colour", names()), None);
    }
}
