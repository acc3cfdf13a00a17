//! The shared look: theme, formats, widgets.
