//! The wildcard patterns of an index.
//!
//! Law: the pattern of a given shape that matches a URI is the URI itself without the components that are empty in that
//! shape, so it takes one look into a hash map to find it, and a lookup as many as there are shapes of as many
//! components as the URI has, whatever else is in there and whoever put it in.
//!
//! The hash of a pattern is a sum over its components, so that those of all candidates come from one pass over the URI:
//!
//! ```text
//!   com.app.log.error              com + app + log + error    (each hashed with its place)
//!   shape 4: 2          com.app..error                      - log
//!   shape 4: 1, 3       com..log.                           - app - error
//! ```

use std::hash::{BuildHasher, Hasher};
use std::ops::ControlFlow;

use hashbrown::DefaultHashBuilder;

use super::map::Map;
use super::shapes::Shapes;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Wildcards<T> {
    patterns: Map<T>,
    shapes: Shapes,
    hash: Hash,
}

impl<T> Default for Wildcards<T> {
    fn default() -> Self {
        Wildcards { patterns: Map::default(), shapes: Shapes::default(), hash: Hash::default() }
    }
}

impl<T> Wildcards<T> {
    pub(super) fn len(&self) -> usize {
        self.patterns.len()
    }

    pub(super) fn shapes(&self) -> &Shapes {
        &self.shapes
    }

    pub(super) fn get(&self, pattern: &str) -> Option<&T> {
        self.patterns.find(self.hash.pattern(pattern), |theirs| theirs == pattern)
    }

    /// Everything that matches `uri`, what wins first, until `visit` has seen enough.
    pub(super) fn visit<'a>(&'a self, uri: &str, mut visit: impl FnMut(&'a T) -> ControlFlow<()>) {
        if self.patterns.len() == 0 {
            return;
        }
        let components = 1 + uri.bytes().filter(|octet| *octet == b'.').count();
        let shapes = self.shapes.of(components);
        if shapes.is_empty() {
            return;
        }
        let (mut few, mut many) = ([Component::default(); FEW], Vec::new());
        let found = match few.get_mut(..components) {
            Some(found) => found,
            None => {
                many.resize(components, Component::default());
                &mut many[..]
            }
        };
        let Some(all) = self.hash.uri(uri, found) else { return };
        for shape in shapes {
            let without = |hash: u64, place: &u32| hash.wrapping_sub(found[*place as usize].hash);
            let hash = shape.empty.iter().fold(all, without);
            if let Some(value) = self.patterns.find(hash, |pattern| fits(pattern, &shape.empty, uri, found))
                && visit(value).is_break()
            {
                return;
            }
        }
    }

    /// The pattern that wins among those that match whatever `pattern` matches: `pattern` itself, with some more of its
    /// components left out.
    pub(super) fn best_cover(&self, pattern: &str) -> Option<&T> {
        let components: Vec<&str> = pattern.split('.').collect();
        let covers = self.shapes.of(components.len()).iter().filter_map(|shape| {
            let is_left_out = |place: usize| shape.empty.iter().any(|empty| *empty as usize == place);
            let keeps_gaps =
                components.iter().enumerate().all(|(place, part)| !part.is_empty() || is_left_out(place));
            let part =
                |(place, part): (usize, &&'_ str)| if is_left_out(place) { "" } else { *part }.to_owned();
            keeps_gaps.then(|| components.iter().enumerate().map(part).collect::<Vec<_>>().join("."))
        });
        covers.into_iter().find_map(|cover| self.get(&cover))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.patterns.iter()
    }
}

impl<T: Clone> Wildcards<T> {
    pub(super) fn with(&self, pattern: &str, value: T) -> Self {
        let patterns = self.patterns.with(self.hash.pattern(pattern), pattern, value);
        let is_new = patterns.len() > self.patterns.len();
        let shapes = if is_new { self.shapes.with(pattern) } else { self.shapes.clone() };
        Wildcards { patterns, shapes, hash: self.hash.clone() }
    }

    pub(super) fn without(&self, pattern: &str) -> Self {
        let patterns = self.patterns.without(self.hash.pattern(pattern), pattern);
        let is_gone = patterns.len() < self.patterns.len();
        let shapes = if is_gone { self.shapes.without(pattern) } else { self.shapes.clone() };
        Wildcards { patterns, shapes, hash: self.hash.clone() }
    }
}

/// URIs of so many components need no allocation.
const FEW: usize = 16;

/// Where a component of a URI is, and what it adds to the hash.
#[derive(Clone, Copy, Default)]
struct Component {
    start: usize,
    end: usize,
    hash: u64,
}

/// Whether `pattern` is `uri` without the components that are `empty`.
fn fits(pattern: &str, empty: &[u32], uri: &str, components: &[Component]) -> bool {
    let (mut wanted, uri) = (pattern.as_bytes(), uri.as_bytes());
    let mut done = 0;
    for place in empty {
        let left_out = components[*place as usize];
        match wanted.strip_prefix(&uri[done..left_out.start]) {
            Some(rest) => wanted = rest,
            None => return false,
        }
        done = left_out.end;
    }
    *wanted == uri[done..]
}

/// Hashes that nobody can foresee.
#[derive(Clone, Debug, Default)]
struct Hash(DefaultHashBuilder);

impl Hash {
    fn pattern(&self, pattern: &str) -> u64 {
        let mut components = 0;
        let mut hash = 0_u64;
        for component in pattern.split('.') {
            if !component.is_empty() {
                hash = hash.wrapping_add(self.component(components, component.as_bytes()));
            }
            components += 1;
        }
        hash.wrapping_add(self.components(components))
    }

    /// The hash of a URI, and its components; `None` if one of them is empty.
    fn uri(&self, uri: &str, components: &mut [Component]) -> Option<u64> {
        let mut all = self.components(components.len());
        let mut start = 0;
        for (place, component) in components.iter_mut().enumerate() {
            let rest = &uri.as_bytes()[start..];
            let length = rest.iter().position(|octet| *octet == b'.').unwrap_or(rest.len());
            if length == 0 {
                return None;
            }
            *component =
                Component { start, end: start + length, hash: self.component(place, &rest[..length]) };
            all = all.wrapping_add(component.hash);
            start += length + 1;
        }
        Some(all)
    }

    /// What a component at this place adds.
    fn component(&self, place: usize, component: &[u8]) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write_usize(place);
        hasher.write(component);
        hasher.finish()
    }

    /// What the number of components adds, so that empty ones at the end make a difference.
    fn components(&self, components: usize) -> u64 {
        self.component(components, b"")
    }
}
