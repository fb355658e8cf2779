use std::time::Duration;

use crate::config::units::{duration, show_duration, show_size, size};

#[test]
fn durations_need_a_unit_and_may_have_a_space() {
    assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
    assert_eq!(duration("5 s"), Some(Duration::from_secs(5)));
    assert_eq!(duration("2m"), Some(Duration::from_secs(120)));
    assert_eq!(duration("1h"), Some(Duration::from_secs(3_600)));
    assert_eq!(duration("1d"), Some(Duration::from_secs(86_400)));
    for wrong in
        ["", "5", "s", "-5s", "1.5s", "5 sec", "5s5s", "99999999999999999999s", "18446744073709551615d"]
    {
        assert_eq!(duration(wrong), None, "{wrong}");
    }
}

#[test]
fn sizes_tell_1000_from_1024() {
    assert_eq!(size("512"), Some(512));
    assert_eq!(size("16MiB"), Some(16 * 1024 * 1024));
    assert_eq!(size("16 MB"), Some(16_000_000));
    assert_eq!(size("64kb"), Some(64_000));
    assert_eq!(size("64KiB"), Some(65_536));
    assert_eq!(size("7B"), Some(7));
    for wrong in ["", "16M", "MiB", "-1", "1.5MiB", "16 mebibytes", "18446744073709551615GiB"] {
        assert_eq!(size(wrong), None, "{wrong}");
    }
}

#[test]
fn what_is_shown_is_read_as_the_same() {
    for milliseconds in [0, 1, 999, 1_000, 1_500, 60_000, 90_000, 3_600_000, 86_400_000] {
        let value = Duration::from_millis(milliseconds);
        assert_eq!(duration(&show_duration(value)), Some(value), "{milliseconds}");
    }
    for bytes in [0, 1, 1_000, 1_024, 1_536, 16 << 20, (16 << 20) + 1, 3 << 30] {
        assert_eq!(size(&show_size(bytes)), Some(bytes), "{bytes}");
    }
    assert_eq!(show_duration(Duration::from_secs(90)), "90s");
    assert_eq!(show_size(16 << 20), "16MiB");
}
