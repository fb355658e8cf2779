//! A map from octets to values: a radix tree that never changes, whose successors share what they have in common.
//!
//! Law: every node but the root has a value or two edges at least, and its edges begin with different octets, in order.
//! So a change copies no more nodes than the key has octets, of at most 256 edges each, and the same keys and values make
//! the same tree, whatever was in it before.
//!
//! Nothing here recurses: a tree is as deep as its longest key, which is a peer's choice.

use std::sync::Arc;

use super::label::Label;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Tree<T> {
    root: Node<T>,
    length: usize,
}

#[derive(Clone, Debug)]
struct Node<T> {
    /// Of the key that ends here.
    value: Option<T>,
    /// `None` where there are none, so that a leaf takes no memory but in its parent's edge.
    edges: Option<Arc<[Edge<T>]>>,
}

#[derive(Clone, Debug)]
struct Edge<T> {
    label: Label,
    node: Node<T>,
}

impl<T> Default for Tree<T> {
    fn default() -> Self {
        Tree { root: Node { value: None, edges: None }, length: 0 }
    }
}

impl<T> Node<T> {
    fn leaf(value: T) -> Self {
        Node { value: Some(value), edges: None }
    }

    #[inline]
    fn edges(&self) -> &[Edge<T>] {
        self.edges.as_deref().unwrap_or_default()
    }

    /// Where the edge that begins with `octet` is, or would be.
    #[inline]
    fn find(&self, octet: u8) -> Result<usize, usize> {
        self.edges().binary_search_by_key(&octet, |edge| edge.label.first())
    }
}

impl<T: Clone> Node<T> {
    fn with_value(&self, value: Option<T>) -> Self {
        Node { value, edges: self.edges.clone() }
    }

    /// The same with `edge` in place of `edges[from..to]`.
    fn spliced(&self, from: usize, edge: Option<Edge<T>>, to: usize) -> Self {
        let old = self.edges();
        let mut edges = Vec::with_capacity(old.len() + 1);
        edges.extend_from_slice(&old[..from]);
        edges.extend(edge);
        edges.extend_from_slice(&old[to..]);
        Node { value: self.value.clone(), edges: (!edges.is_empty()).then(|| edges.into()) }
    }

    /// An edge to this for a parent that obeys the law: none to nothing, and none to a node that only passes on.
    fn lawful(self, label: &Label) -> Option<Edge<T>> {
        match (&self.value, self.edges()) {
            (None, []) => None,
            (None, [only]) => {
                let label = Label::joined(label.octets(), only.label.octets());
                Some(Edge { label, node: only.node.clone() })
            }
            _ => Some(Edge { label: label.clone(), node: self }),
        }
    }
}

impl<T> Tree<T> {
    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<&T> {
        let mut node = &self.root;
        let mut rest = key;
        while let Some(octet) = rest.first() {
            let edge = &node.edges()[node.find(*octet).ok()?];
            rest = rest.strip_prefix(edge.label.octets())?;
            node = &edge.node;
        }
        node.value.as_ref()
    }

    /// The values of all keys that `text` begins with, the shortest first.
    pub(super) fn prefixes_of<'t, 'u>(&'t self, text: &'u str) -> Prefixes<'t, 'u, T> {
        Prefixes { next: Some(&self.root), rest: text.as_bytes() }
    }

    /// All keys and values, in the order of the keys.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Vec<u8>, &T)> {
        // Nodes yet to be visited, each with its key up to the edge and the edge's part of it.
        let mut key = Vec::new();
        let mut ahead = vec![(0, &b""[..], &self.root)];
        std::iter::from_fn(move || {
            loop {
                let (depth, label, node) = ahead.pop()?;
                key.truncate(depth);
                key.extend_from_slice(label);
                ahead.extend(
                    node.edges().iter().rev().map(|edge| (key.len(), edge.label.octets(), &edge.node)),
                );
                if let Some(value) = &node.value {
                    return Some((key.clone(), value));
                }
            }
        })
    }
}

impl<T: Clone> Tree<T> {
    /// The same with one more key, or with another value for it.
    pub(super) fn with(&self, key: &[u8], value: T) -> Self {
        let mut node = &self.root;
        let mut length = self.length + 1;
        let mut rest = key;
        let mut way = Vec::new();
        let mut new = loop {
            let Some(octet) = rest.first() else {
                length -= usize::from(node.value.is_some());
                break node.with_value(Some(value));
            };
            let at = match node.find(*octet) {
                Ok(at) => at,
                Err(at) => {
                    let edge = Edge { label: Label::new(rest), node: Node::leaf(value) };
                    break node.spliced(at, Some(edge), at);
                }
            };
            let edge = &node.edges()[at];
            let label = edge.label.octets();
            let shared = label.iter().zip(rest).take_while(|(ours, theirs)| ours == theirs).count();
            if shared < label.len() {
                let fork = fork(edge, shared, &rest[shared..], value);
                let edge = Edge { label: Label::new(&label[..shared]), node: fork };
                break node.spliced(at, Some(edge), at + 1);
            }
            way.push((node, at));
            node = &edge.node;
            rest = &rest[shared..];
        };
        for (parent, at) in way.into_iter().rev() {
            let edge = Edge { label: parent.edges()[at].label.clone(), node: new };
            new = parent.spliced(at, Some(edge), at + 1);
        }
        Tree { root: new, length }
    }

    /// The same without a key, whether it was there or not.
    pub(super) fn without(&self, key: &[u8]) -> Self {
        let mut node = &self.root;
        let mut rest = key;
        let mut way = Vec::new();
        while let Some(octet) = rest.first() {
            let Ok(at) = node.find(*octet) else { return self.clone() };
            let edge = &node.edges()[at];
            let Some(further) = rest.strip_prefix(edge.label.octets()) else { return self.clone() };
            way.push((node, at));
            (node, rest) = (&edge.node, further);
        }
        if node.value.is_none() {
            return self.clone();
        }
        let mut new = node.with_value(None);
        for (parent, at) in way.into_iter().rev() {
            new = parent.spliced(at, new.lawful(&parent.edges()[at].label), at + 1);
        }
        Tree { root: new, length: self.length - 1 }
    }
}

/// What takes the place of `edge` where a key leaves it after its first `shared` octets and goes on with `rest`.
fn fork<T: Clone>(edge: &Edge<T>, shared: usize, rest: &[u8], value: T) -> Node<T> {
    let old = Edge { label: Label::new(&edge.label.octets()[shared..]), node: edge.node.clone() };
    if rest.is_empty() {
        return Node { value: Some(value), edges: Some([old].into()) };
    }
    let new = Edge { label: Label::new(rest), node: Node::leaf(value) };
    let edges = if old.label.first() < new.label.first() { [old, new] } else { [new, old] };
    Node { value: None, edges: Some(edges.into()) }
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
            let edge = self.rest.first().and_then(|octet| node.find(*octet).ok()).map(|at| &node.edges()[at]);
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

impl<T> Drop for Tree<T> {
    /// One after the other instead of one inside the other: a stack is not as deep as a tree can be. Where another thread
    /// lets go of the same part at this very moment, that part is dropped the ordinary way.
    fn drop(&mut self) {
        let mut below = Vec::from_iter(self.root.edges.take());
        while let Some(mut edges) = below.pop() {
            for edge in Arc::get_mut(&mut edges).into_iter().flatten() {
                below.extend(edge.node.edges.take());
            }
        }
    }
}
