//! What log lines mean: level and time detection, folding, the bounded buffer, filters, search, patterns.
