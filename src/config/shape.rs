//! What a configuration file looks like: every table and key, with the words that editors show.
//!
//! The reader, the list of known keys and `assets/schema.json` come from here; `assets/crashcart.toml` shows each key.

use super::document::{At, Named, shape};
use super::leaf::{
    Anything, CommandLine, Count, Day, Filled, Friendly, HostName, HostPort, Name, OneOf, OneOrMany, OpenHours,
    Pattern, Resolver, SshHost, StatusCodes, TlsAddress, WebUrl, Word, ZoneName,
};
use crate::model::check::RecordType;
use crate::model::contact::{ContactKind, WayKind};
use crate::model::service::Confirm;

mod check;
mod contact;
mod log;
mod own_action;
mod paging;
mod source;

pub use check::CheckShape;
pub use contact::{AddressEntry, PhoneEntry};
pub use log::LogEntryShape;
pub use own_action::{OwnActionShape, OwnRequestShape};
pub use paging::{MaintenanceShape, SenderShape, WatchShape};
pub use source::{SourceShape, SourceUse};

shape! {
    /// The configuration of crashcart: what there is to watch, what it stands on, and whom to call.
    File {
        /// The project.
        project: ProjectShape;
        /// Where services run, by name.
        environments: Named<EnvironmentShape>;
        /// Hosting and monitoring systems, by name.
        sources: Named<SourceShape>;
        /// The things that can be down.
        services: Vec<At<ServiceShape>>;
        /// Somebody else's services that ours depend on.
        vendors: Vec<At<VendorShape>>;
        /// Whom to call, in the order in which they are tried.
        contacts: Vec<At<ContactShape>>;
        /// What carries pages and status updates, in the order in which it is tried.
        senders: Vec<At<SenderShape>>;
        /// By which rules `crashcart watch` speaks up.
        watch: WatchShape;
        /// How the console looks.
        console: ConsoleShape;
        /// Keys of your own: action = "key".
        keys: Named<Filled>;
        /// How the console finds out that this machine itself has no network.
        self_check: SelfCheckShape;
        /// The document that an incident becomes.
        postmortem: PostmortemShape;
    }

    /// The document that an incident becomes.
    PostmortemShape {
        /// A template of your own, in the syntax of Jinja.
        template: Filled;
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
        /// The name of an entry in crashcart's own encrypted store.
        store: Filled;
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
        logs: Vec<At<LogEntryShape>>;
        /// Names of the runbooks that help with it.
        runbooks: Vec<At<Name>>;
        /// Where it is released and runs.
        release: SourceUse;
        /// Where its errors are collected.
        errors: SourceUse;
        /// Where alerts about it come from, when a source's parameters narrow them to it.
        alerts: SourceUse;
        /// Where somebody else checks it.
        monitors: SourceUse;
        /// Charts of it: { source, title, query, warn, critical, unit }.
        metrics: Vec<At<SourceUse>>;
        /// What you can have done to it: commands and requests of your own.
        actions: Vec<At<OwnActionShape>>;
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
        /// The name of one of the sources; other keys are its provider's parameters.
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
        /// The provider that reads the page, when it is not found out by itself: statuspage, instatus, ...
        provider: Name;
    }

    /// A file that holds nothing but contacts.
    ContactsShape {
        /// Whom to call, in the order in which they are tried.
        contacts: Vec<At<ContactShape>>;
    }

    /// A person or a support desk.
    ContactShape {
        /// Who it is.
        name: Name, required;
        /// "person" or "vendor"; person unless said.
        kind: OneOf<ContactKind>;
        /// A telephone number.
        phone: Filled;
        /// Several telephone numbers, in the order in which they are tried.
        phones: Vec<At<PhoneEntry>>;
        /// An e-mail address.
        email: Filled;
        /// Several e-mail addresses.
        emails: Vec<At<AddressEntry>>;
        /// Where they can be written to: a channel, a handle or a link.
        chat: Vec<At<AddressEntry>>;
        /// A page where they can be reached.
        url: WebUrl;
        /// Several pages.
        urls: Vec<At<AddressEntry>>;
        /// The languages that they speak.
        languages: Vec<At<Filled>>;
        /// The services and vendors for which they are called; all unless said.
        services: Vec<At<Name>>;
        /// The account number that they will ask for.
        account: Filled;
        /// The number of the support contract.
        contract: Filled;
        /// What else one should know at 2 AM.
        note: Filled;
        /// Several notes.
        notes: OneOrMany;
        /// The place in the order of escalation; those without one come after, as they are written.
        order: Count<0, 100000>;
        /// How long to wait for them before the next contact is tried.
        escalate_after: Friendly;
        /// The day on which somebody made sure that all this is right.
        verified: Day;
    }

    /// A telephone number.
    PhoneShape {
        /// The number, best as +49 30 901820.
        number: Filled, required;
        ..way: WayShape;
    }

    /// An address.
    AddressShape {
        /// The address.
        address: Filled, required;
        ..way: WayShape;
    }

    /// What can be known of a number or an address.
    WayShape {
        /// mobile, work, home, main, support, emergency, pager, fax or other.
        kind: OneOf<WayKind>;
        /// When somebody answers: "Mon-Fri 09:00-17:00", "24/7".
        hours: OpenHours;
        /// The time zone of the hours, as in "Europe/Berlin"; your own unless said.
        zone: ZoneName;
        /// What else one should know about it.
        note: Filled;
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

impl Word for WayKind {
    const NAME: &'static str = "WayKind";
    fn words() -> Vec<(&'static str, Self)> {
        Self::WORDS.to_vec()
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
