//! What a configuration file looks like: every table and key, with the words that editors show.
//!
//! The reader, the list of known keys and `assets/schema.json` come from here; `assets/crashcart.toml` shows each key.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::diagnostic::Problems;
use super::document::{At, Key, Named, Node, Read, Shape, Table, shape};
use super::leaf::{
    Anything, CommandLine, Count, Filled, Friendly, HostName, HostPort, Name, OneOf, OneOrMany, Pattern, Resolver,
    SshHost, StatusCodes, TlsAddress, WebUrl, Word, json,
};
use super::nearest::nearest;
use crate::model::check::RecordType;
use crate::model::contact::ContactKind;
use crate::model::service::Confirm;

shape! {
    /// The configuration of crashcart: what there is to watch, what it stands on, and whom to call.
    File {
        /// The project.
        project: ProjectShape;
        /// Where services run, by name.
        environments: Named<EnvironmentShape>;
        /// Hosting and monitoring systems, by name. Kept for later: nothing asks them yet.
        sources: Named<SourceShape>;
        /// The things that can be down.
        services: Vec<At<ServiceShape>>;
        /// Somebody else's services that ours depend on.
        vendors: Vec<At<VendorShape>>;
        /// Whom to call, in the order in which they are tried.
        contacts: Vec<At<ContactShape>>;
        /// How the console looks.
        console: ConsoleShape;
        /// Keys of your own: action = "key".
        keys: Named<Filled>;
        /// How the console finds out that this machine itself has no network.
        self_check: SelfCheckShape;
    }

    /// The project.
    ProjectShape {
        /// Its name, shown at the top of the screen.
        name: Name;
    }

    /// Where services run.
    EnvironmentShape {
        /// How an action is confirmed here: "key" takes a second key, "name" wants the service's name typed.
        confirm: OneOf<Confirm>;
    }

    /// Where a secret is kept. The secret itself never stands in this file.
    SecretShape {
        /// The name of an environment variable.
        env: Filled;
        /// The name of an entry in the system's keyring.
        keyring: Filled;
        /// A command that prints it.
        command: CommandLine;
        /// A file that holds it and that nobody else may read.
        file: Filled;
    }

    /// A thing that can be down.
    ServiceShape {
        /// What it is called on the screen and in depends_on.
        name: Name, required;
        /// The name of one of the environments.
        environment: Name;
        /// Services and vendors that it cannot work without: when one is down, this one is a symptom.
        depends_on: Vec<At<Name>>;
        /// How it is probed.
        checks: Vec<At<CheckShape>>;
        /// Logs to follow.
        logs: Vec<At<LogShape>>;
        /// Names of the runbooks that help with it.
        runbooks: Vec<At<Name>>;
        /// The source of its releases. Kept for later.
        release: SourceUse;
        /// The source of its errors. Kept for later.
        errors: SourceUse;
        /// Sources of its metrics. Kept for later.
        metrics: Vec<At<SourceUse>>;
    }

    /// How often and how patiently a check asks.
    PaceShape {
        /// What the screen calls the check instead of its address.
        title: Name;
        /// The time between two probes.
        every: Friendly;
        /// How long one probe may take.
        timeout: Friendly;
        /// How many failed probes in a row are forgiven before the check is down.
        retries: Count<0, 100>;
        /// How many passes in a row bring it up again.
        recover: Count<1, 100>;
    }

    /// An HTTP or HTTPS request.
    HttpShape {
        /// The URL to request.
        http: WebUrl, required;
        /// The request's method; GET unless said.
        method: Filled;
        /// Headers of the request. They are not kept secret.
        headers: Named<String>;
        /// The body of the request.
        body: String;
        /// How many redirects are followed; 0 takes the first answer as it is.
        redirects: Count<0, 20>;
        /// What the answer must look like.
        expect: ExpectShape;
        /// An answer that takes longer is a warning.
        slow: Friendly;
        /// How long before its expiry the certificate becomes a warning.
        cert_warn: Friendly;
        /// Accept a certificate that does not verify.
        insecure: bool;
        ..pace: PaceShape;
    }

    /// What an HTTP answer must look like.
    ExpectShape {
        /// Accepted status codes: 200, "2xx", "200-399" or a list; 200 to 399 unless said.
        status: StatusCodes;
        /// Text that the body must contain.
        body: Filled;
        /// A regular expression that the body must match.
        matches: Pattern;
        /// JSON pointers and the value that must stand there: { "/status" = "ok" }.
        json: Named<Anything>;
    }

    /// A TCP connection.
    TcpShape {
        /// host:port to connect to.
        tcp: HostPort, required;
        /// A connection that takes longer is a warning.
        slow: Friendly;
        ..pace: PaceShape;
    }

    /// A TLS handshake and its certificate.
    TlsShape {
        /// host:port to connect to; the port is 443 unless said.
        tls: TlsAddress, required;
        /// How long before the certificate's expiry the check warns.
        warn: Friendly;
        /// How long before the certificate's expiry the check fails.
        critical: Friendly;
        /// The name to ask for and to look for in the certificate, when it is not the host.
        name: HostName;
        ..pace: PaceShape;
    }

    /// A DNS question.
    DnsShape {
        /// The name to ask for.
        dns: HostName, required;
        /// The type of record; A unless said.
        record: OneOf<RecordType>;
        /// The server to ask instead of the system's resolvers.
        resolver: Resolver;
        /// Answers that must all be there; any answer will do unless said.
        expect: OneOrMany;
        ..pace: PaceShape;
    }

    /// A sign of life that something else leaves behind.
    HeartbeatShape {
        /// A file whose modification time counts, or a URL whose Last-Modified header or body tells the time.
        heartbeat: Filled, required;
        /// The oldest that the sign of life may be.
        within: Friendly, required;
        ..pace: PaceShape;
    }

    /// A command whose exit status tells.
    CommandShape {
        /// Text for /bin/sh, or a list of a program and its arguments without a shell.
        command: CommandLine, required;
        /// Read the exit status as monitoring plugins do: 0 ok, 1 warning, 2 critical, 3 unknown.
        nagios: bool;
        /// The directory to run it in; that of this file unless said.
        directory: Filled;
        ..pace: PaceShape;
    }

    /// A log to follow. One of file, command and source says where it is.
    LogShape {
        /// A path, or a pattern with * and ? for every file that matches, now or later.
        file: Filled;
        /// A command that prints lines.
        command: Filled;
        /// The host on which the file or the command is, reached by the system's ssh.
        ssh: SshHost;
        /// The name of one of the sources. Kept for later.
        source: Name;
        /// The short name that stands before its lines.
        title: Name;
    }

    /// Somebody else's service that ours depend on.
    VendorShape {
        /// What it is called on the screen and in depends_on.
        name: Name, required;
        /// The address of its public status page.
        status: WebUrl;
    }

    /// A person or a support desk.
    ContactShape {
        /// Who it is.
        name: Name, required;
        /// "person" or "vendor"; person unless said.
        kind: OneOf<ContactKind>;
        /// A telephone number.
        phone: Filled;
        /// An e-mail address.
        email: Filled;
        /// A page where they can be reached.
        url: WebUrl;
        /// The account or contract number that they will ask for.
        account: Filled;
        /// What else one should know at 2 AM.
        note: Filled;
        /// How long to wait for them before the next contact is tried.
        escalate_after: Friendly;
    }

    /// How the console looks.
    ConsoleShape {
        /// The colours of the screen.
        theme: OneOf<ThemeName>;
        /// Draw with ASCII characters only.
        ascii: bool;
        /// Let the mouse select and scroll. The terminal's own selection then needs Shift.
        mouse: bool;
        /// The time zone of the times on the screen, as in "Europe/Berlin"; the system's unless said.
        time_zone: Filled;
    }

    /// How the console finds out that this machine itself has no network.
    SelfCheckShape {
        /// host:port of something that answers whenever this machine has a network.
        vantage: HostPort;
    }
}

/// A hosting or monitoring system. Only its shape is looked at: what a provider needs, its definition knows.
#[derive(Clone, PartialEq, Debug)]
pub struct SourceShape {
    pub provider: Option<At<Name>>,
    pub url: Option<At<WebUrl>>,
    pub token: Option<At<SecretShape>>,
    /// Everything else, for the provider.
    pub parameters: serde_json::Map<String, serde_json::Value>,
}

impl Read for SourceShape {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let mut table = Table::of(node, problems)?;
        let (provider, url, token) = (table.required("provider"), table.optional("url"), table.optional("token"));
        if let Some(At { value: SecretShape { env, keyring, command, file }, span }) = &token {
            let ways =
                [env.is_some(), keyring.is_some(), command.is_some(), file.is_some()].into_iter().filter(|way| *way);
            if ways.count() != 1 {
                let help = "write one of { env = \"NAME\" }, { keyring = \"name\" }, { command = \"...\" }, { file = \"path\" }";
                table.problems.error(span, "a secret is kept in exactly one place", Some(help.to_owned()));
            }
        }
        Some(Self { provider, url, token, parameters: others(&table, &["provider", "url", "token"]) })
    }
}

impl JsonSchema for SourceShape {
    fn schema_name() -> Cow<'static, str> {
        "SourceShape".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let described = |mut schema: Schema, doc: &str| {
            schema.insert("description".to_owned(), doc.into());
            schema
        };
        json_schema!({
            "type": "object",
            "description": "A hosting or monitoring system. Kept for later: nothing asks it yet.",
            "required": ["provider"],
            "properties": {
                "provider": described(generator.subschema_for::<Name>(), "What kind of system it is."),
                "url": described(generator.subschema_for::<WebUrl>(), "Where it answers, when that is yours to say."),
                "token": described(generator.subschema_for::<SecretShape>(), "Where the token is kept."),
            },
        })
    }
}

/// What one service takes from a source.
#[derive(Clone, PartialEq, Debug)]
pub struct SourceUse {
    pub source: Option<At<Name>>,
    /// Everything else, for the provider.
    pub parameters: serde_json::Map<String, serde_json::Value>,
}

impl Read for SourceUse {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let mut table = Table::of(node, problems)?;
        let source = table.required("source");
        Some(Self { source, parameters: others(&table, &["source"]) })
    }
}

impl JsonSchema for SourceUse {
    fn schema_name() -> Cow<'static, str> {
        "SourceUse".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut source = generator.subschema_for::<Name>();
        source.insert("description".to_owned(), "The name of one of the sources.".into());
        json_schema!({
            "type": "object",
            "description": "What a service takes from a source. Kept for later: nothing asks it yet.",
            "required": ["source"],
            "properties": { "source": source },
        })
    }
}

fn others(table: &Table<'_, '_>, known: &[&str]) -> serde_json::Map<String, serde_json::Value> {
    let unknown = table.table.iter().filter(|(key, _)| !known.contains(&key.get_ref().as_ref()));
    unknown.map(|(key, node)| (key.get_ref().to_string(), json(node))).collect()
}

/// How a service is probed. The key that names what is probed tells which kind of check it is.
#[derive(Clone, PartialEq, Debug)]
pub enum CheckShape {
    Http(Box<HttpShape>),
    Tcp(TcpShape),
    Tls(TlsShape),
    Dns(DnsShape),
    Heartbeat(HeartbeatShape),
    Command(CommandShape),
}

/// One kind of check.
struct Kind {
    /// The key that tells.
    name: &'static str,
    read: fn(&mut Table<'_, '_>) -> CheckShape,
    keys: fn(&mut SchemaGenerator) -> Vec<Key>,
    schema: fn(&mut SchemaGenerator) -> Schema,
}

/// Returns the row of a shape.
const fn kind<S: Shape + JsonSchema>(name: &'static str, read: fn(&mut Table<'_, '_>) -> CheckShape) -> Kind {
    Kind { name, read, keys: S::keys, schema: SchemaGenerator::subschema_for::<S> }
}

const KINDS: &[Kind] = &[
    kind::<HttpShape>("http", |table| CheckShape::Http(Box::new(HttpShape::take(table)))),
    kind::<TcpShape>("tcp", |table| CheckShape::Tcp(TcpShape::take(table))),
    kind::<TlsShape>("tls", |table| CheckShape::Tls(TlsShape::take(table))),
    kind::<DnsShape>("dns", |table| CheckShape::Dns(DnsShape::take(table))),
    kind::<HeartbeatShape>("heartbeat", |table| CheckShape::Heartbeat(HeartbeatShape::take(table))),
    kind::<CommandShape>("command", |table| CheckShape::Command(CommandShape::take(table))),
];

impl Read for CheckShape {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let mut table = Table::of(node, problems)?;
        let mut found = KINDS.iter().filter(|kind| table.table.contains_key(kind.name));
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        let Some(kind) = found.next() else {
            let meant = table.table.keys().find_map(|key| Some((key.span(), nearest(key.get_ref(), &names)?)));
            let span = meant.as_ref().map_or_else(|| table.span.clone(), |(span, _)| span.clone());
            let help = match meant {
                Some((_, near)) => format!("did you mean `{near}`?"),
                None => format!("give it one of {}", names.join(", ")),
            };
            table.problems.error(&span, "this check does not say what it probes", Some(help));
            return None;
        };
        if let Some(other) = found.next() {
            let message = format!("this check probes two things: `{}` and `{}`", kind.name, other.name);
            table.problems.error(&table.span, message, Some("make two checks of it".to_owned()));
            return None;
        }
        let check = (kind.read)(&mut table);
        table.finish(|key| {
            let has_key =
                |kind: &&Kind| (kind.keys)(&mut SchemaGenerator::default()).iter().any(|known| known.name == key);
            let owners: Vec<&str> = KINDS.iter().filter(has_key).map(|kind| kind.name).collect();
            (!owners.is_empty()).then(|| format!("it belongs to another kind of check: {}", owners.join(", ")))
        });
        Some(check)
    }
}

impl JsonSchema for CheckShape {
    fn schema_name() -> Cow<'static, str> {
        "CheckShape".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kinds: Vec<Schema> = KINDS.iter().map(|kind| (kind.schema)(generator)).collect();
        json_schema!({ "description": "How a service is probed.", "anyOf": kinds })
    }
}

impl Word for Confirm {
    const NAME: &'static str = "Confirm";
    fn words() -> Vec<(&'static str, Self)> {
        vec![("key", Self::Key), ("name", Self::Name)]
    }
}

impl Word for ContactKind {
    const NAME: &'static str = "ContactKind";
    fn words() -> Vec<(&'static str, Self)> {
        vec![("person", Self::Person), ("vendor", Self::Vendor)]
    }
}

/// The name of a theme. What it looks like is known further up; a test there keeps the two lists the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ThemeName(pub &'static str);

/// The names of the themes.
pub const THEMES: &[&str] = &["dark", "light", "high-contrast", "colour-blind", "16", "mono"];

impl Word for ThemeName {
    const NAME: &'static str = "ThemeName";
    fn words() -> Vec<(&'static str, Self)> {
        THEMES.iter().map(|&name| (name, Self(name))).collect()
    }
}
