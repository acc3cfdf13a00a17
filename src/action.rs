//! Everything a user can do, one row each. Keys, footer, palette, help and docs come from the rows.
