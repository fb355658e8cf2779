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
#[derive(Debug)]
pub(super) struct Tree<T> {
    root: Option<Arc<Node<T>>>,
    length: usize,
}

#[derive(Debug)]
pub(super) struct Node<T> {
    /// Of the key that ends here.
    pub(super) value: Option<T>,
    pub(super) edges: Box<[Edge<T>]>,
}

#[derive(Debug)]
pub(super) struct Edge<T> {
    pub(super) label: Label,
    pub(super) node: Arc<Node<T>>,
}

impl<T> Default for Tree<T> {
    fn default() -> Self {
        Tree { root: None, length: 0 }
    }
}

impl<T> Clone for Tree<T> {
    fn clone(&self) -> Self {
        Tree { root: self.root.clone(), length: self.length }
    }
}

impl<T> Clone for Edge<T> {
    fn clone(&self) -> Self {
        Edge { label: self.label.clone(), node: Arc::clone(&self.node) }
    }
}

impl<T> Edge<T> {
    fn new(label: &[u8], node: Node<T>) -> Self {
        Edge { label: Label::new(label), node: Arc::new(node) }
    }

    /// An edge to `node` for a parent that obeys the law: none to nothing, and none to a node that only passes on.
    fn lawful(label: &Label, node: Node<T>) -> Option<Self> {
        match (&node.value, &*node.edges) {
            (None, []) => None,
            (None, [only]) => Some(Edge {
                label: Label::joined(label.octets(), only.label.octets()),
                node: Arc::clone(&only.node),
            }),
            _ => Some(Edge { label: label.clone(), node: Arc::new(node) }),
        }
    }
}

impl<T> Node<T> {
    fn leaf(value: T) -> Self {
        Node { value: Some(value), edges: Box::default() }
    }

    /// Where the edge that begins with `octet` is, or would be.
    #[inline]
    pub(super) fn find(&self, octet: u8) -> Result<usize, usize> {
        self.edges.binary_search_by_key(&octet, |edge| edge.label.first())
    }
}

impl<T: Clone> Node<T> {
    fn with_value(&self, value: Option<T>) -> Self {
        Node { value, edges: self.edges.clone() }
    }

    fn with_edges(&self, edges: Vec<Edge<T>>) -> Self {
        Node { value: self.value.clone(), edges: edges.into() }
    }

    /// The same with one edge more.
    fn inserted(&self, at: usize, edge: Edge<T>) -> Self {
        let mut edges = Vec::with_capacity(self.edges.len() + 1);
        edges.extend_from_slice(&self.edges[..at]);
        edges.push(edge);
        edges.extend_from_slice(&self.edges[at..]);
        self.with_edges(edges)
    }

    /// The same with another edge at `at`, or with one less.
    fn replaced(&self, at: usize, edge: Option<Edge<T>>) -> Self {
        let mut edges = Vec::with_capacity(self.edges.len());
        edges.extend_from_slice(&self.edges[..at]);
        edges.extend(edge);
        edges.extend_from_slice(&self.edges[at + 1..]);
        self.with_edges(edges)
    }
}

impl<T> Tree<T> {
    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn root(&self) -> Option<&Node<T>> {
        self.root.as_deref()
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<&T> {
        let mut node = self.root()?;
        let mut rest = key;
        while let Some(octet) = rest.first() {
            let edge = &node.edges[node.find(*octet).ok()?];
            rest = rest.strip_prefix(edge.label.octets())?;
            node = &edge.node;
        }
        node.value.as_ref()
    }

    /// All keys and values, in the order of the keys.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Vec<u8>, &T)> {
        // Nodes yet to be visited, each with its key up to the edge and the edge's part of it.
        let mut key = Vec::new();
        let mut ahead: Vec<(usize, &[u8], &Node<T>)> =
            self.root().map(|root| (0, &b""[..], root)).into_iter().collect();
        std::iter::from_fn(move || {
            loop {
                let (depth, label, node) = ahead.pop()?;
                key.truncate(depth);
                key.extend_from_slice(label);
                ahead.extend(
                    node.edges.iter().rev().map(|edge| (key.len(), edge.label.octets(), &*edge.node)),
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
        let Some(mut node) = self.root() else {
            let empty = Node { value: None, edges: Box::default() };
            return Tree { root: Some(Arc::new(empty)), length: 0 }.with(key, value);
        };
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
                Err(at) => break node.inserted(at, Edge::new(rest, Node::leaf(value))),
            };
            let edge = &node.edges[at];
            let label = edge.label.octets();
            let shared = label.iter().zip(rest).take_while(|(ours, theirs)| ours == theirs).count();
            if shared < label.len() {
                let fork = fork(edge, shared, &rest[shared..], value);
                break node.replaced(at, Some(Edge::new(&label[..shared], fork)));
            }
            way.push((node, at));
            node = &edge.node;
            rest = &rest[shared..];
        };
        for (parent, at) in way.into_iter().rev() {
            let edge = Edge { label: parent.edges[at].label.clone(), node: Arc::new(new) };
            new = parent.replaced(at, Some(edge));
        }
        Tree { root: Some(Arc::new(new)), length }
    }

    /// The same without a key, whether it was there or not.
    pub(super) fn without(&self, key: &[u8]) -> Self {
        let Some(mut node) = self.root() else { return self.clone() };
        let mut rest = key;
        let mut way = Vec::new();
        while let Some(octet) = rest.first() {
            let Ok(at) = node.find(*octet) else { return self.clone() };
            let edge = &node.edges[at];
            let Some(further) = rest.strip_prefix(edge.label.octets()) else { return self.clone() };
            way.push((node, at));
            (node, rest) = (&edge.node, further);
        }
        if node.value.is_none() {
            return self.clone();
        }
        let mut new = node.with_value(None);
        for (parent, at) in way.into_iter().rev() {
            new = parent.replaced(at, Edge::lawful(&parent.edges[at].label, new));
        }
        let root = (new.value.is_some() || !new.edges.is_empty()).then(|| Arc::new(new));
        Tree { root, length: self.length - 1 }
    }
}

/// What takes the place of `edge` where a key leaves it after its first `shared` octets and goes on with `rest`.
fn fork<T>(edge: &Edge<T>, shared: usize, rest: &[u8], value: T) -> Node<T> {
    let old = Edge { label: Label::new(&edge.label.octets()[shared..]), node: Arc::clone(&edge.node) };
    if rest.is_empty() {
        return Node { value: Some(value), edges: Box::new([old]) };
    }
    let new = Edge::new(rest, Node::leaf(value));
    let edges = if old.label.first() < new.label.first() { [old, new] } else { [new, old] };
    Node { value: None, edges: Box::new(edges) }
}

impl<T> Drop for Node<T> {
    /// One after the other instead of one inside the other: a stack is not as deep as a tree can be.
    fn drop(&mut self) {
        let mut below = Vec::from(std::mem::take(&mut self.edges));
        while let Some(edge) = below.pop() {
            if let Some(mut node) = Arc::into_inner(edge.node) {
                below.append(&mut Vec::from(std::mem::take(&mut node.edges)));
            }
        }
    }
}
