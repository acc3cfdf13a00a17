//! HTML to plain text: what status pages write into fields that are shown as one line.

/// Entities that people's tools write; the rest of HTML's 2,231 stay as they are.
const ENTITIES: &[(&str, &str)] = &[
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("hellip", "…"),
    ("ndash", "–"),
    ("mdash", "—"),
    ("lsquo", "‘"),
    ("rsquo", "’"),
    ("ldquo", "“"),
    ("rdquo", "”"),
    ("bull", "•"),
    ("middot", "·"),
    ("copy", "©"),
    ("euro", "€"),
    ("deg", "°"),
];

/// Returns the text without tags, with its entities as characters, and one space where there were several.
pub fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let tag = &rest[at + 1..];
        // "a < b" is no tag.
        if !tag.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/' || first == '!') {
            text.push('<');
            rest = tag;
            continue;
        }
        let name: String = tag.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        let end = match name.as_str() {
            "script" | "style" => tag.find(&format!("</{name}")).map(|end| end + name.len() + 2),
            _ if tag.starts_with("!--") => tag.find("-->").map(|end| end + 2),
            _ => Some(0),
        };
        let close = end.and_then(|end| tag[end..].find('>').map(|close| end + close));
        let inline = ["b", "i", "em", "strong", "a", "code", "span", "u", "small"];
        let bare = tag.strip_prefix('/').unwrap_or(tag).chars().take_while(char::is_ascii_alphanumeric);
        if !inline.contains(&bare.collect::<String>().to_ascii_lowercase().as_str()) {
            text.push(' ');
        }
        rest = close.map_or("", |close| &tag[close + 1..]);
    }
    text.push_str(rest);
    let words: Vec<String> = text.split_whitespace().map(entities).collect();
    words.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn entities(word: &str) -> String {
    let mut text = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        match behind.split_once(';').and_then(|(name, after)| Some((entity(name)?, after))) {
            Some((character, after)) => {
                text.push_str(&character);
                rest = after;
            }
            None => {
                text.push('&');
                rest = behind;
            }
        }
    }
    text.push_str(rest);
    text
}

fn entity(name: &str) -> Option<String> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).map(String::from);
    }
    ENTITIES.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_and_entities_become_characters() {
        for (html, expected) in [
            ("<p>We are <b>investi</b>gating.</p><p>More soon&hellip;</p>", "We are investigating. More soon…"),
            ("a &lt;b&gt; &amp;amp; &#39;c&#x27; &nbsp; d", "a <b> &amp; 'c' d"),
            ("one<br/>two<!-- no > this -->three<script>if (a > b) {}</script> four", "one two three four"),
            ("3 < 4 and AT&T; R&D", "3 < 4 and AT&T; R&D"),
            ("cut <a href=\"https://x", "cut"),
            ("", ""),
        ] {
            assert_eq!(plain(html), expected, "{html}");
        }
    }
}
