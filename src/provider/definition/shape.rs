//! What a definition file looks like: every table and key, with the words that editors and `docs/providers.md` show.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use crate::config::diagnostic::Problems;
use crate::config::document::{At, Named, Node, Read, shape, wrong_type};
use crate::config::leaf::{Anything, Count, Filled, Friendly, Name, StatusCodes};

shape! {
    /// The description of one hosting or monitoring system.
    DefinitionShape {
        /// What it is and how it is asked.
        provider: ProviderShape, required;
        /// What a source of it must or may say, by name. Each is a variable of every template and program.
        params: Named<ParamShape>;
        /// The secrets that it needs, by name. Each is a variable of templates and programs too.
        secrets: Named<SecretSlotShape>;
        /// How its errors look.
        errors: ErrorsShape;
        /// Deployed versions.
        releases: ReadingShape;
        /// Machines, containers or pods.
        instances: ReadingShape;
        /// Log lines.
        logs: LogsShape;
        /// Checks that this system makes.
        checks: ReadingShape;
        /// Time series.
        metrics: ReadingShape;
        /// Firing rules or open incidents.
        alerts: ReadingShape;
        /// Grouped exceptions.
        issues: ReadingShape;
        /// The latest occurrence of one grouped exception, with its stack.
        issue: ReadingShape;
        /// What a public status page says.
        vendor_status: ReadingShape;
        /// Whose turn it is.
        on_call: ReadingShape;
        /// Commits and files between two releases.
        changes: ReadingShape;
        /// Whose credential it is, and what it may do.
        identity: ReadingShape;
        /// What a service is configured with: names of variables (never values), health check, instances, backups.
        settings: ReadingShape;
        /// What a credential sees there that could be watched; `crashcart init` takes names and ids from it.
        apps: ReadingShape;
        /// How a message or a page is sent.
        send: ActionShape;
        /// What can be done, by name.
        actions: Named<ActionShape>;
    }

    /// What it is and how it is asked.
    ProviderShape {
        /// The word that `provider = "..."` names.
        name: Name, required;
        /// Its name as its makers write it.
        title: Name, required;
        /// hosting, monitoring, errors, logs, on_call, messages or status.
        kind: Name, required;
        /// The page that the facts come from.
        docs: Filled;
        /// Where it answers: a template. A source's `url` replaces it whole.
        base_url: Filled;
        /// How a request shows who asks.
        auth: AuthShape;
        /// Headers of every request: a table of templates, or a program that gives an object.
        headers: FieldsShape;
        /// How many requests it allows: "400/min", "5/s", "360/h".
        rate_limit: Filled;
        /// The time between two polls of a capability that says nothing else.
        every: Friendly;
        /// Its own public status page.
        status_page: Filled;
        /// What a user of it should know.
        caveats: Vec<At<Filled>>;
    }

    /// Something that a source says about itself, or a service about its place in a source.
    ParamShape {
        /// What it is, and how it looks.
        help: Filled, required;
        /// A value as it may look; tests and examples use it.
        example: Anything;
        /// The value when nothing is said.
        default: Anything;
        /// It may be left out without a default; then it is null.
        optional: bool;
        /// The only values that it may have.
        one_of: Vec<At<Filled>>;
    }

    /// A secret.
    SecretSlotShape {
        /// What it is, and where one gets it.
        help: Filled, required;
        /// It may be left out; then it is null.
        optional: bool;
        /// Where else it may be found: in the environment, and in the files of the vendor's own tool.
        login: Vec<At<LoginShape>>;
        /// It is a URL whose path holds the secret, and takes the place of the base URL.
        is_url: bool;
    }

    /// One place of a login. Exactly one of `env`, `file`, `netrc` and `command`.
    LoginShape {
        /// An environment variable.
        env: Filled;
        /// A file; `~/` is the home directory.
        file: Filled;
        /// The file's format: json, yaml or toml. From its name unless said.
        format: Filled;
        /// A JSON pointer into the file: "/access_token".
        pointer: Filled;
        /// The name of a machine in ~/.netrc, whose password it is.
        netrc: Filled;
        /// A program and its arguments; what it prints is the secret.
        command: Vec<At<Filled>>;
    }

    /// How a request shows who asks. Several keys add up.
    AuthShape {
        /// `Authorization: Bearer`, with the value of this variable.
        bearer: Filled;
        /// HTTP Basic.
        basic: BasicShape;
        /// Headers: a table of templates, or a program that gives an object.
        headers: FieldsShape;
        /// Parts of the query: a table of templates, or a program that gives an object.
        query: FieldsShape;
        /// AWS signature version 4.
        sigv4: SigV4Shape;
        /// Cluster, user and certificate come from a kubeconfig file.
        kubeconfig: bool;
        /// An access token of Google Cloud, in the variable `access_token`.
        google: GoogleShape;
        /// An access token of Microsoft Entra, in the variable `access_token`.
        azure: AzureShape;
        /// A request that trades a secret for a token, in the variable `access_token`.
        exchange: ExchangeShape;
        /// Requests go out without it while none of its secrets is set.
        optional: bool;
    }

    /// HTTP Basic.
    BasicShape {
        /// A template.
        user: String;
        /// A template.
        password: String;
    }

    /// AWS signature version 4.
    SigV4Shape {
        /// The service's name in signatures.
        service: Filled, required;
        /// A template.
        region: Filled, required;
    }

    /// An access token of Google Cloud.
    GoogleShape {
        /// What it is for.
        scopes: Vec<At<Filled>>, required;
    }

    /// An access token of Microsoft Entra.
    AzureShape {
        /// What it is for.
        scope: Filled, required;
    }

    /// A request that trades a secret for a token.
    ExchangeShape {
        /// A program: the answer to the token.
        token: Filled, required;
        /// A program: the answer to the seconds for which the token holds. An hour unless said.
        expires_in: Filled;
        ..request: RequestShape;
    }

    /// How its errors look.
    ErrorsShape {
        /// A program: an answer that is an error, to its message.
        message: Filled;
        /// A program: any answer, to a message when it is an error although its status says success.
        failed: Filled;
        /// Statuses that mean that one asks too often, beside 429.
        rate_limited: StatusCodes;
        /// Statuses that mean a wrong credential, beside 401.
        unauthorised: StatusCodes;
        /// A program: an answer that asks us to wait, to the seconds. `Retry-After` is known without it.
        retry_after: Filled;
    }

    /// One request: what is asked, and what is kept of the answer for the next one.
    RequestShape {
        /// What it is for, in a few words.
        name: Filled;
        /// A path below the base URL, or a whole URL: a template.
        get: String;
        /// As `get`.
        post: String;
        /// As `get`.
        put: String;
        /// As `get`.
        patch: String;
        /// As `get`.
        delete: String;
        /// A program and its arguments, run here or through ssh: templates.
        run: Vec<At<String>>;
        /// A program: a mail to send through the base URL's server, { from, to, subject, text, thread, user, password }.
        mail: Filled;
        /// A GraphQL document, posted as JSON.
        graphql: Filled;
        /// A program: the variables of the GraphQL document.
        variables: Filled;
        /// The query: a table of templates, or a program that gives an object. What is null is left out.
        query: FieldsShape;
        /// Headers: a table of templates, or a program that gives an object.
        headers: FieldsShape;
        /// A program: the JSON body.
        json: Filled;
        /// A form body: a table of templates, or a program that gives an object.
        form: FieldsShape;
        /// A text body, or what the program that is run reads: a template.
        text: String;
        /// The body's content type, when it is not what the kind of body implies.
        content_type: Filled;
        /// Another base URL for this request: a template.
        base: Filled;
        /// Variables for what follows: programs over the answer.
        bind: Named<Filled>;
        /// A program that gives a list: the request is made for each entry, which is `$item`. The answers are a list.
        each: Filled;
        /// A program: the request is made only when it gives true.
        when: Filled;
        /// An answer of "not found" or "forbidden" is null, and no error.
        optional: bool;
        /// What the answer is: json, lines (a JSON document a line), text, xml, prometheus or docker.
        answer: Filled;
        /// Statuses that are a success beside 200 to 299.
        accept: StatusCodes;
        /// It goes out without credentials.
        anonymous: bool;
        /// How long it may take.
        timeout: Friendly;
    }

    /// How something is read.
    ReadingShape {
        /// Several requests in their order, instead of one.
        requests: Vec<At<RequestShape>>;
        /// A program: the last answer to the model.
        map: Filled, required;
        /// The system's words for each of our states.
        states: Named<Words>;
        /// The system's words for each of our severities, or of our impacts.
        severities: Named<Words>;
        /// How one gets to the next page.
        paging: PagingShape;
        /// The time between two polls.
        every: Friendly;
        /// What a user of it should know.
        caveats: Vec<At<Filled>>;
        ..request: RequestShape;
    }

    /// How logs are read.
    LogsShape {
        /// How they are followed, where they can be; polled otherwise.
        stream: StreamShape;
        /// Several requests in their order, instead of one.
        requests: Vec<At<RequestShape>>;
        /// A program: the last answer to the model.
        map: Filled;
        /// How one gets to the next page.
        paging: PagingShape;
        /// The time between two polls.
        every: Friendly;
        /// What a user of it should know.
        caveats: Vec<At<Filled>>;
        ..request: RequestShape;
    }

    /// How logs are followed.
    StreamShape {
        /// Requests before the stream, in their order.
        requests: Vec<At<RequestShape>>;
        /// How messages are told apart: lines, json (a document a line), sse, websocket or docker.
        frames: Filled, required;
        /// A program: one message to the model.
        map: Filled, required;
        /// A program that gives a list of texts: what a websocket is told first.
        subscribe: Filled;
        /// A program over each message that gives a list of texts: what a websocket is told in answer to it.
        reply: Filled;
        /// The websocket's subprotocol.
        protocol: Filled;
        ..request: RequestShape;
    }

    /// How one gets to the next page. One of `link`, `url` and `cursor`.
    PagingShape {
        /// The `Link` header names it.
        link: bool;
        /// A program: the answer to the next page's URL, or null.
        url: Filled;
        /// A program: the answer to the variable `cursor` of the next page, or null. It may use `$page`.
        cursor: Filled;
        /// How many pages at most. 5 unless said.
        pages: Count<1, 50>;
    }

    /// Something that can be done to somebody else's system.
    ActionShape {
        /// A few words: "roll back".
        title: Name;
        /// What is acted on: release, instance, service, alert, issue, check or message.
        target: Filled, required;
        /// How it comes about: reroute, restart, rebuild or record.
        means: Filled;
        /// What becomes of environment and secrets: kept, restored or mixed.
        environment: Filled;
        /// What becomes of automatic deploys: on, off or none.
        automatic_deploys: Filled;
        /// What a user must know before.
        caveats: Vec<At<Filled>>;
        /// What else it needs, by name.
        inputs: Named<ParamShape>;
        /// A program over nothing: a message when it cannot be done, or null.
        refuse: Filled;
        /// What is done, in its order.
        steps: Vec<At<StepShape>>, required;
        /// How one sees that it is done.
        done: DoneShape;
        /// How one sees whether the credential may do it, without doing it.
        permission: PermissionShape;
        /// The longest text that is taken, in characters. For messages.
        max_length: Count<1, 1000000>;
        /// Sending the same key twice sends once. For messages.
        deduplicates: bool;
    }

    /// One step of an action.
    StepShape {
        /// The request that takes it back.
        undo: RequestShape;
        /// Statuses that mean that it was so already.
        already: StatusCodes;
        /// A program: an answer, to true when it was so already.
        already_when: Filled;
        /// It only looks, and changes nothing.
        reads: bool;
        /// Doing it twice is the same as doing it once. Without it: when it only looks, knows `already`, or is no POST.
        repeatable: bool;
        /// The list of releases shows whether it was done. Without it: when its request names the release.
        releases_show: bool;
        ..request: RequestShape;
    }

    /// How one sees whether an action is permitted. Its requests change nothing.
    PermissionShape {
        /// Several requests in their order, instead of one.
        requests: Vec<At<RequestShape>>;
        /// A program: the last answer to { allowed = true, false or null when nobody can tell; message }.
        map: Filled, required;
        ..request: RequestShape;
    }

    /// How one sees that an action is done.
    DoneShape {
        /// Several requests in their order, instead of one.
        requests: Vec<At<RequestShape>>;
        /// A program: the last answer to { state = running, succeeded or failed; message }.
        map: Filled, required;
        /// The system's words for running, succeeded and failed.
        states: Named<Words>;
        /// The time between two looks.
        every: Friendly;
        /// How long it may take.
        within: Friendly;
        ..request: RequestShape;
    }
}

/// A table of templates, or a program that gives an object.
#[derive(Clone, PartialEq, Debug)]
pub enum FieldsShape {
    Table(Named<String>),
    Program(String),
}

impl Read for FieldsShape {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        match node.get_ref() {
            DeValue::String(program) => Some(Self::Program(program.to_string())),
            DeValue::Table(_) => Named::read(node, problems).map(Self::Table),
            other => {
                wrong_type(other, &node.span(), "a table of templates, or a program in quotes", problems);
                None
            }
        }
    }
}

impl JsonSchema for FieldsShape {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Fields".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "oneOf": [
            { "type": "object", "additionalProperties": { "type": "string" } },
            { "type": "string" },
        ] })
    }
}

/// One word, or several with spaces between them or in a list.
#[derive(Clone, PartialEq, Debug)]
pub struct Words(pub Vec<String>);

impl Read for Words {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        match node.get_ref() {
            DeValue::String(words) => Some(Self(words.split_whitespace().map(str::to_owned).collect())),
            DeValue::Array(words) => Some(Self(words.iter().filter_map(|word| String::read(word, problems)).collect())),
            other => {
                wrong_type(other, &node.span(), "words in quotes, or a list of them", problems);
                None
            }
        }
    }
}

impl JsonSchema for Words {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Words".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "array"], "items": { "type": "string" } })
    }
}
