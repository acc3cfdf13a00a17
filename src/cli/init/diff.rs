//! What changes between two texts, line by line, as people know it.

/// Lines around a change that are shown.
const AROUND: usize = 2;
/// More lines than this are not compared one with the other: the table would not fit.
const MOST: usize = 3_000;

/// Returns the lines that go (`-`), come (`+`) and stay around them; nothing when the texts are the same.
pub(super) fn diff(before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    if old == new {
        return String::new();
    }
    let edits = if old.len().max(new.len()) > MOST {
        old.iter().map(|line| ('-', *line)).chain(new.iter().map(|line| ('+', *line))).collect()
    } else {
        edits(&old, &new)
    };
    let near = |index: usize| {
        let (from, to) = (index.saturating_sub(AROUND), (index + AROUND + 1).min(edits.len()));
        edits[from..to].iter().any(|(mark, _)| *mark != ' ')
    };
    let mut text = String::new();
    let mut left_out = false;
    for (index, (mark, line)) in edits.iter().enumerate() {
        if near(index) {
            text.push_str(&format!("{mark} {line}\n"));
            left_out = false;
        } else if !left_out {
            text.push_str("  ...\n");
            left_out = true;
        }
    }
    text
}

/// The longest common run of lines stays; everything else goes or comes.
fn edits<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<(char, &'t str)> {
    let width = new.len() + 1;
    let mut longest = vec![0_u32; (old.len() + 1) * width];
    for row in (0..old.len()).rev() {
        for column in (0..new.len()).rev() {
            longest[row * width + column] = if old[row] == new[column] {
                longest[(row + 1) * width + column + 1] + 1
            } else {
                longest[(row + 1) * width + column].max(longest[row * width + column + 1])
            };
        }
    }
    let (mut row, mut column) = (0, 0);
    let mut edits = Vec::new();
    while row < old.len() || column < new.len() {
        if row < old.len() && column < new.len() && old[row] == new[column] {
            edits.push((' ', old[row]));
            (row, column) = (row + 1, column + 1);
        } else if column == new.len()
            || row < old.len() && longest[(row + 1) * width + column] >= longest[row * width + column + 1]
        {
            edits.push(('-', old[row]));
            row += 1;
        } else {
            edits.push(('+', new[column]));
            column += 1;
        }
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_is_shown_with_its_neighbours() {
        assert_eq!(diff("a\nb\n", "a\nb\n"), "");
        assert_eq!(diff("", "a\n"), "+ a\n");
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n";
        assert_eq!(diff(before, "1\n2\n3\n4\nfive\n6\n7\n8\n"), "  ...\n  3\n  4\n- 5\n+ five\n  6\n  7\n  ...\n");
        assert_eq!(diff("a\nb\nc\n", "b\nc\nd\n"), "- a\n  b\n  c\n+ d\n");
    }
}
