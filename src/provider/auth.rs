//! Credentials of platforms that want more than a header: signatures, token exchanges, cluster files.
