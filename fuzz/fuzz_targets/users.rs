//! Files of users: whatever stands in one, reading it ends, and a mistake has a line of the file.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err((line, what)) = crossway_users::read(text) {
        assert!(line >= 1 && line <= text.matches('\n').count() + 1, "line {line}: {what}");
    }
});
