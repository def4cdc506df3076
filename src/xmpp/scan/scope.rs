//! Namespaces in XML: which prefix means which namespace, where.

use std::borrow::Cow;

use super::{Attr, cook_value};
use crate::xmpp::gate::{MAX_NAMESPACE, MAX_SCOPES, Reason};
use crate::xmpp::ns;

/// A namespace declaration in force.
struct Scope<'a> {
    prefix: &'a str,
    ns: Cow<'a, str>,
}

/// The declarations in force, the outermost first.
pub(super) struct Scopes<'a>(Vec<Scope<'a>>);

impl<'a> Scopes<'a> {
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(8))
    }

    /// How many are in force: what [`Self::leave`] goes back to.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// An element ends, before which so many were in force.
    pub(super) fn leave(&mut self, before: usize) {
        self.0.truncate(before);
    }

    /// Takes a declaration of an element before which so many were in force.
    ///
    /// Namespaces in XML §3: reserved prefixes and names are not to be declared, and a prefix has a namespace.
    pub(super) fn declare(
        &mut self,
        before: usize,
        prefix: &'a str,
        raw: &'a str,
        cooked: bool,
    ) -> Result<(), Reason> {
        if raw.len() > MAX_NAMESPACE {
            return Err(Reason::NameTooLong);
        }
        if self.0.len() >= MAX_SCOPES {
            return Err(Reason::TooMany);
        }
        let ns = if cooked {
            Cow::Borrowed(raw)
        } else {
            Cow::Owned(cook_value(raw))
        };
        match (prefix, ns.as_ref()) {
            ("xml", ns::XML) => return Ok(()),
            ("xml" | "xmlns", _) | (_, ns::XML | ns::XMLNS) => return Err(Reason::BadNamespace),
            ("", _) => {}
            (_, "") => return Err(Reason::BadNamespace),
            _ => {}
        }
        let own = self.0.get(before..).unwrap_or_default();
        if own.iter().any(|other| other.prefix == prefix) {
            return Err(Reason::Duplicate);
        }
        self.0.push(Scope { prefix, ns });
        Ok(())
    }

    /// RFC 7395 §3.3.3: a frame declares its own namespaces; one that forgot the default means a client's stream.
    pub(super) fn element_namespace(&self, prefix: &str) -> Result<Cow<'a, str>, Reason> {
        match (self.lookup(prefix), prefix) {
            (Some(ns), _) => Ok(ns.clone()),
            (None, "") => Ok(Cow::Borrowed(ns::CLIENT)),
            (None, "stream") => Ok(Cow::Borrowed(ns::STREAM)),
            (None, _) => Err(Reason::BadNamespace),
        }
    }

    /// Expands prefixed attribute names, and refuses two that mean the same.
    pub(super) fn resolve(&self, attrs: &mut [Attr<'a>]) -> Result<(), Reason> {
        let mut prefixed = 0_usize;
        for attr in attrs.iter_mut().filter(|attr| !attr.prefix.is_empty()) {
            attr.ns = match attr.prefix {
                "xml" => Cow::Borrowed(ns::XML),
                prefix => self.lookup(prefix).ok_or(Reason::BadNamespace)?.clone(),
            };
            prefixed += 1;
        }
        if prefixed > 1 {
            let mut rest = &*attrs;
            while let Some((first, others)) = rest.split_first() {
                let same = |other: &Attr<'_>| other.local == first.local && other.ns == first.ns;
                if others.iter().any(same) {
                    return Err(Reason::Duplicate);
                }
                rest = others;
            }
        }
        Ok(())
    }

    fn lookup(&self, prefix: &str) -> Option<&Cow<'a, str>> {
        let mut scopes = self.0.iter().rev();
        scopes
            .find(|scope| scope.prefix == prefix)
            .map(|scope| &scope.ns)
    }
}
