//! The configuration file: text in, a validated catalog and settings out, with located diagnostics.
