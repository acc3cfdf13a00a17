//! Everything a user can do, one row each. Keys, footer, palette, help and `docs/keys.md` come from the rows.

pub mod docs;
pub mod keymap;

use serde::{Deserialize, Serialize};

/// Something the user chose to do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Action {
    Quit,
    Back,
    Help,
    Palette,
    Refresh,
    Copy,
    NextPane,
    PreviousPane,
    PaneTriage,
    PaneService,
    PaneLogs,
    PaneReleases,
    PaneErrors,
    PaneAlerts,
    PaneOperations,
    PaneTimeline,
    PaneContacts,
    PaneReadiness,
    Incident,
    Note,
    Page,
    Pin,
    Correct,
    Redact,
    CallLog,
    CallPicture,
    CallReveal,
    Runbook,
    Draft,
    RollBack,
    Actions,
    Confirm,
    Target,
    Stop,
    GoOn,
    Undo,
    Close,
    StepSkip,
    StepMark,
    StepStop,
    StepUndo,
    StepOutput,
    StepTerminal,
    StepGoOn,
    RunClose,
    Link,
    FindNext,
    FindPrevious,
    Edit,
    Zoom,
    Theme,
    Mouse,
    Redraw,
    Suspend,
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
    Left,
    Right,
    Open,
    Search,
    SearchNext,
    SearchPrevious,
    ServiceLogs,
    ErrorNext,
    ErrorPrevious,
    Include,
    Exclude,
    Level,
    Pause,
    Source,
    Patterns,
    ClearFilters,
}

/// Where an action makes sense.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Context {
    /// Everywhere but in a text prompt.
    Everywhere,
    /// In panes and texts that scroll.
    Moving,
    Triage,
    Service,
    Logs,
    /// Releases, errors, alerts.
    Lists,
    /// What was and is being done: the list, and one of them.
    Operations,
    /// The timeline of an incident.
    Timeline,
    /// Whom to call.
    Contacts,
    /// One contact.
    Contact,
    /// A runbook that is followed.
    Runbook,
    /// A plan or a command that may be approved.
    Plan,
}

impl Context {
    /// Returns the heading under which help lists the actions.
    pub fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Moving => "Moving",
            Self::Triage => "Services",
            Self::Service => "One service",
            Self::Logs => "Logs",
            Self::Lists => "Releases, errors, alerts",
            Self::Operations => "Operations",
            Self::Timeline => "The timeline",
            Self::Contacts => "Contacts",
            Self::Contact => "A contact",
            Self::Runbook => "A runbook",
            Self::Plan => "A plan, a command",
        }
    }

    /// Every context, in the order of help.
    pub const ALL: [Self; 12] = [
        Self::Everywhere,
        Self::Moving,
        Self::Triage,
        Self::Service,
        Self::Logs,
        Self::Lists,
        Self::Operations,
        Self::Timeline,
        Self::Contacts,
        Self::Contact,
        Self::Runbook,
        Self::Plan,
    ];
}

/// One row: all there is to know about an action.
#[derive(Debug)]
pub struct ActionInfo {
    pub action: Action,
    /// The name in the configuration's `[keys]`.
    pub name: &'static str,
    /// Default keys, the one that is shown first.
    pub keys: &'static [&'static str],
    pub context: Context,
    /// One clause for help and palette.
    pub help: &'static str,
    /// The word in the footer; `None` keeps it out of the footer.
    pub footer: Option<&'static str>,
}

macro_rules! actions {
    ($($action:ident $name:literal [$($key:literal)*] $context:ident $footer:expr, $help:literal;)*) => {
        /// Every action. The order is that of help, footer and docs.
        pub const ACTIONS: &[ActionInfo] = &[$(ActionInfo {
            action: Action::$action, name: $name, keys: &[$($key),*], context: Context::$context, help: $help, footer: $footer,
        }),*];
    };
}

actions! {
    RollBack        "roll-back"       ["R"]                Everywhere Some("roll back"), "plan to roll the service back: nothing is done before you say yes";
    Open            "open"            ["enter"]            Moving     Some("open"),   "open what is selected";
    Actions         "actions"         ["a"]                Everywhere Some("act"),    "everything that can be done with what is selected";
    PaneContacts    "pane.contacts"   ["c" "9"]            Everywhere Some("contacts"), "whom to call, and who is next";
    Incident        "incident"        ["!"]                Everywhere Some("incident"), "open an incident; when one is open: what can be said of it";
    Note            "note"            ["n"]                Everywhere Some("note"),   "a note in the timeline; 02:14 or -5m before it says when that was";
    Search          "search"          ["/"]                Moving     Some("find"),   "search logs, or filter services by name";
    ServiceLogs     "logs"            ["l"]                Triage     Some("logs"),   "logs of the selected service";
    Pause           "logs.pause"      ["space"]            Logs       Some("pause"),  "pause or resume following";
    ErrorNext       "logs.error-next" ["e"]                Logs       Some("error"),  "next error";
    ErrorPrevious   "logs.error-previous" ["E"]            Logs       None,           "previous error";
    SearchNext      "search.next"     ["n"]                Logs       None,           "next match";
    SearchPrevious  "search.previous" ["N"]                Logs       None,           "previous match";
    Level           "logs.level"      ["v"]                Logs       Some("level"),  "lowest level shown: all, info, warn, error";
    Include         "logs.include"    ["i"]                Logs       Some("only"),   "show only lines that match";
    Exclude         "logs.exclude"    ["x"]                Logs       Some("hide"),   "hide lines that match";
    ClearFilters    "logs.clear"      ["X"]                Logs       None,           "clear every log filter";
    Source          "logs.source"     ["s"]                Logs       Some("source"), "one source after the other, then all";
    Patterns        "logs.patterns"   ["P"]                Logs       None,           "summary of similar lines";
    Refresh         "refresh"         ["r"]                Everywhere Some("check now"), "probe everything now; never changes anything";
    Palette         "palette"         [":"]                Everywhere Some("command"), "find a service, a log or a command";
    Help            "help"            ["?"]                Everywhere Some("help"),   "this help";
    Back            "back"            ["esc" "backspace"]  Everywhere None,           "close, clear, or go back";
    Quit            "quit"            ["q" "ctrl-c"]       Everywhere Some("quit"),   "go back, and quit from the services";
    Copy            "copy"            ["y"]                Everywhere None,           "copy the selection to your own clipboard (OSC 52)";
    NextPane        "pane.next"       ["tab"]              Everywhere None,           "next pane";
    PreviousPane    "pane.previous"   ["shift-tab"]        Everywhere None,           "previous pane";
    PaneTriage      "pane.services"   ["1"]                Everywhere None,           "services";
    PaneService     "pane.service"    ["2"]                Everywhere None,           "the selected service";
    PaneLogs        "pane.logs"       ["3"]                Everywhere None,           "logs";
    PaneReleases    "pane.releases"   ["4"]                Everywhere None,           "releases of the selected service";
    PaneErrors      "pane.errors"     ["5"]                Everywhere None,           "errors of the selected service, with their stack traces";
    PaneAlerts      "pane.alerts"     ["6"]                Everywhere None,           "alerts of every source";
    PaneOperations  "pane.operations" ["o" "7"]            Everywhere None,           "operations: what was and is being done";
    PaneTimeline    "pane.timeline"   ["t" "8"]            Everywhere None,           "the incident's timeline: everything that happened";
    Page            "page"            ["p"]                Everywhere None,           "page the next person, or the selected contact: shown before it goes out";
    PaneReadiness   "pane.readiness"  ["0"]                Everywhere None,           "what was proven to work, and the scores of the audit";
    Pin             "pin"             ["m"]                Everywhere None,           "pin the log line, check or chart that is selected to the timeline";
    Correct         "entry.correct"   ["e"]                Timeline   Some("correct"), "say what is right instead: what stood there stays in the journal";
    Redact          "entry.redact"    ["X"]                Timeline   Some("take out"), "take the entry out of what is shown and exported, and say why";
    CallLog         "call.log"        ["l"]                Contact    Some("log a call"), "you called: write down what came of it";
    CallPicture     "call.picture"    ["s"]                Contact    Some("scan"),   "a picture that a phone's camera dials";
    CallReveal      "call.reveal"     ["v"]                Contact    None,           "show account and contract numbers whole, or hide them";
    Runbook         "runbook"         ["b"]                Everywhere Some("runbook"), "the runbook that fits what is wrong, and why that one";
    Draft           "runbook.write"   ["W"]                Everywhere None,           "write a runbook from what was just done";
    Stop            "operation.stop"  ["S"]                Operations Some("stop"),   "stop it between two steps";
    GoOn            "operation.go-on" ["C"]                Operations Some("continue"), "continue it: what is not known is asked first";
    Undo            "operation.undo"  ["U"]                Operations Some("undo"),   "plan to take back what it did";
    Close           "operation.close" ["X"]                Operations Some("close"),  "nobody goes on with it: it stays as it stands";
    StepSkip        "step.skip"       ["s"]                Runbook    Some("skip"),   "skip the step, and say why";
    StepMark        "step.mark"       ["m"]                Runbook    Some("done"),   "it is done: a person did it";
    StepStop        "step.stop"       ["S"]                Runbook    Some("stop"),   "stop what runs: interrupt, terminate, kill";
    StepUndo        "step.undo"       ["U"]                Runbook    None,           "show how the step is taken back, and ask";
    StepOutput      "step.output"     ["o"]                Runbook    Some("output"), "everything that the step printed";
    StepTerminal    "step.terminal"   ["t"]                Runbook    None,           "back to the terminal of a command that talks to you";
    StepGoOn        "step.go-on"      ["C"]                Runbook    None,           "find out what became of a step whose process has gone";
    RunClose        "run.close"       ["X"]                Runbook    None,           "close the run: nothing more is done in it";
    Link            "runbook.link"    ["1" "2" "3" "4" "5" "6" "7" "8" "9"] Runbook None, "follow the link of that number";
    FindNext        "runbook.next"    ["n"]                Runbook    None,           "next place that was searched for";
    FindPrevious    "runbook.previous" ["N"]               Runbook    None,           "previous place that was searched for";
    Edit            "step.edit"       ["e"]                Plan       None,           "write the command anew before it runs";
    Confirm         "plan.confirm"    ["y"]                Plan       None,           "do it; counts only once it has been on the screen";
    Target          "plan.target"     ["t"]                Plan       None,           "choose another release to go back to";
    Zoom            "zoom"            ["z"]                Everywhere None,           "give the pane the whole screen, and back";
    Theme           "theme"           ["T"]                Everywhere None,           "next theme";
    Mouse           "mouse"           ["M"]                Everywhere None,           "mouse on or off (off: the terminal selects text)";
    Redraw          "redraw"          ["ctrl-l"]           Everywhere None,           "draw the screen anew";
    Suspend         "suspend"         ["ctrl-z"]           Everywhere None,           "back to the shell until fg";
    Up              "up"              ["k" "up"]           Moving     None,           "up";
    Down            "down"            ["j" "down"]         Moving     None,           "down";
    PageUp          "page-up"         ["u" "pageup" "ctrl-u"]   Moving None,          "a page up";
    PageDown        "page-down"       ["f" "pagedown" "ctrl-d"] Moving None,          "a page down";
    Top             "top"             ["g" "home"]         Moving     None,           "to the beginning";
    Bottom          "bottom"          ["G" "end"]          Moving     None,           "to the end; logs follow again";
    Left            "left"            ["h" "left"]         Moving     None,           "left";
    Right           "right"           ["right"]            Moving     None,           "right";
}

/// Returns the row of an action.
pub fn info(action: Action) -> &'static ActionInfo {
    ACTIONS.iter().find(|row| row.action == action).expect("every action has a row; a test checks it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_actions_are_unique_and_every_row_has_a_plain_key() {
        for (index, row) in ACTIONS.iter().enumerate() {
            for other in &ACTIONS[index + 1..] {
                assert_ne!(row.name, other.name);
                assert_ne!(row.action, other.action);
            }
            let plain = row.keys.iter().any(|key| !key.starts_with("ctrl-"));
            // Two that only exist for hands which know them; the palette has them as well.
            assert!(plain || matches!(row.action, Action::Redraw | Action::Suspend), "{} needs a plain key", row.name);
        }
    }

    #[test]
    fn refresh_is_r_and_nothing_destructive_is_d() {
        assert_eq!(info(Action::Refresh).keys, ["r"]);
        assert!(ACTIONS.iter().all(|row| !row.keys.contains(&"d")));
    }
}
