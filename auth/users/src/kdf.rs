//! Threads for functions that are slow on purpose.
//!
//! Law: a flood of logins costs the router the threads that it has set aside for them, at low priority, and no more: routing
//! never waits for a hash.
//!
//! ```text
//!   run ──> queue, bounded ──> threads, a fraction of the cores, nice 10 ──> answer
//!             │ full: AuthError::Failed                │ nobody waits any more: not even begun
//! ```
//!
//! Threads come with the first job and go when there has been none for a while.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread;
use std::time::Duration;

use crossway_core::auth::AuthError;
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

/// How much may be spent on logging in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KdfOptions {
    /// Hashes that are worked on at the same time, each by a thread of its own.
    pub threads: usize,
    /// Hashes that wait for a thread; more logins are refused.
    pub queue: usize,
}

impl Default for KdfOptions {
    /// Half of the cores, and 256 logins waiting.
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        KdfOptions { threads: (cores / 2).max(1), queue: 256 }
    }
}

/// What happened to the hashes that were asked for.
#[derive(Debug, Default)]
pub struct KdfCounters {
    done: AtomicU64,
    refused: AtomicU64,
}

impl KdfCounters {
    /// Hashes that were made.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Logins refused because `queue` was full.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

/// The threads for slow functions. Cheap to clone; all clones are the same threads.
#[derive(Clone)]
pub struct Kdf(Arc<Pool>);

struct Pool {
    options: KdfOptions,
    counters: KdfCounters,
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
}

struct Job {
    run: Box<dyn FnOnce() + Send>,
    /// Who waits for it; gone if nobody does.
    waits: Weak<()>,
}

/// How long a thread waits for another job.
const LINGER: Duration = Duration::from_secs(10);
/// Other work of the same machine goes first.
const NICE: i32 = 10;

impl Kdf {
    /// Threads of one's own.
    pub fn new(options: KdfOptions) -> Self {
        let (state, arrived) = (Mutex::default(), Condvar::new());
        Kdf(Arc::new(Pool { options, counters: KdfCounters::default(), state, arrived }))
    }

    /// Those of the process, as by default. Authenticators use them unless they are given others.
    pub fn shared() -> Self {
        static SHARED: OnceLock<Kdf> = OnceLock::new();
        SHARED.get_or_init(|| Kdf::new(KdfOptions::default())).clone()
    }

    /// What happened so far.
    pub fn counters(&self) -> &KdfCounters {
        &self.0.counters
    }

    /// Has a thread run something slow. If the caller gives up before it is its turn, it is never begun.
    ///
    /// # Errors
    /// [`AuthError::Failed`] if too many wait already, or if it panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        slow: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AuthError> {
        let (answer, answered) = oneshot::channel();
        let pool = Arc::clone(&self.0);
        let job = move || {
            if !answer.is_closed() {
                let result = slow();
                pool.counters.done.fetch_add(1, Ordering::Relaxed);
                // Nobody waits for it any more: then nobody misses it.
                let _ = answer.send(result);
            }
        };
        let waits = Arc::new(());
        self.0.enqueue(Job { run: Box::new(job), waits: Arc::downgrade(&waits) })?;
        let answered = answered.await;
        drop(waits);
        answered.map_err(|_| AuthError::Failed("a login broke down".to_owned()))
    }
}

impl Pool {
    fn enqueue(self: &Arc<Self>, job: Job) -> Result<(), AuthError> {
        let mut state = self.state.lock();
        let free = state.idle + (self.options.threads.max(1) - state.threads);
        let most = self.options.queue + free;
        if state.jobs.len() >= most {
            // Those who have left take no place.
            state.jobs.retain(|job| job.waits.strong_count() > 0);
        }
        if state.jobs.len() >= most {
            self.counters.refused.fetch_add(1, Ordering::Relaxed);
            return Err(AuthError::Failed("too many logins at once".to_owned()));
        }
        state.jobs.push_back(job);
        if state.idle >= state.jobs.len() {
            self.arrived.notify_one();
        } else if state.threads < self.options.threads.max(1) {
            let pool = Arc::clone(self);
            let spawned = thread::Builder::new().name("crossway-kdf".to_owned()).spawn(move || pool.work());
            match spawned {
                Ok(_) => state.threads += 1,
                // Those that there are will get to it.
                Err(_) if state.threads > 0 => {}
                Err(error) => {
                    state.jobs.pop_back();
                    return Err(AuthError::Failed(format!("there is no thread for logins: {error}")));
                }
            }
        }
        Ok(())
    }

    /// The life of a thread.
    fn work(self: Arc<Self>) {
        // Where this is not allowed, the number of threads has to do.
        #[cfg(target_os = "linux")]
        let _ = rustix::process::setpriority_process(None, NICE);
        let mut state = self.state.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                drop(state);
                // A job that panics has dropped the sender of its answer, and said so through the panic hook.
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job.run));
                state = self.state.lock();
                continue;
            }
            state.idle += 1;
            let waited = self.arrived.wait_for(&mut state, LINGER);
            state.idle -= 1;
            if waited.timed_out() && state.jobs.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }
}

impl Default for Kdf {
    fn default() -> Self {
        Kdf::shared()
    }
}

impl fmt::Debug for Kdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kdf").field("options", &self.0.options).field("counters", &self.0.counters).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    }

    #[test]
    fn what_runs_answers() {
        let kdf = Kdf::new(KdfOptions { threads: 2, queue: 1 });
        let sum = async { kdf.run(|| 1).await.unwrap() + kdf.run(|| 2).await.unwrap() };
        assert_eq!(runtime().block_on(sum), 3);
        assert_eq!((kdf.counters().done(), kdf.counters().refused()), (2, 0));
    }

    #[test]
    fn beyond_the_queue_logins_are_refused() {
        let kdf = Kdf::new(KdfOptions { threads: 1, queue: 2 });
        let (release, held) = mpsc::channel::<()>();
        let (begun, has_begun) = mpsc::channel();
        let runtime = runtime();
        let first = runtime.spawn({
            let kdf = kdf.clone();
            async move {
                kdf.run(move || {
                    begun.send(()).unwrap();
                    held.recv().unwrap();
                })
                .await
            }
        });
        runtime.block_on(async {
            tokio::task::yield_now().await;
            has_begun.recv().unwrap();
            let mut waiting: Vec<_> = (0..2).map(|number| Box::pin(kdf.run(move || number))).collect();
            for one in &mut waiting {
                // The first poll queues it.
                assert!(
                    std::future::poll_fn(|cx| std::task::Poll::Ready(one.as_mut().poll(cx).is_pending()))
                        .await
                );
            }
            let refused = kdf.run(|| ()).await;
            assert_eq!(refused, Err(AuthError::Failed("too many logins at once".to_owned())));
            // Who does not wait any more is not worked for, and takes no place.
            drop(waiting.pop());
            let mut late = Box::pin(kdf.run(|| 9));
            let queued =
                std::future::poll_fn(|cx| std::task::Poll::Ready(late.as_mut().poll(cx).is_pending()));
            assert!(queued.await);
            release.send(()).unwrap();
            first.await.unwrap().unwrap();
            assert_eq!(waiting.pop().unwrap().await, Ok(0));
            assert_eq!(late.await, Ok(9));
            assert_eq!(kdf.run(|| 7).await, Ok(7), "there is room again");
        });
        assert_eq!((kdf.counters().done(), kdf.counters().refused()), (4, 1));
    }

    #[test]
    fn one_that_panics_takes_nobody_along() {
        let kdf = Kdf::new(KdfOptions { threads: 1, queue: 1 });
        runtime().block_on(async {
            assert!(kdf.run(|| panic!("on purpose")).await.is_err());
            assert_eq!(kdf.run(|| 1).await, Ok(1));
        });
    }
}
