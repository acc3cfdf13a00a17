//! Telephone numbers: whether one can be dialled from anywhere, and how a phone is told to dial it.
//!
//! E.164 says what a number in the whole world looks like: a plus, a country's code, at most fifteen digits. How long a
//! country's own numbers are changes every year and differs within one; what is checked here is what never changes.

use std::fmt::Write as _;

/// A telephone number, read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Number {
    pub reach: Reach,
    /// Digits only.
    pub digits: String,
    pub extension: Option<String>,
    /// What is dialled after somebody or something has answered, with its pauses: `,,4711#`.
    pub after: String,
}

/// From where a number can be dialled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// From anywhere.
    World,
    /// From its own country: the country's code is missing.
    Country,
    /// From its own network or country: `112`, `4711`.
    Short,
}

/// Why a text is no telephone number.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NumberError {
    #[error("it has no digits")]
    NoDigits,
    #[error("`{0}` cannot be dialled")]
    Character(char),
    #[error("{0} digits are too few behind a country's code")]
    TooShort(usize),
    #[error("{0} digits are too many: no number in the world has more than 15")]
    TooLong(usize),
    #[error("no country has the code +{0}")]
    Country(String),
    #[error("behind +1 stand 10 digits, and here are {0}")]
    NorthAmerica(usize),
}

/// The longest number that E.164 allows.
const LONGEST: usize = 15;
/// The shortest that can be dialled from abroad: a small island's code and its four or five digits.
const SHORTEST: usize = 7;
/// Longer than any emergency number and any extension; shorter than what is dialled within a country.
const LONGEST_SHORT: usize = 6;

impl Number {
    /// Reads a number as people, address books and links write it.
    ///
    /// # Errors
    /// When it cannot be dialled.
    pub fn read(text: &str) -> Result<Self, NumberError> {
        let text = text.trim();
        let text = strip_prefix_ignoring_case(text, "tel:").unwrap_or(text).trim();
        let (main, extension, after) = parts(text);
        let mut digits = String::new();
        let mut plus = false;
        // The zero that is dialled within a country only: +49 (0)30.
        let main = if main.trim_start().starts_with('+') { main.replace("(0)", "") } else { main.to_owned() };
        for letter in main.chars() {
            match letter {
                '+' if digits.is_empty() && !plus => plus = true,
                '*' | '#' => digits.push(letter),
                letter if letter.is_ascii_digit() => digits.push(letter),
                // Digits of other scripts are digits on a phone's keypad as well.
                letter if letter.to_digit(10).is_none() && digit(letter).is_some() => {
                    digits.push(digit(letter).unwrap_or('0'));
                }
                letter if letter.is_ascii_alphabetic() && digits.len() >= 3 => digits.push(key(letter)),
                ' ' | '\u{a0}' | '\u{202f}' | '-' | '.' | '(' | ')' | '/' | '‑' | '–' | '\t' => {}
                other => return Err(NumberError::Character(other)),
            }
        }
        if !plus && digits.len() > LONGEST_SHORT && digits.starts_with("00") {
            digits.drain(..2);
            plus = true;
        }
        let count = digits.len();
        let reach = match (plus, count) {
            (_, 0) => return Err(NumberError::NoDigits),
            (true, _) => {
                world(&digits)?;
                Reach::World
            }
            (false, 1..=LONGEST_SHORT) => Reach::Short,
            (false, count) if count > LONGEST => return Err(NumberError::TooLong(count)),
            (false, _) => Reach::Country,
        };
        Ok(Self { reach, digits, extension, after })
    }

    /// Returns the number without what makes it readable: `+4930901820`.
    pub fn plain(&self) -> String {
        match self.reach {
            Reach::World => format!("+{}", self.digits),
            Reach::Country | Reach::Short => self.digits.clone(),
        }
    }

    /// Returns the link that makes a phone dial it.
    pub fn link(&self) -> String {
        let mut link = format!("tel:{}", self.plain().replace('#', "%23"));
        if let Some(extension) = &self.extension {
            let _ = write!(link, ";ext={extension}");
        }
        link.push_str(&self.after.replace('#', "%23"));
        link
    }
}

/// Divides a number, its extension, and what is dialled later.
fn parts(text: &str) -> (&str, Option<String>, String) {
    let lower = text.to_ascii_lowercase();
    for mark in [";ext=", "ext.", "ext", "extension", " x", "#"] {
        let Some(at) = lower.find(mark) else { continue };
        let rest = text[at + mark.len()..].trim().trim_start_matches([':', '.', ' ']);
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        // A hash at the beginning or the end belongs to what is dialled.
        if !digits.is_empty() && digits.len() == rest.trim_end().len() && at > 0 && !text[..at].contains([',', ';']) {
            return (&text[..at], Some(digits), String::new());
        }
    }
    match text.find([',', ';']) {
        Some(at) if at > 0 => {
            let after: String = text[at..].replace(';', ",").chars().filter(|c| !c.is_whitespace()).collect();
            if after.chars().all(|letter| letter.is_ascii_digit() || ",*#".contains(letter)) {
                return (&text[..at], None, after);
            }
            (text, None, String::new())
        }
        _ => (text, None, String::new()),
    }
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// Returns the digit that a character of another script is.
fn digit(letter: char) -> Option<char> {
    // Arabic, Persian, Devanagari, Bengali, Thai and fullwidth: the scripts in which phones write numbers.
    let zeros = ['\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{e50}', '\u{ff10}'];
    zeros.iter().find_map(|zero| {
        let value = u32::from(letter).checked_sub(u32::from(*zero)).filter(|value| *value < 10)?;
        char::from_digit(value, 10)
    })
}

/// Returns the key of a phone on which a letter stands: 1-800-FLOWERS.
fn key(letter: char) -> char {
    match letter.to_ascii_lowercase() {
        'a'..='c' => '2',
        'd'..='f' => '3',
        'g'..='i' => '4',
        'j'..='l' => '5',
        'm'..='o' => '6',
        'p'..='s' => '7',
        't'..='v' => '8',
        _ => '9',
    }
}

/// Checks what stands behind the plus.
fn world(digits: &str) -> Result<(), NumberError> {
    if let Some(other) = digits.chars().find(|letter| !letter.is_ascii_digit()) {
        return Err(NumberError::Character(other));
    }
    let Some(code) = country(digits) else {
        return Err(NumberError::Country(digits.chars().take(3).collect()));
    };
    match digits.len() {
        count if count > LONGEST => Err(NumberError::TooLong(count)),
        count if code == "1" && count != 11 => Err(NumberError::NorthAmerica(count - 1)),
        count if count < SHORTEST => Err(NumberError::TooShort(count)),
        _ => Ok(()),
    }
}

/// Returns the country's code with which digits begin. No code is the beginning of another.
pub fn country(digits: &str) -> Option<&str> {
    (1..=3).filter_map(|length| digits.get(..length)).find(|code| CODES.contains(code))
}

/// The codes that the ITU has assigned to countries and to services of the whole world (list of ITU-T E.164).
const CODES: &[&str] = &[
    "1", "7", "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48",
    "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84",
    "86", "90", "91", "92", "93", "94", "95", "98", "211", "212", "213", "216", "218", "220", "221", "222", "223",
    "224", "225", "226", "227", "228", "229", "230", "231", "232", "233", "234", "235", "236", "237", "238", "239",
    "240", "241", "242", "243", "244", "245", "246", "247", "248", "249", "250", "251", "252", "253", "254", "255",
    "256", "257", "258", "260", "261", "262", "263", "264", "265", "266", "267", "268", "269", "290", "291", "297",
    "298", "299", "350", "351", "352", "353", "354", "355", "356", "357", "358", "359", "370", "371", "372", "373",
    "374", "375", "376", "377", "378", "379", "380", "381", "382", "383", "385", "386", "387", "389", "420", "421",
    "423", "500", "501", "502", "503", "504", "505", "506", "507", "508", "509", "590", "591", "592", "593", "594",
    "595", "596", "597", "598", "599", "670", "672", "673", "674", "675", "676", "677", "678", "679", "680", "681",
    "682", "683", "685", "686", "687", "688", "689", "690", "691", "692", "800", "808", "850", "852", "853", "855",
    "856", "870", "878", "880", "881", "882", "883", "886", "888", "960", "961", "962", "963", "964", "965", "966",
    "967", "968", "970", "971", "972", "973", "974", "975", "976", "977", "979", "992", "993", "994", "995", "996",
    "998",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn link(text: &str) -> String {
        Number::read(text).unwrap_or_else(|error| panic!("{text}: {error}")).link()
    }

    #[test]
    fn a_number_is_dialled_as_it_was_meant() {
        for (text, dialled) in [
            ("+49 30 901820", "tel:+4930901820"),
            ("+49 (0)30 / 90 18-20", "tel:+4930901820"),
            ("0049 30 901820", "tel:+4930901820"),
            ("tel:+1-418-656-9254;ext=102", "tel:+14186569254;ext=102"),
            ("+1 (212) 555-1234 x17", "tel:+12125551234;ext=17"),
            ("+1 212 555 1234 ext. 17", "tel:+12125551234;ext=17"),
            ("+1 800 FLOWERS", "tel:+18003569377"),
            ("+1 212 555 1234,,4711#", "tel:+12125551234,,4711%23"),
            ("905-555-1234", "tel:9055551234"),
            ("112", "tel:112"),
            ("*100#", "tel:*100%23"),
            ("+٤٩٣٠٩٠١٨٢٠", "tel:+4930901820"),
        ] {
            assert_eq!(link(text), dialled, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_dialled_is_said() {
        for (text, says) in [
            ("", "no digits"),
            ("BusinessPhone", "`B`"),
            ("+999 30 901820", "+999"),
            ("+0 30 901820", "no country"),
            ("+49 123", "too few"),
            ("+49 30 9018 2000 3000 4000", "too many"),
            ("+1 212 555 123", "10 digits"),
            ("+1 212 555 1234 5", "10 digits"),
            ("+49 30 9018🙂", "cannot be dialled"),
        ] {
            let error = Number::read(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn no_code_is_the_beginning_of_another() {
        for code in CODES {
            assert_eq!(country(&format!("{code}0000000")), Some(*code));
        }
    }
}
