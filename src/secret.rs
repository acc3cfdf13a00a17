//! Where secrets are kept: the environment, the system's keyring, a command, a file, our own encrypted store.
