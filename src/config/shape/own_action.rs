//! Actions of the user's own: a command here or through ssh, or a request.

use crate::config::document::{At, Named, shape};
use crate::config::leaf::{Anything, CommandLine, Filled, Friendly, Name, OneOf, SshHost, Word};
use crate::config::shape::SecretShape;
use crate::model::operation::ConfirmLevel;

shape! {
    /// Something that you can have done to the service: a command, or a request.
    OwnActionShape {
        /// Its name: letters, digits and _. `roll_back` is what R does, `restart` what `crashcart restart` does.
        name: Name, required;
        /// What lists and plans call it; its name unless said.
        title: Filled;
        /// What it is told: each is {name} in `run`, addresses and bodies, and $NAME in the shell.
        inputs: Named<OwnInputShape>;
        /// How it is confirmed: "none", "key" or "name"; as its environment says unless said.
        confirm: OneOf<ConfirmLevel>;
        /// What takes it back: a table with `run` or `http`.
        undo: OwnRequestShape;
        /// What it will not take back, and what else one should know before.
        caveats: Vec<At<Filled>>;
        /// Doing it twice is the same as doing it once.
        repeatable: bool;
        /// Where the token is kept that is sent as `Authorization: Bearer`.
        token: SecretShape;
        ..request: OwnRequestShape;
    }

    /// A command, or a request: either `run` or `http`.
    OwnRequestShape {
        /// Text for /bin/sh, or a list of a program and its arguments without a shell.
        run: CommandLine;
        /// The host on which it runs, as your ssh knows it; here unless said.
        ssh: SshHost;
        /// The directory to run it in; that of this file unless said. On another host the home directory.
        directory: Filled;
        /// The URL to request.
        http: Filled;
        /// The request's method; POST unless said.
        method: OneOf<Method>;
        /// Headers of the request. They are not kept secret: a token has its own key.
        headers: Named<String>;
        /// The body as JSON. A text that is only "{name}" becomes the input's value.
        json: Anything;
        /// How long it may take; a minute unless said.
        timeout: Friendly;
    }

    /// Something that an action is told.
    OwnInputShape {
        /// What it is.
        help: Filled, required;
        /// The value that stands there until another is typed.
        default: Anything;
        /// It may be left out.
        optional: bool;
        /// The only values that it may have.
        one_of: Vec<At<Filled>>;
    }
}

/// What a request asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Method(pub &'static str);

impl Word for Method {
    const NAME: &'static str = "Method";
    fn words() -> Vec<(&'static str, Self)> {
        [("GET", "get"), ("POST", "post"), ("PUT", "put"), ("PATCH", "patch"), ("DELETE", "delete")]
            .map(|(word, key)| (word, Self(key)))
            .into()
    }
}

impl Word for ConfirmLevel {
    const NAME: &'static str = "ConfirmLevel";
    fn words() -> Vec<(&'static str, Self)> {
        vec![("none", Self::None), ("key", Self::Key), ("name", Self::Name)]
    }
}
