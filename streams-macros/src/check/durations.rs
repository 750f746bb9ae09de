//! Windows and durations whose length stands in the source.

use syn::visit::Visit;
use syn::{Expr, ExprCall, Lit};

/// A call of a window's constructor, with what is called on it.
pub(super) struct Windows<'a> {
    /// `TimeWindows`.
    pub(super) word: String,
    /// Size, time difference or gap.
    pub(super) size: &'a Expr,
    /// The grace period, where the constructor takes one.
    pub(super) grace: Grace<'a>,
    /// The argument of `advance_by`.
    pub(super) advance: Option<&'a Expr>,
}

/// What a constructor says about late records.
#[derive(Clone, Copy)]
pub(super) enum Grace<'a> {
    Given(&'a Expr),
    Zero,
}

impl Windows<'_> {
    /// Nanoseconds that a record may come late, where the source tells.
    pub(super) fn grace(&self) -> Option<u128> {
        match self.grace {
            Grace::Given(expr) => nanos(expr),
            Grace::Zero => Some(0),
        }
    }
}

/// The windows that an expression makes, if it names them.
pub(super) fn windows(expr: &Expr) -> Option<Windows<'_>> {
    match expr {
        Expr::Paren(inner) => windows(&inner.expr),
        Expr::MethodCall(call) => {
            let mut windows = windows(&call.receiver)?;
            if call.method == "advance_by" {
                windows.advance = call.args.first();
            }
            Some(windows)
        }
        Expr::Call(call) => {
            let (word, function) = callee(call)?;
            let known = ["TimeWindows", "SlidingWindows", "SessionWindows", "JoinWindows"];
            let size = call.args.first().filter(|_| known.contains(&word.as_str()))?;
            let grace = match call.args.iter().nth(1) {
                Some(grace) if function.ends_with("_and_grace") => Grace::Given(grace),
                _ => Grace::Zero,
            };
            Some(Windows { word, size, grace, advance: None })
        }
        _ => None,
    }
}

/// The two last words of a called path: `TimeWindows::of_size_and_grace`.
fn callee(call: &ExprCall) -> Option<(String, String)> {
    let Expr::Path(path) = &*call.func else { return None };
    let mut words = path.path.segments.iter().rev().map(|segment| segment.ident.to_string());
    let function = words.next()?;
    Some((words.next()?, function))
}

/// The argument of `with_retention` in an option.
pub(super) fn retention(option: &Expr) -> Option<&Expr> {
    struct Retention<'a>(Option<&'a Expr>);
    impl<'a> Visit<'a> for Retention<'a> {
        fn visit_expr_method_call(&mut self, call: &'a syn::ExprMethodCall) {
            if call.method == "with_retention" {
                self.0 = call.args.first();
            }
            syn::visit::visit_expr_method_call(self, call);
        }
    }
    let mut found = Retention(None);
    found.visit_expr(option);
    found.0
}

/// A duration in nanoseconds, where it is written as `Duration::from_millis(5)` or its like.
pub(super) fn nanos(expr: &Expr) -> Option<u128> {
    match expr {
        Expr::Paren(inner) => nanos(&inner.expr),
        Expr::Path(path) => {
            let mut words = path.path.segments.iter().rev();
            let zero = words.next()?.ident == "ZERO" && words.next()?.ident == "Duration";
            zero.then_some(0)
        }
        Expr::Call(call) => {
            let (owner, function) = callee(call)?;
            let unit: u128 = match (owner.as_str(), function.as_str()) {
                ("Duration", "from_nanos") => 1,
                ("Duration", "from_micros") => 1_000,
                ("Duration", "from_millis") => 1_000_000,
                ("Duration", "from_secs") => 1_000_000_000,
                ("Duration", "from_mins") => 60_000_000_000,
                ("Duration", "from_hours") => 3_600_000_000_000,
                _ => return None,
            };
            whole_number(call.args.first()?)?.checked_mul(unit)
        }
        _ => None,
    }
}

/// A number that is written out, or a product of such: `24 * 3600`.
fn whole_number(expr: &Expr) -> Option<u128> {
    match expr {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => number.base10_parse().ok(),
            _ => None,
        },
        Expr::Paren(inner) => whole_number(&inner.expr),
        Expr::Binary(product) if matches!(product.op, syn::BinOp::Mul(_)) => {
            whole_number(&product.left)?.checked_mul(whole_number(&product.right)?)
        }
        _ => None,
    }
}
