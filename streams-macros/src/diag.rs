//! The one place that collects errors and turns them into tokens.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// All mistakes of one run, in the order they were found.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    errors: Vec<syn::Error>,
}

impl Diagnostics {
    /// Reports a mistake that covers `tokens`.
    pub(crate) fn error(&mut self, tokens: &dyn ToTokens, message: impl Into<String>) {
        self.push(syn::Error::new_spanned(tokens.to_token_stream(), message.into()));
    }

    /// Reports a mistake at one token.
    pub(crate) fn error_at(&mut self, span: Span, message: impl Into<String>) {
        self.push(syn::Error::new(span, message.into()));
    }

    /// Takes over an error of the parser.
    pub(crate) fn push(&mut self, error: syn::Error) {
        self.errors.push(error);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// One `compile_error!` per mistake, each at its tokens.
    pub(crate) fn to_tokens(&self) -> TokenStream {
        self.errors.iter().map(syn::Error::to_compile_error).collect()
    }

    /// The messages alone, for tests.
    #[cfg(test)]
    pub(crate) fn messages(&self) -> Vec<String> {
        self.errors
            .iter()
            .flat_map(|error| error.clone().into_iter())
            .map(|e| e.to_string())
            .collect()
    }
}
