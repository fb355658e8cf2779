//! Memory that is not needed any more goes back to the system.
//!
//! Law: what a crowd has used is given back within seconds after it has left, and a busy router is left in peace.
//!
//! The allocator of glibc keeps what was freed between things that are still in use; a router that had 5,000 sessions
//! would look as if it had them still. It gives the pages back when it is asked.

use std::time::Duration;

/// How often to look.
const EVERY: Duration = Duration::from_secs(2);
/// Less than this, in bytes, is not worth the while.
const WORTH: usize = 1 << 20;
/// Free memory, in bytes, that each thread may keep until somebody looks.
const KEEP: i32 = 2 << 20;

/// Sets the allocator up. To be called before anything is allocated in earnest.
///
/// Left to itself it gives memory back as soon as 128 KiB are free, and with messages of 64 KiB that is all the time: up to
/// 10,000 page faults were counted in 20,000 calls, and 400 like this.
pub(crate) fn prepare() {
    allocator::keep(KEEP);
}

/// Watches the process for as long as it is polled.
pub(crate) async fn keep_small() {
    // What is resident without being in use although it was asked for: code, stacks, half-empty pages.
    let mut unavoidable = None;
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some((resident, in_use)) = self::resident().zip(allocator::in_use()) else { return };
        let idle = resident.saturating_sub(in_use);
        match unavoidable {
            Some(known) if idle < known + WORTH + in_use / 8 => {}
            None => unavoidable = Some(idle),
            Some(_) => {
                allocator::give_back();
                let after = self::resident().unwrap_or(resident);
                tracing::debug!(before = resident, after, in_use, "gave memory back");
                unavoidable = Some(after.saturating_sub(in_use));
            }
        }
    }
}

/// Bytes of this process that are in memory, those of its program included; `None` where the system doesn't say.
fn resident() -> Option<usize> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = pages.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size())
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code, reason = "three calls into glibc that take no pointers")]
mod allocator {
    /// Longer allocations are asked of the system one by one, and given back so.
    const ALONE: i32 = 1 << 20;

    pub(super) fn keep(octets: i32) {
        // SAFETY: takes numbers. An option that is not known is ignored, which is why the answer is.
        unsafe {
            libc::mallopt(libc::M_TRIM_THRESHOLD, octets);
            libc::mallopt(libc::M_MMAP_THRESHOLD, ALONE);
        }
    }

    /// Bytes that the program has and has not freed.
    pub(super) fn in_use() -> Option<usize> {
        // SAFETY: takes no arguments, returns numbers, and may be called by any thread at any time.
        let info = unsafe { libc::mallinfo2() };
        Some(info.uordblks + info.hblkhd)
    }

    /// Gives back all pages that hold nothing in use.
    pub(super) fn give_back() {
        // SAFETY: takes a number, and may be called by any thread at any time.
        unsafe { libc::malloc_trim(0) };
    }
}

/// Other allocators are left to themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod allocator {
    pub(super) fn keep(_octets: i32) {}

    pub(super) fn in_use() -> Option<usize> {
        None
    }

    pub(super) fn give_back() {}
}
