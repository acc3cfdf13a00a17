//! Our own probes. Each asks one question of the outside world and says what it found.
