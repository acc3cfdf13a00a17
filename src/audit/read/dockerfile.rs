//! Dockerfiles: their instructions, with continued lines put together.

/// An instruction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Instruction {
    /// In capitals.
    pub word: String,
    pub rest: String,
    pub line: usize,
    /// The stage that it stands in, counted from 1; 0 before the first.
    pub stage: usize,
}

/// A Dockerfile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dockerfile {
    pub path: String,
    pub instructions: Vec<Instruction>,
}

/// Reads a Dockerfile.
pub fn read(path: &str, text: &str) -> Dockerfile {
    let mut instructions = Vec::new();
    let (mut current, mut begun, mut stage) = (String::new(), 0, 0);
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        if trimmed.starts_with('#') || trimmed.is_empty() {
            continue;
        }
        if current.is_empty() {
            begun = index + 1;
        }
        let (part, goes_on) = trimmed.strip_suffix('\\').map_or((trimmed, false), |part| (part, true));
        current.push_str(part);
        current.push(' ');
        if goes_on {
            continue;
        }
        if let Some((word, rest)) = current.trim().split_once(char::is_whitespace) {
            let word = word.to_ascii_uppercase();
            stage += usize::from(word == "FROM");
            instructions.push(Instruction { word, rest: rest.trim().to_owned(), line: begun, stage });
        }
        current.clear();
    }
    Dockerfile { path: path.to_owned(), instructions }
}

impl Dockerfile {
    /// Returns the instructions of a word.
    pub fn all(&self, word: &'static str) -> impl Iterator<Item = &Instruction> {
        self.instructions.iter().filter(move |instruction| instruction.word == word)
    }

    /// Returns the images that stages begin with, without those that are other stages or variables.
    pub fn images(&self) -> Vec<(&Instruction, &str)> {
        let names: Vec<String> = self.all("FROM").filter_map(|from| stage_name(&from.rest)).collect();
        self.all("FROM")
            .filter_map(|from| Some((from, from.rest.split_whitespace().find(|word| !word.starts_with("--"))?)))
            .filter(|(_, image)| {
                !names.contains(&image.to_ascii_lowercase()) && !image.contains('$') && *image != "scratch"
            })
            .collect()
    }

    /// Returns the last stage's instructions: what runs.
    pub fn last_stage(&self) -> impl Iterator<Item = &Instruction> {
        let last = self.instructions.iter().map(|instruction| instruction.stage).max().unwrap_or(0);
        self.instructions.iter().filter(move |instruction| instruction.stage == last)
    }

    /// Returns the instruction that says what is started.
    pub fn command(&self) -> Option<&Instruction> {
        let all: Vec<&Instruction> = self.last_stage().collect();
        all.iter()
            .rev()
            .find(|i| i.word == "CMD")
            .or_else(|| all.iter().rev().find(|i| i.word == "ENTRYPOINT"))
            .copied()
    }
}

fn stage_name(rest: &str) -> Option<String> {
    let words: Vec<&str> = rest.split_whitespace().collect();
    words.windows(2).find(|pair| pair[0].eq_ignore_ascii_case("as")).map(|pair| pair[1].to_ascii_lowercase())
}

/// Splits an image into its name and its tag.
pub fn image_parts(image: &str) -> (&str, Option<&str>) {
    let image = image.split_once('@').map_or(image, |(image, _)| image);
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (image, None),
    }
}

/// Returns whether an image means another one tomorrow.
pub fn floats(image: &str) -> bool {
    if image.contains(['@', '$', '{']) {
        return false;
    }
    matches!(
        image_parts(image).1,
        None | Some("latest" | "main" | "master" | "nightly" | "edge" | "stable" | "alpine" | "slim")
    )
}
