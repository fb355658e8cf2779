//! Messages between tasks of one process.
