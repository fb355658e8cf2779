//! Memory that the queues of one thread lend each other.
//!
//! A queue holds memory only while octets are on their way, which is for the length of a turn, some hundred times a second.
//! Asking the system's allocator each time costs more than the copying that the memory is for, and growing a chunk
//! step by step copies it again.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::queue::{Chunk, End};

/// Length of a chunk that is lent.
pub(crate) const CHUNK: usize = 16 * 1024;
/// A thread keeps this many chunks, and as many lists.
const KEEP: usize = 64;
/// Lists with more room than this are not kept.
const LONGEST_LIST: usize = 1024;

/// The lists of a queue: its chunks, and where messages end.
pub(crate) type Lists = (VecDeque<Chunk>, VecDeque<End>);

#[derive(Default)]
struct Pool {
    chunks: Vec<Vec<u8>>,
    lists: Vec<Lists>,
}

thread_local! {
    static POOL: RefCell<Pool> = RefCell::default();
}

/// An empty chunk with room for at least `room` octets.
pub(crate) fn take_chunk(room: usize) -> Vec<u8> {
    if room > CHUNK {
        return Vec::with_capacity(room);
    }
    POOL.with_borrow_mut(|pool| pool.chunks.pop()).unwrap_or_else(|| Vec::with_capacity(CHUNK))
}

/// Takes a chunk back.
pub(crate) fn give_chunk(mut chunk: Vec<u8>) {
    if chunk.capacity() != CHUNK {
        return;
    }
    chunk.clear();
    POOL.with_borrow_mut(|pool| {
        if pool.chunks.len() < KEEP {
            pool.chunks.push(chunk);
        }
    });
}

/// Empty lists.
pub(crate) fn take_lists() -> Lists {
    POOL.with_borrow_mut(|pool| pool.lists.pop()).unwrap_or_default()
}

/// Takes lists back. They are empty.
pub(crate) fn give_lists(lists: Lists) {
    if lists.0.capacity() > LONGEST_LIST || lists.1.capacity() > LONGEST_LIST {
        return;
    }
    POOL.with_borrow_mut(|pool| {
        if pool.lists.len() < KEEP {
            pool.lists.push(lists);
        }
    });
}
