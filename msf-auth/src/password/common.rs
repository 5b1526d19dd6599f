//! The passwords that everybody has.

use std::cmp::Ordering;

/// About 5000 passwords of 8 and more characters that are used most, in lower case, sorted by bytes, one a line.
///
/// Composed from published frequency lists: the first 5000 of that length of the 10 million of 2015, and of the yearly lists of
/// 2023 and 2025.
const COMMON: &str = include_str!("common_passwords.txt");
const LONGEST: usize = 32;

/// Whether `password` is on the list, in any case.
pub(super) fn is_common(password: &str) -> bool {
    if password.len() > LONGEST {
        return false;
    }
    let wanted = password.to_lowercase();
    let (mut start, mut end) = (0, COMMON.len());
    while start < end {
        let (line_start, line_end) = line_around(start + (end - start) / 2);
        match COMMON[line_start..line_end].cmp(&wanted) {
            Ordering::Equal => return true,
            Ordering::Less => start = line_end + 1,
            Ordering::Greater => end = line_start,
        }
    }
    false
}

/// The bounds of the line that the byte at `at` belongs to; a line feed belongs to the line that it ends.
fn line_around(at: usize) -> (usize, usize) {
    let bytes = COMMON.as_bytes();
    let is_end = |byte: &u8| *byte == b'\n';
    let start = bytes[..at]
        .iter()
        .rposition(is_end)
        .map_or(0, |end| end + 1);
    let length = bytes[start..].iter().position(is_end);
    (start, length.map_or(bytes.len(), |length| start + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_in_lower_case_long_enough_and_found() {
        let lines: Vec<_> = COMMON.lines().collect();
        assert!(lines.len() >= 5000, "{}", lines.len());
        assert!(lines.is_sorted_by(|a, b| a < b));
        assert!(COMMON.ends_with('\n') && !COMMON.contains('\r'));
        for line in lines {
            assert!(line.chars().count() >= 8 && line.len() <= LONGEST, "{line}");
            assert_eq!(line.to_lowercase(), line);
            assert!(is_common(line), "{line}");
            assert!(is_common(&line.to_uppercase()), "{line}");
            let longer = format!("{line}~");
            assert_eq!(
                is_common(&longer),
                COMMON.lines().any(|line| line == longer)
            );
        }
    }

    #[test]
    fn what_is_not_a_whole_line_is_not_common() {
        for other in [
            "",
            "footbal",
            "assword1",
            "\n",
            "password\n",
            "password\npassword1",
            "zzzzzzzzzzzzzzzz",
            "\u{1}",
            "\u{ff}",
        ] {
            assert!(!is_common(other), "{other:?}");
        }
    }
}
