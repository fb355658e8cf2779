//! The shapes of wildcard patterns: how many components they have, and which of them are empty.

use std::cmp::Ordering;
use std::sync::Arc;

/// All shapes, by how many components they have. Never changes; nearly always short, so that a successor is a copy.
#[derive(Clone, Debug, Default)]
pub(super) struct Shapes {
    groups: Arc<[Group]>,
    length: usize,
}

#[derive(Clone, Debug)]
struct Group {
    components: usize,
    /// The one that wins comes first.
    shapes: Arc<[Shape]>,
}

#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// Which components are empty, ascending, as numbers from zero.
    pub(super) empty: Arc<[u32]>,
    /// How many patterns have this shape; one at least.
    patterns: usize,
}

impl Shapes {
    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Those of so many components, in the order in which they win.
    pub(super) fn of(&self, components: usize) -> &[Shape] {
        match self.group(components) {
            Ok(at) => &self.groups[at].shapes,
            Err(_) => &[],
        }
    }

    pub(super) fn has(&self, pattern: &str) -> bool {
        let (components, empty) = take_apart(pattern);
        find(self.of(components), &empty).is_ok()
    }

    /// With one more pattern.
    pub(super) fn with(&self, pattern: &str) -> Self {
        let (components, empty) = take_apart(pattern);
        let mut shapes = self.of(components).to_vec();
        match find(&shapes, &empty) {
            Ok(at) => shapes[at].patterns += 1,
            Err(at) => shapes.insert(at, Shape { empty: empty.into(), patterns: 1 }),
        }
        self.replaced(components, shapes)
    }

    /// With one pattern less.
    pub(super) fn without(&self, pattern: &str) -> Self {
        let (components, empty) = take_apart(pattern);
        let mut shapes = self.of(components).to_vec();
        if let Ok(at) = find(&shapes, &empty) {
            shapes[at].patterns -= 1;
            if shapes[at].patterns == 0 {
                shapes.remove(at);
            }
        }
        self.replaced(components, shapes)
    }

    fn replaced(&self, components: usize, shapes: Vec<Shape>) -> Self {
        let length = self.length - self.of(components).len() + shapes.len();
        let mut groups = self.groups.to_vec();
        let at = self.group(components);
        match at {
            Ok(at) if shapes.is_empty() => drop(groups.remove(at)),
            Ok(at) => groups[at].shapes = shapes.into(),
            Err(_) if shapes.is_empty() => {}
            Err(at) => groups.insert(at, Group { components, shapes: shapes.into() }),
        }
        Shapes { groups: groups.into(), length }
    }

    fn group(&self, components: usize) -> Result<usize, usize> {
        self.groups.binary_search_by_key(&components, |group| group.components)
    }
}

/// How many components, and which of them are empty.
fn take_apart(pattern: &str) -> (usize, Vec<u32>) {
    let mut components = 0;
    let mut empty = Vec::new();
    for component in pattern.split('.') {
        if component.is_empty() {
            empty.push(components);
        }
        // A pattern of four thousand million components fits into no message.
        components += 1;
    }
    (components as usize, empty)
}

/// Where a shape is, or would be, among others with as many components.
fn find(shapes: &[Shape], empty: &[u32]) -> Result<usize, usize> {
    shapes.binary_search_by(|shape| precedence(&shape.empty, empty))
}

/// Where two shapes differ for the first time, the one that has a component there comes first: its run of components is
/// the longer one. So the greater number of the first different ones does, and who has no more numbers.
fn precedence(ours: &[u32], theirs: &[u32]) -> Ordering {
    let same = ours.iter().zip(theirs).take_while(|(ours, theirs)| ours == theirs).count();
    match (ours.get(same), theirs.get(same)) {
        (Some(ours), Some(theirs)) => theirs.cmp(ours),
        (ours, theirs) => ours.is_some().cmp(&theirs.is_some()),
    }
}
