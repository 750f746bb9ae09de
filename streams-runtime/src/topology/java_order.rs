//! The orders in which Java's collections hand out names, where they show in `describe`.
//!
//! A `HashSet` or `HashMap` of strings goes by `String.hashCode`, which is specified, so its order
//! is as good as specified too. A `TreeSet` whose elements change after they were inserted keeps the
//! shape it has: its red-black tree has to be followed.

use std::cmp::Ordering;

/// `String.hashCode`.
pub fn hash_code(text: &str) -> i32 {
    text.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(unit.into()))
}

/// The order of a `HashSet` or `HashMap` that was filled one by one.
pub fn hash_order<T>(items: Vec<T>, name: impl Fn(&T) -> &str) -> Vec<T> {
    let mut capacity = 16_usize;
    while items.len() * 4 > capacity * 3 {
        capacity *= 2;
    }
    by_bucket(items, capacity, name)
}

/// The order of a `HashSet` that was made from a collection.
pub fn hash_order_of_copy<T>(items: Vec<T>, name: impl Fn(&T) -> &str) -> Vec<T> {
    let capacity = (items.len() * 4 / 3 + 1).max(16).next_power_of_two();
    by_bucket(items, capacity, name)
}

fn by_bucket<T>(mut items: Vec<T>, capacity: usize, name: impl Fn(&T) -> &str) -> Vec<T> {
    let bucket = |item: &T| {
        let hash = hash_code(name(item)).cast_unsigned();
        (hash ^ (hash >> 16)) as usize & (capacity - 1)
    };
    items.sort_by_key(bucket);
    items
}

/// The order of `String.compareTo`.
pub fn compare_text(a: &str, b: &str) -> Ordering {
    a.encode_utf16().cmp(b.encode_utf16())
}

/// A `TreeSet` of numbers whose comparison may change between insertions.
#[derive(Clone, Debug, Default)]
pub struct TreeOrder {
    nodes: Vec<Node>,
    root: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    item: usize,
    red: bool,
    parent: Option<usize>,
    /// The lesser child, then the greater one.
    child: [Option<usize>; 2],
}

const LESS: usize = 0;
const GREATER: usize = 1;

impl TreeOrder {
    /// Inserts an item by comparing it with those on the way down.
    pub fn insert(&mut self, item: usize, compare: impl Fn(usize, usize) -> Ordering) {
        let mut parent = None;
        let mut side = LESS;
        let mut next = self.root;
        while let Some(at) = next {
            parent = next;
            side = match compare(item, self.nodes[at].item) {
                Ordering::Less => LESS,
                Ordering::Greater => GREATER,
                Ordering::Equal => return,
            };
            next = self.nodes[at].child[side];
        }
        let new = self.nodes.len();
        self.nodes.push(Node { item, red: true, parent, child: [None, None] });
        match parent {
            Some(parent) => self.nodes[parent].child[side] = Some(new),
            None => self.root = Some(new),
        }
        self.balance(new);
    }

    /// The items from least to greatest, as the tree holds them.
    pub fn items(&self) -> Vec<usize> {
        let mut items = Vec::with_capacity(self.nodes.len());
        let mut open = Vec::new();
        let mut next = self.root;
        while next.is_some() || !open.is_empty() {
            while let Some(at) = next {
                open.push(at);
                next = self.nodes[at].child[LESS];
            }
            if let Some(at) = open.pop() {
                items.push(self.nodes[at].item);
                next = self.nodes[at].child[GREATER];
            }
        }
        items
    }

    fn is_red(&self, at: Option<usize>) -> bool {
        at.is_some_and(|at| self.nodes[at].red)
    }

    /// On which side of its parent a node hangs.
    fn side(&self, at: usize, parent: usize) -> usize {
        if self.nodes[parent].child[LESS] == Some(at) { LESS } else { GREATER }
    }

    fn balance(&mut self, mut at: usize) {
        while let Some(parent) = self.nodes[at].parent.filter(|parent| self.nodes[*parent].red) {
            let Some(grand) = self.nodes[parent].parent else { break };
            let side = self.side(parent, grand);
            let uncle = self.nodes[grand].child[1 - side];
            if let (true, Some(uncle)) = (self.is_red(uncle), uncle) {
                self.nodes[parent].red = false;
                self.nodes[uncle].red = false;
                self.nodes[grand].red = true;
                at = grand;
                continue;
            }
            let mut top = parent;
            if self.side(at, parent) != side {
                self.rotate(parent, side);
                top = at;
                at = parent;
            }
            self.nodes[top].red = false;
            self.nodes[grand].red = true;
            self.rotate(grand, 1 - side);
        }
        if let Some(root) = self.root {
            self.nodes[root].red = false;
        }
    }

    /// Moves a node down on `side`, its child of the other side takes its place.
    fn rotate(&mut self, down: usize, side: usize) {
        let Some(up) = self.nodes[down].child[1 - side] else { return };
        let inner = self.nodes[up].child[side];
        self.nodes[down].child[1 - side] = inner;
        if let Some(inner) = inner {
            self.nodes[inner].parent = Some(down);
        }
        let above = self.nodes[down].parent;
        self.nodes[up].parent = above;
        match above {
            Some(above) => {
                let place = self.side(down, above);
                self.nodes[above].child[place] = Some(up);
            }
            None => self.root = Some(up),
        }
        self.nodes[up].child[side] = Some(down);
        self.nodes[down].parent = Some(up);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_codes_are_javas() {
        assert_eq!(hash_code(""), 0);
        assert_eq!(hash_code("hello"), 99_162_322);
        assert_eq!(hash_code("KSTREAM-SOURCE-0000000000"), {
            "KSTREAM-SOURCE-0000000000"
                .bytes()
                .fold(0_i32, |h, b| h.wrapping_mul(31).wrapping_add(i32::from(b)))
        });
    }

    #[test]
    fn small_sets_go_by_bucket() {
        let topics = hash_order_of_copy(vec!["t3", "t1", "t2"], |t| t);
        assert_eq!(topics, ["t1", "t2", "t3"]);
    }

    #[test]
    fn a_tree_of_steady_items_is_sorted() {
        let mut tree = TreeOrder::default();
        for item in [5_usize, 3, 9, 1, 4, 8, 7, 2, 6, 0, 12, 11, 10, 3] {
            tree.insert(item, |a, b| a.cmp(&b));
        }
        assert_eq!(tree.items(), (0..13).collect::<Vec<_>>());
    }
}
