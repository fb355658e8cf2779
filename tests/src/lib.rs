//! Tests through public doors.
