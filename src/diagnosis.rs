//! From the snapshot to conclusions: health, reasons, root causes. Evidence or silence.
