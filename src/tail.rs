//! Following logs: files through rotation, commands, other hosts; and reading big files in place.
