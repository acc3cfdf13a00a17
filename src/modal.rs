//! What opens above the panes.
