//! Logins that are under way.

use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;

use super::origin::Origin;

/// How many there are, altogether and of each address.
#[derive(Default)]
pub(super) struct Places(Mutex<Taken>);

#[derive(Default)]
struct Taken {
    all: usize,
    by: HashMap<Origin, usize>,
}

impl Places {
    /// One more, until the guard is dropped.
    ///
    /// # Errors
    /// The name of the limit that is reached.
    pub(super) fn take(
        places: &Arc<Places>,
        origin: Origin,
        most: usize,
        most_of_one: usize,
    ) -> Result<Place, &'static str> {
        let mut taken = places.0.lock();
        if taken.all >= most {
            return Err("max_logins");
        }
        // Not entered before it is clear that it is taken out again.
        if taken.by.get(&origin).copied().unwrap_or_default() >= most_of_one {
            return Err("max_logins_per_address");
        }
        *taken.by.entry(origin).or_default() += 1;
        taken.all += 1;
        Ok(Place { places: Arc::clone(places), origin })
    }
}

/// One login of `max_logins`.
pub(super) struct Place {
    places: Arc<Places>,
    origin: Origin,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.lock();
        taken.all -= 1;
        if let Some(here) = taken.by.get_mut(&self.origin) {
            *here -= 1;
            if *here == 0 {
                taken.by.remove(&self.origin);
            }
        }
        if taken.by.is_empty() {
            // After a flood the table is let go.
            taken.by.shrink_to(64);
        }
    }
}
