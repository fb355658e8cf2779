//! The ways that a URI takes through a tree of patterns.

use super::tree::{Node, Tree};

impl<T> Tree<T> {
    /// The values of all keys that `uri` begins with, the shortest first.
    pub(super) fn prefixes_of<'t, 'u>(&'t self, uri: &'u str) -> Prefixes<'t, 'u, T> {
        Prefixes { next: self.root(), rest: uri.as_bytes() }
    }

    /// The values of all keys that, as wildcard patterns, match `uri`: where two differ for the first time in which
    /// components are empty, the one that has a component there comes first.
    pub(super) fn wildcards_for<'t, 'u>(&'t self, uri: &'u str) -> Wildcards<'t, 'u, T> {
        let mut ahead = Stack::default();
        if let Some(node) = self.root() {
            ahead.push(Way { place: Place { label: b"", node }, rest: Some(uri.as_bytes()) });
        }
        Wildcards { ahead }
    }
}

/// See [`Tree::prefixes_of`].
pub(super) struct Prefixes<'t, 'u, T> {
    next: Option<&'t Node<T>>,
    rest: &'u [u8],
}

impl<'t, T> Iterator for Prefixes<'t, '_, T> {
    type Item = &'t T;

    fn next(&mut self) -> Option<&'t T> {
        while let Some(node) = self.next.take() {
            let edge = self.rest.first().and_then(|octet| node.find(*octet).ok()).map(|at| &node.edges[at]);
            if let Some(edge) = edge
                && let Some(rest) = self.rest.strip_prefix(edge.label.octets())
            {
                self.next = Some(&edge.node);
                self.rest = rest;
            }
            if node.value.is_some() {
                return node.value.as_ref();
            }
        }
        None
    }
}

/// See [`Tree::wildcards_for`].
pub(super) struct Wildcards<'t, 'u, T> {
    /// At most one for each component of the URI, besides the first.
    ahead: Stack<Way<'t, 'u, T>>,
}

/// A beginning of a pattern that matches the URI but for its `rest`, which starts with a component; `None` at the end.
struct Way<'t, 'u, T> {
    place: Place<'t, T>,
    rest: Option<&'u [u8]>,
}

impl<'t, T> Iterator for Wildcards<'t, '_, T> {
    type Item = &'t T;

    fn next(&mut self) -> Option<&'t T> {
        loop {
            let way = self.ahead.pop()?;
            if let Some(place) = self.follow(way)
                && place.label.is_empty()
                && place.node.value.is_some()
            {
                return place.node.value.as_ref();
            }
        }
    }
}

impl<'t, 'u, T> Wildcards<'t, 'u, T> {
    /// Where the tree gets with the rest of the URI as it is. The ways past a component are for later, and the one that
    /// branches off last is the first of them.
    fn follow(&mut self, way: Way<'t, 'u, T>) -> Option<Place<'t, T>> {
        let Way { mut place, mut rest } = way;
        while let Some(uri) = rest {
            let dot = uri.iter().position(|octet| *octet == b'.');
            let (component, next) = dot.map_or((uri.len(), uri.len()), |dot| (dot, dot + 1));
            if component == 0 {
                return None;
            }
            rest = dot.map(|_| &uri[next..]);
            if let Some(place) = place.go(&uri[component..next]) {
                self.ahead.push(Way { place, rest });
            }
            place = place.go(&uri[..next])?;
        }
        Some(place)
    }
}

/// A point in the tree: what is left of an edge's label, and the node at its end.
struct Place<'t, T> {
    label: &'t [u8],
    node: &'t Node<T>,
}

impl<T> Clone for Place<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Place<'_, T> {}

impl<T> Place<'_, T> {
    /// The point that is `octets` further down.
    fn go(mut self, mut octets: &[u8]) -> Option<Self> {
        loop {
            let length = self.label.len().min(octets.len());
            let (label, below) = self.label.split_at(length);
            octets = octets.strip_prefix(label)?;
            self.label = below;
            let Some(octet) = octets.first() else { return Some(self) };
            let edge = &self.node.edges[self.node.find(*octet).ok()?];
            self = Place { label: edge.label.octets(), node: &edge.node };
        }
    }
}

/// A stack that asks for memory only when it is higher than URIs usually have components.
struct Stack<E> {
    low: [Option<E>; LOW],
    high: Vec<E>,
    /// How many of `low` are in use.
    length: usize,
}

const LOW: usize = 8;

impl<E> Default for Stack<E> {
    fn default() -> Self {
        Stack { low: [const { None }; LOW], high: Vec::new(), length: 0 }
    }
}

impl<E> Stack<E> {
    fn push(&mut self, element: E) {
        if self.length < LOW {
            self.low[self.length] = Some(element);
            self.length += 1;
        } else {
            self.high.push(element);
        }
    }

    fn pop(&mut self) -> Option<E> {
        self.high.pop().or_else(|| {
            self.length = self.length.checked_sub(1)?;
            self.low[self.length].take()
        })
    }
}
