//! Where a vendor's own command line tool keeps its login, so that whoever is logged in there is set.

/// One place where a credential may lie. The first that has one counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LoginPlace {
    /// An environment variable that the vendor's own tools read.
    Env(String),
    /// A file of the vendor's tool; `~/` is the home directory. `pointer` is a JSON pointer (RFC 6901) into what the
    /// file holds, whichever format it is in; a part `*` is a key that only the file knows.
    File { path: String, format: LoginFormat, pointer: String },
    /// The password of a machine in `~/.netrc`.
    Netrc(String),
    /// A program that prints the credential.
    Command(Vec<String>),
}

/// The format of a login file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoginFormat {
    Json,
    Yaml,
    Toml,
}
