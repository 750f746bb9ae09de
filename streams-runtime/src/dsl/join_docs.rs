//! The documentation of the forms that each join has besides its plain one.

/// Of the form whose joiner also sees the key.
macro_rules! keyed {
    ($plain:ident, $handle:literal) => {
        concat!(
            "[`", stringify!($plain), "`](", $handle, "::", stringify!($plain), ") with a joiner that also \
             sees the key, by reference: one more parameter before the two values.\n\n\
             Time, order, nulls and cost are the same. In `topology!` the plain word with a closure of three \
             parameters is this form."
        )
    };
}

/// Of the form whose joiner may fail.
macro_rules! fallible {
    ($form:ident, $handle:literal) => {
        concat!(
            "[`", stringify!($form), "`](", $handle, "::", stringify!($form), ") with a joiner that gives a \
             `Result`.\n\n\
             An `Err` goes to the processing exception handler (`processing.exception.handler`): it ends the \
             application (default), or drops what the record in work would still have brought and counts it. \
             Results before the failure stand, and so does what the join keeps of the record. See \
             [`Joiner`](crate::operator::Joiner) for an example."
        )
    };
}

pub(super) use {fallible, keyed};
