//! The graph: pure data. The user's expressions are opaque here.

use std::collections::HashSet;

use proc_macro2::{Span, TokenStream};
use syn::{AngleBracketedGenericArguments, Attribute, Expr, ExprPath, Ident, Pat, Stmt, Type};

use super::operators::{Kind, Operator, Run, Selected};
use super::options::Literal;
use crate::parts::Same;

/// A node's number, in the order of the user's calls.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct NodeId(pub(crate) usize);

/// A topology: its nodes, and its statements in the user's order.
#[derive(Default)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) steps: Vec<Step>,
    /// Every name that was given to a stream or table.
    pub(crate) bindings: Vec<Binding>,
    /// Every name that the body gives to values of ordinary Rust.
    pub(crate) rust_names: HashSet<String>,
    /// What could not become a part of the graph, for the rules to report.
    pub(crate) mistakes: Vec<Mistake>,
    /// Splits that have their last branch.
    pub(crate) closed_splits: Vec<NodeId>,
    /// Where the topology stands, for messages about the whole.
    pub(crate) place: Option<Span>,
    /// True in a function with type parameters, where less is known of keys.
    pub(crate) generic: bool,
    /// The calls of parts.
    pub(crate) parts: Vec<PartCall>,
    /// Parts that have not said yet what they take and give.
    pub(crate) unanswered: Vec<syn::Path>,
    /// For a part: what its caller gives and gets.
    pub(crate) doors: Option<Doors>,
}

/// A call of a part.
pub(crate) struct PartCall {
    /// The part, with its type arguments.
    pub(crate) path: ExprPath,
    /// What it is given, in the user's order.
    pub(crate) args: Vec<PartArg>,
    /// The nodes that stand for what comes out.
    pub(crate) outputs: Vec<NodeId>,
}

/// What a part is given.
pub(crate) enum PartArg {
    /// A stream or table, where it stands, and the node that takes its records; a global table has none.
    Flow { of: NodeId, place: Span, side: Option<NodeId> },
    /// A plain value.
    Rust(Expr),
}

/// The nodes at the doors of a part.
#[derive(Default)]
pub(crate) struct Doors {
    /// By parameter; `None` for a plain value.
    pub(crate) inputs: Vec<Option<NodeId>>,
    /// What it gives back, in order; the node before each exit, and where it stands.
    pub(crate) outputs: Vec<Output>,
}

/// A stream or table that leaves a part.
pub(crate) struct Output {
    pub(crate) of: NodeId,
    pub(crate) place: Span,
    /// The node that takes its records out; a global table has none, and none is needed for what the caller has.
    pub(crate) exit: Option<NodeId>,
    /// What it is already, at the caller.
    pub(crate) same: Option<Same>,
}

/// A statement of the type pass.
pub(crate) enum Step {
    /// The call of this node's operator.
    Call(NodeId),
    /// A call of no operator, for editors: they complete what is half written.
    Attempt { on: NodeId, word: Ident, args: Vec<Expr> },
    /// `let seen = store(..);`
    Store { pattern: Pat, word: Ident, args: Vec<Expr> },
    /// The call of a part, by its number.
    Part(usize),
    /// Ordinary Rust, as the user wrote it.
    Rust(Box<Stmt>),
}

/// Whether the key of a stream may not fit its partition.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Rekeyed {
    No,
    /// What stands on the other side of a part's door decides.
    Perhaps,
    Yes,
}

/// One operator call.
pub(crate) struct Node {
    pub(crate) id: NodeId,
    pub(crate) selected: Selected,
    /// The operator's name where the user wrote it.
    pub(crate) word: Ident,
    pub(crate) turbofish: Option<AngleBracketedGenericArguments>,
    /// What the operator stands on; `None` for the start of a chain.
    pub(crate) input: Option<NodeId>,
    /// Other streams that flow in (`merge`), and where they stand.
    pub(crate) others: Vec<(NodeId, Span)>,
    /// A table whose rows it looks up.
    pub(crate) looks_up: Option<(NodeId, Span)>,
    /// The nodes that look up rows of this one.
    pub(crate) viewers: Vec<NodeId>,
    /// For a join of two sides: the nodes that stand for them, and where the right one was written.
    pub(crate) sides: Option<Sides>,
    /// For a cogroup: the nodes that stand for its inputs.
    pub(crate) inputs: Vec<NodeId>,
    /// What the operator needs, in order, without the streams.
    pub(crate) arguments: Vec<Expr>,
    pub(crate) options: Vec<Expr>,
    /// Which options are the stores of tables, `table.store()`, and of which.
    pub(crate) table_stores: Vec<(usize, NodeId, Ident)>,
    /// True when a processor reads the store of this table, or the handle of a global table passes a door.
    pub(crate) handle_is_taken: bool,
    /// How many arguments the call had, and those that were too many stand in `options`.
    pub(crate) given: usize,
    /// Names that stand in the arguments as literals.
    pub(crate) literals: Vec<Literal>,
    /// Who uses the result, in the order of the user's calls; a node twice if it uses it twice.
    pub(crate) consumers: Vec<NodeId>,
    /// The user's name for the result, the first if there are several.
    pub(crate) name: Option<Ident>,
    pub(crate) ascribed: Option<Type>,
    pub(crate) attributes: Vec<Attribute>,
    /// Whether the key has changed since the records were last partitioned.
    pub(crate) rekeyed: Rekeyed,
    /// The same of what flows in.
    pub(crate) input_rekeyed: Rekeyed,
    /// The call of a part that it belongs to.
    pub(crate) part: Option<usize>,
    /// True when the user said that the result is dropped on purpose (`let _ = ..`).
    pub(crate) dropped: bool,
}

impl Node {
    /// A call without arguments whose result nobody uses yet.
    pub(crate) fn new(id: NodeId, selected: Selected, word: Ident, input: Option<NodeId>) -> Self {
        Self {
            id,
            selected,
            word,
            turbofish: None,
            input,
            others: Vec::new(),
            looks_up: None,
            viewers: Vec::new(),
            sides: None,
            inputs: Vec::new(),
            arguments: Vec::new(),
            options: Vec::new(),
            table_stores: Vec::new(),
            handle_is_taken: false,
            given: 0,
            literals: Vec::new(),
            consumers: Vec::new(),
            name: None,
            ascribed: None,
            attributes: Vec::new(),
            rekeyed: Rekeyed::No,
            input_rekeyed: Rekeyed::No,
            part: None,
            dropped: false,
        }
    }

    pub(crate) fn operator(&self) -> &'static Operator {
        self.selected.operator
    }

    pub(crate) fn run(&self) -> Run {
        self.selected.run()
    }

    /// True when nobody asks for what comes out.
    pub(crate) fn is_unused(&self) -> bool {
        self.consumers.is_empty() && self.viewers.is_empty() && !self.handle_is_taken
    }

    /// What comes out.
    pub(crate) fn kind(&self) -> Kind {
        self.operator().result
    }

    pub(crate) fn span(&self) -> Span {
        self.word.span()
    }
}

/// The two nodes before a join.
#[derive(Clone, Copy)]
pub(crate) struct Sides {
    pub(crate) left: NodeId,
    pub(crate) right: NodeId,
    /// Where the right one was written.
    pub(crate) place: Span,
}

/// A name of a stream or table.
pub(crate) struct Binding {
    pub(crate) name: Ident,
    /// `None` when what it names is the result of a mistake.
    pub(crate) node: Option<NodeId>,
    pub(crate) used: bool,
}

/// What the lowering could not make sense of; each is the fact that a rule of `check` reports.
pub(crate) enum Mistake {
    /// No kind has an operator of that name.
    UnknownOperator { word: Ident, on: Kind },
    /// The operator exists, for another kind.
    OtherKind { word: Ident, on: Kind },
    /// An operator behind one that ends the chain.
    AfterTheEnd { word: Ident },
    /// A name that is defined further down.
    BeforeDefinition { name: Ident },
    /// A name that nothing defines, and the streams that there are.
    UnknownStream { name: Ident, known: Vec<String> },
    /// A stream was needed here.
    NotAStream { tokens: TokenStream, wanted_by: Ident },
    /// Something that cannot be the other side of a join.
    CannotJoin { word: Ident, kind: Kind, other: Kind, place: Span },
    /// Operators under a keyword that decides at run time.
    ControlFlow { keyword: Span, word: &'static str },
    /// A stream as a value of ordinary Rust: an argument, a capture, a field.
    StreamInRust { name: Ident, how: Misuse },
    /// A pattern that cannot hold what the chain gives.
    Pattern { tokens: TokenStream, kind: Kind },
    /// An array pattern of the wrong length.
    BranchCount { tokens: TokenStream, expected: usize, found: usize },
    /// The branches of a split that no array pattern takes.
    BranchesDropped { word: Ident, expected: usize },
    /// `branch` on a split that is already closed.
    SplitClosedTwice { word: Ident },
    /// A closure of `with_function` that gives no stream back.
    NoStreamBack { tokens: TokenStream },
    /// An attribute that cannot stand on a definition of a stream.
    Attribute { tokens: TokenStream },
    /// A part with too many or too few arguments, and what it takes.
    PartArgumentCount { word: Ident, takes: Vec<String>, given: usize },
    /// An argument of another kind than the part takes.
    PartArgument {
        tokens: TokenStream,
        part: String,
        name: String,
        takes: Option<Kind>,
        found: Option<Kind>,
    },
    /// A result of a part that is of another kind than its signature says, or none.
    PartGives { tokens: TokenStream, wanted: Kind, found: Option<Kind> },
    /// A part that ends with another number of results than its signature says.
    PartGivesCount { tokens: TokenStream, wanted: usize, found: usize },
    /// A pattern for another number of results than a part gives.
    ResultCount { tokens: TokenStream, expected: usize, found: usize },
}

/// How ordinary Rust got hold of a stream.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Misuse {
    /// Given to a function.
    Argument,
    /// Used inside a closure.
    Captured,
    /// Anything else.
    Value,
}

impl Graph {
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    pub(crate) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.0]
    }

    /// True when a part of the user's text is missing from the graph.
    pub(crate) fn has_gaps(&self) -> bool {
        let unknown = !self.unanswered.is_empty();
        unknown || !self.mistakes.is_empty() || self.open_splits().next().is_some()
    }

    /// Splits that nothing closes.
    pub(crate) fn open_splits(&self) -> impl Iterator<Item = &Node> {
        let splits = self.nodes.iter().filter(|node| node.run() == Run::Split);
        splits.filter(|node| !self.closed_splits.contains(&node.id))
    }
}
