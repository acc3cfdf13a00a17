//! What lines of stack traces look like.

/// Python's announcement of a trace.
pub(super) fn is_traceback(text: &str) -> bool {
    text.starts_with("Traceback (most recent call last)")
}

/// What a frame looks like in any language, whether indented or not.
pub(super) fn is_frame(trimmed: &str) -> bool {
    let numbered = |rest: &str| rest.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(' ');
    let is_frame = match trimmed.as_bytes()[0] {
        // Java, JavaScript, .NET; Node's `at async`.
        b'a' => trimmed.starts_with("at ") && !trimmed.contains(" at "),
        b'.' => {
            trimmed.starts_with("... ")
                && [" more", " common frames omitted", " more lines matching"].iter().any(|end| trimmed.contains(end))
        }
        // PHP, Dart, gdb.
        b'#' => trimmed.as_bytes().get(1).is_some_and(u8::is_ascii_digit) && numbered(&trimmed[1..]),
        b'F' => trimmed.starts_with("File \"") && trimmed.contains(", line "),
        b'f' => trimmed.starts_with("from ") && trimmed.contains(":in "),
        b'<' => trimmed == "<asynchronous suspension>",
        _ => false,
    };
    is_frame || is_ruby_frame(trimmed)
}

/// `app/models/user.rb:12:in 'save'`, with what raised there only in the first.
fn is_ruby_frame(trimmed: &str) -> bool {
    let Some((place, name)) = trimmed.split_once(":in ") else { return false };
    place.ends_with(|c: char| c.is_ascii_digit())
        && !place.contains(": ")
        && !name.contains(": ")
        && name.starts_with(['`', '\''])
}

/// Lines that link one exception to the next.
pub(super) fn is_link(trimmed: &str) -> bool {
    [
        "Caused by:",
        "Suppressed: ",
        "Stack trace:",
        "[stacktrace]",
        "stack backtrace:",
        "note: run with `RUST_BACKTRACE",
        "note: Some details are omitted",
        "During handling of the above exception",
        "The above exception was the direct cause",
        "--- End of ",
        "thrown in ",
        "goroutine running on other thread",
        "-->",
        // The end of the JSON that Laravel prints around a trace.
        "\"}",
    ]
    .iter()
    .any(|link| trimmed.starts_with(link))
}

/// What still belongs to a trace whose frames have been seen.
pub(super) fn is_after_frames(trimmed: &str) -> bool {
    is_traceback(trimmed) || trimmed.starts_with("Node.js v")
}

/// A Java exception with its package, or a .NET one: what loggers print below the message.
pub(super) fn is_qualified_exception(trimmed: &str) -> bool {
    let name = trimmed.split([':', ' ']).next().unwrap_or_default();
    name.contains('.') && ["Exception", "Error", "Throwable"].iter().any(|end| name.ends_with(end))
}

/// A function without its arguments, as zap prints them below the message.
pub(super) fn is_go_function(trimmed: &str) -> bool {
    let is_path = trimmed.contains(['/', '.']) && !trimmed.contains([' ', ':', '=', '"']);
    is_path
        && (trimmed == "main.main"
            || trimmed.starts_with("runtime.")
            || trimmed.contains(".(*")
            || (trimmed.contains('/') && trimmed.contains('.')))
}

pub(super) fn is_goroutine(trimmed: &str) -> bool {
    trimmed.starts_with("goroutine ") && trimmed.ends_with("]:")
}

/// What Go prints after a panic: goroutines, calls, places, registers.
pub(super) fn is_go(trimmed: &str) -> bool {
    let name = trimmed.split('(').next().unwrap_or_default();
    let is_call = trimmed.ends_with(')') && !name.contains(' ') && (name.contains(['.', '/']) || name == "panic");
    is_call
        || ["[signal ", "created by ", "exit status ", "runtime stack:", "panic: ", "...additional frames elided"]
            .iter()
            .any(|begin| trimmed.starts_with(begin))
        || trimmed.contains(".go:")
        || is_register(trimmed)
}

fn is_register(trimmed: &str) -> bool {
    let mut words = trimmed.split_whitespace();
    matches!((words.next(), words.next(), words.next()), (Some(name), Some(value), None) if name.len() <= 6 && value.starts_with("0x"))
}

/// Whether the message stands on the next line: Rust's panics, Dart's exceptions.
pub(super) fn announces_message(body: &str) -> bool {
    let is_panic = body.starts_with("thread '") && body.contains("' panicked at ");
    body.ends_with(':') && (is_panic || body == "Unhandled exception:")
}
