//! Questions at a terminal. Enter leaves a thing open, the end of input ends everything.

use std::io::{self, BufRead, Write};

use crate::model::text::Line;

/// Who is asked.
pub(super) struct Questions<'io> {
    pub input: &'io mut dyn BufRead,
    pub output: &'io mut dyn Write,
}

impl Questions<'_> {
    /// Says something.
    pub fn tell(&mut self, text: &str) -> io::Result<()> {
        let text = crate::runtime::redaction::redact(text);
        for line in text.lines() {
            writeln!(self.output, "{}", Line::from_text(line))?;
        }
        self.output.flush()
    }

    /// Asks for a line. Nothing was said when it is empty.
    pub fn line(&mut self, question: &str) -> io::Result<Option<String>> {
        write!(self.output, "{} ", Line::from_text(question))?;
        self.output.flush()?;
        let mut answer = String::new();
        if self.input.read_line(&mut answer)? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the questions were left"));
        }
        let answer = answer.trim();
        let legible = !answer.is_empty() && !answer.chars().any(char::is_control);
        Ok(legible.then(|| answer.to_owned()))
    }

    /// Asks for a yes. Only a clear one counts.
    pub fn yes(&mut self, question: &str) -> io::Result<bool> {
        let answer = self.line(&format!("{question} [y/N]"))?;
        Ok(answer.is_some_and(|answer| matches!(answer.to_lowercase().as_str(), "y" | "yes")))
    }

    /// Asks for a yes that is likely: Enter is one.
    pub fn yes_unless(&mut self, question: &str) -> io::Result<bool> {
        let answer = self.line(&format!("{question} [Y/n]"))?;
        Ok(answer.is_none_or(|answer| matches!(answer.to_lowercase().as_str(), "y" | "yes")))
    }

    /// Asks for some of several. Enter takes what is marked.
    pub fn some<T: Clone>(&mut self, question: &str, rows: &[(String, T, bool)]) -> io::Result<Vec<T>> {
        let mut list = String::new();
        for (index, (row, _, marked)) in rows.iter().enumerate() {
            list.push_str(&format!("  {} {} {row}\n", if *marked { "*" } else { " " }, index + 1));
        }
        self.tell(&list)?;
        let marked = rows.iter().enumerate().filter(|(_, (_, _, marked))| *marked).map(|(index, _)| index + 1);
        let marked: Vec<String> = marked.map(|number| number.to_string()).collect();
        let default = if marked.is_empty() { "none of them".to_owned() } else { marked.join(", ") };
        loop {
            let Some(answer) = self.line(&format!("{question} (numbers; Enter: {default})"))? else {
                return Ok(rows.iter().filter(|(_, _, marked)| *marked).map(|(_, value, _)| value.clone()).collect());
            };
            let numbers: Option<Vec<usize>> = answer
                .split([',', ' '])
                .filter(|part| !part.is_empty())
                .map(|part| part.parse().ok().filter(|number| (1..=rows.len()).contains(number)))
                .collect();
            match numbers {
                Some(numbers) => return Ok(numbers.into_iter().map(|number| rows[number - 1].1.clone()).collect()),
                None => self.tell(&format!("Write numbers from 1 to {}.", rows.len()))?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked<T>(typed: &str, ask: impl FnOnce(&mut Questions<'_>) -> T) -> T {
        ask(&mut Questions { input: &mut typed.as_bytes(), output: &mut Vec::new() })
    }

    #[test]
    fn enter_leaves_open_and_the_end_of_input_is_no_answer() {
        assert_eq!(asked("\n", |it| it.line("a?")).unwrap(), None);
        assert_eq!(asked(" x y \n", |it| it.line("a?")).unwrap().as_deref(), Some("x y"));
        assert_eq!(asked("\u{1b}[A\n", |it| it.line("a?")).unwrap(), None);
        assert!(asked("", |it| it.line("a?")).is_err());
        assert!(asked("y\n", |it| it.yes("a?")).unwrap() && !asked("yep\n", |it| it.yes("a?")).unwrap());
    }

    #[test]
    fn a_number_that_is_none_of_the_rows_is_asked_for_again() {
        let rows = [("fly".to_owned(), 'f', true), ("render".to_owned(), 'r', false)];
        assert_eq!(asked("\n", |it| it.some("which?", &rows)).unwrap(), ['f']);
        assert_eq!(asked("3\n2\n", |it| it.some("which?", &rows)).unwrap(), ['r']);
        assert_eq!(asked("1, 2\n", |it| it.some("which?", &rows)).unwrap(), ['f', 'r']);
    }
}
