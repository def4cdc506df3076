//! The macro `view!`: the syntax of Leptos' views, made into calls of `waxwing::ui::view`, where it is explained.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use rstml::node::{
    KeyedAttribute, KeyedAttributeValue, Node, NodeAttribute, NodeBlock, NodeElement, NodeName,
};
use syn::spanned::Spanned;
use syn::{Expr, Lit};

/// Builds elements, texts and components: the value is a `waxwing::ui::view::View`.
///
/// - `<p>"text" {value}</p>`: a text, or anything that is `IntoView`; a closure or a signal is followed.
/// - `name="text"`, `name=value`: an attribute; the value is a text, a `bool`, an `Option`, or a closure or signal of
///   one. A name alone is an attribute without value.
/// - `prop:name=value` sets a property, `style:name=value` a style.
/// - `on:event=closure` listens, `node_ref=node` tells a `NodeRef`.
/// - `<Component name=value flag />`: a component and its properties; a name alone is a variable of that name.
///   `let:name` names what its children are given.
#[proc_macro]
pub fn view(tokens: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand(tokens.into()).into()
}

fn expand(tokens: TokenStream) -> TokenStream {
    match rstml::parse2(tokens) {
        Ok(nodes) => many(&nodes),
        Err(error) => error.to_compile_error(),
    }
}

/// One or several nodes, as one view.
fn many(nodes: &[Node]) -> TokenStream {
    let mut views: Vec<TokenStream> = nodes.iter().filter_map(one).collect();
    match (views.pop(), views.is_empty()) {
        (None, _) => quote! { ::waxwing::ui::view::View::nothing() },
        (Some(only), true) => only,
        (Some(last), false) => {
            quote! { ::waxwing::ui::view::View::many(::std::vec![#(#views,)* #last]) }
        }
    }
}

/// One node as a view; nothing for comments.
fn one(node: &Node) -> Option<TokenStream> {
    Some(match node {
        Node::Element(element) if is_component(element.name()) => component(element),
        Node::Element(element) => html(element),
        Node::Text(text) => {
            let text = &text.value;
            quote! { ::waxwing::ui::view::View::text(#text) }
        }
        Node::RawText(text) => error(text.span(), "a text stands between quotation marks"),
        Node::Block(block) => {
            let block = unbraced(block);
            quote! { ::waxwing::ui::view::IntoView::into_view(#block) }
        }
        Node::Fragment(fragment) => many(&fragment.children),
        Node::Comment(_) | Node::Doctype(_) | Node::Custom(_) => return None,
    })
}

/// A block of a single expression does without its braces.
fn unbraced(block: &NodeBlock) -> TokenStream {
    match block.try_block().map(|block| &block.stmts[..]) {
        Some([syn::Stmt::Expr(only, None)]) => quote! { #only },
        _ => quote! { #block },
    }
}

fn is_component(name: &NodeName) -> bool {
    let last = match name {
        NodeName::Path(path) => path.path.segments.last(),
        _ => None,
    };
    last.is_some_and(|last| last.ident.to_string().starts_with(char::is_uppercase))
}

/// Elements of SVG, which have a namespace.
const SVG: [&str; 9] = [
    "svg", "use", "path", "circle", "g", "rect", "line", "polyline", "polygon",
];

/// An element: what never changes is a description (see `waxwing::ui::view::plant`), and code does the rest.
fn html(element: &NodeElement<rstml::Infallible>) -> TokenStream {
    let mut plan = Plan::default();
    plan.element(element);
    let Plan { orders, steps } = plan;
    let orders = orders.trim_end_matches(CLOSE);
    if steps.is_empty() {
        return quote! { ::waxwing::ui::view::plant::grown(#orders) };
    }
    quote! {
        {
            let mut __plant = ::waxwing::ui::view::plant::Plant::new(#orders);
            #(#steps)*
            __plant.done()
        }
    }
}

const OPEN: char = '\x01';
const OPEN_SVG: char = '\x02';
const ATTRIBUTE: char = '\x03';
const VALUE: char = '\x04';
const TEXT: char = '\x05';
const CLOSE: char = '\x06';
const WAIT: char = '\x07';

/// An element and all in it.
#[derive(Default)]
struct Plan {
    /// The description.
    orders: String,
    /// What code does, each where the description says that it waits.
    steps: Vec<TokenStream>,
}

impl Plan {
    fn order(&mut self, sign: char, word: &str) {
        // What would be taken for an order does not stand in the words of a view.
        let words = word.chars().filter(|char| *char > WAIT);
        self.orders.push(sign);
        self.orders.extend(words);
    }

    fn step(&mut self, step: TokenStream) {
        self.orders.push(WAIT);
        self.steps.push(step);
    }

    fn element(&mut self, element: &NodeElement<rstml::Infallible>) {
        let name = element.name().to_string();
        let is_svg = SVG.contains(&name.as_str());
        self.order(if is_svg { OPEN_SVG } else { OPEN }, &name);
        let mut steps = Vec::new();
        for attribute in element.attributes() {
            match attribute {
                NodeAttribute::Attribute(attribute) => match element_attribute(attribute) {
                    Ok((name, value)) => {
                        self.order(ATTRIBUTE, &name);
                        self.order(VALUE, &value);
                    }
                    Err(step) => steps.push(step),
                },
                NodeAttribute::Block(block) => {
                    steps.push(error(block.span(), "an element takes no block here"));
                }
            }
        }
        for step in steps {
            self.step(step);
        }
        for child in &element.children {
            match child {
                Node::Text(text) => self.order(TEXT, &text.value.value()),
                Node::Element(element) if !is_component(element.name()) => self.element(element),
                child => {
                    if let Some(child) = one(child) {
                        self.step(quote! { __plant.append(#child); });
                    }
                }
            }
        }
        self.orders.push(CLOSE);
    }
}

/// The name and the value of an attribute that never changes, or else the code that sets it.
fn element_attribute(attribute: &KeyedAttribute) -> Result<(String, String), TokenStream> {
    let key = attribute.key.to_string();
    let value = value(attribute);
    let span = attribute.span();
    let needed = || {
        value
            .clone()
            .unwrap_or_else(|| error(span, "this attribute needs a value"))
    };
    Err(if let Some(event) = key.strip_prefix("on:") {
        let kind = format_ident!("{event}", span = attribute.key.span());
        let handler = needed();
        quote! { __plant.here().on(::leptos::ev::#kind, #event, #handler); }
    } else if let Some(name) = key.strip_prefix("prop:") {
        let value = needed();
        quote! { ::waxwing::ui::view::Property::set_property(#value, __plant.here(), #name); }
    } else if let Some(name) = key.strip_prefix("style:") {
        let value = needed();
        quote! { ::waxwing::ui::view::Attribute::set_style(#value, __plant.here(), #name); }
    } else if key == "node_ref" {
        let node = needed();
        quote! { __plant.here().load(#node); }
    } else if key.contains(':') {
        error(span, "no such attribute")
    } else if let Some(text) = literal(attribute) {
        return Ok((key, text));
    } else if let Some(value) = value {
        quote! { ::waxwing::ui::view::Attribute::set(#value, __plant.here(), #key); }
    } else {
        return Ok((key, String::new()));
    })
}

fn component(element: &NodeElement<rstml::Infallible>) -> TokenStream {
    let name = element.name();
    let mut bound = None;
    let mut properties = Vec::new();
    for attribute in element.attributes() {
        let NodeAttribute::Attribute(attribute) = attribute else {
            return error(attribute.span(), "a component takes no block here");
        };
        let key = attribute.key.to_string();
        if let Some(binding) = key.strip_prefix("let:") {
            bound = Some(format_ident!("{binding}", span = attribute.key.span()));
        } else if key.contains(':') {
            return error(attribute.span(), "a component has no such property");
        } else {
            let key = &attribute.key;
            let value = value(attribute).unwrap_or_else(|| quote! { #key });
            properties.push(quote! { .#key(#value) });
        }
    }
    let children = (!element.children.is_empty()).then(|| {
        let children = many(&element.children);
        match bound {
            Some(bound) => quote! { .children(move |#bound| #children) },
            None => {
                quote! { .children(::waxwing::ui::view::ToChildren::to_children(move || #children)) }
            }
        }
    });
    quote_spanned! { element.name().span() =>
        ::waxwing::ui::view::IntoView::into_view(::leptos::component::component_view(
            #[allow(clippy::needless_borrows_for_generic_args)]
            &#name,
            ::leptos::component::component_props_builder(&#name) #(#properties)* #children .build(),
        ))
    }
}

/// The value of an attribute.
fn value(attribute: &KeyedAttribute) -> Option<TokenStream> {
    match &attribute.possible_value {
        KeyedAttributeValue::None => None,
        KeyedAttributeValue::Binding(binding) => Some(quote! { #binding }),
        KeyedAttributeValue::Value(_) => {
            let value = attribute.value()?;
            match value {
                Expr::Block(block) => match &block.block.stmts[..] {
                    [syn::Stmt::Expr(only, None)] => Some(quote! { #only }),
                    _ => Some(quote! { #value }),
                },
                value => Some(quote! { #value }),
            }
        }
    }
}

/// The value of an attribute, if it is a text written there.
fn literal(attribute: &KeyedAttribute) -> Option<String> {
    match attribute.value()? {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            Lit::Int(number) => Some(number.base10_digits().to_owned()),
            _ => None,
        },
        _ => None,
    }
}

fn error(span: Span, what: &str) -> TokenStream {
    quote_spanned! { span => ::std::compile_error!(#what); }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asserts that a view and an expression are the same code.
    fn same(view: TokenStream, code: TokenStream) {
        assert_eq!(expand(view).to_string(), code.to_string());
    }

    fn refused(view: TokenStream, why: &str) {
        let code = expand(view).to_string();
        assert!(code.contains("compile_error"), "{code}");
        assert!(code.contains(why), "{code}");
    }

    #[test]
    fn what_never_changes_is_described_and_code_does_the_rest() {
        same(
            quote! { <p class="a" title=title hidden>"text" <b>{value}</b> <i></i></p> },
            quote! {{
                let mut __plant = ::waxwing::ui::view::plant::Plant::new(
                    "\u{1}p\u{3}class\u{4}a\u{3}hidden\u{4}\u{7}\u{5}text\u{1}b\u{7}\u{6}\u{1}i"
                );
                ::waxwing::ui::view::Attribute::set(title, __plant.here(), "title");
                __plant.append(::waxwing::ui::view::IntoView::into_view(value));
                __plant.done()
            }},
        );
        same(
            quote! { <input prop:value=value style:color=color on:input=heard node_ref=node /> },
            quote! {{
                let mut __plant =
                    ::waxwing::ui::view::plant::Plant::new("\u{1}input\u{7}\u{7}\u{7}\u{7}");
                ::waxwing::ui::view::Property::set_property(value, __plant.here(), "value");
                ::waxwing::ui::view::Attribute::set_style(color, __plant.here(), "color");
                __plant.here().on(::leptos::ev::input, "input", heard);
                __plant.here().load(node);
                __plant.done()
            }},
        );
        same(
            quote! { <b>"\u{1}i"</b> },
            quote! { ::waxwing::ui::view::plant::grown("\u{1}b\u{5}i") },
        );
    }

    #[test]
    fn shapes_are_elements_of_svg() {
        same(
            quote! { <svg><use href="#a"></use></svg> },
            quote! { ::waxwing::ui::view::plant::grown("\u{2}svg\u{2}use\u{3}href\u{4}#a") },
        );
    }

    #[test]
    fn several_nodes_are_one_view_and_none_is_nothing() {
        same(quote! {}, quote! { ::waxwing::ui::view::View::nothing() });
        same(
            quote! { "a" "b" },
            quote! { ::waxwing::ui::view::View::many(::std::vec![
                ::waxwing::ui::view::View::text("a"),
                ::waxwing::ui::view::View::text("b")
            ]) },
        );
    }

    #[test]
    fn a_component_gets_its_properties_and_children() {
        let code = expand(quote! { <Row name flag=true let:item>{item}</Row> }).to_string();
        let wanted = ". name (name) . flag (true) . children (move | item |";
        assert!(code.contains(wanted), "{code}");
    }

    #[test]
    fn what_it_does_not_understand_is_refused() {
        refused(quote! { <p class:a=true></p> }, "no such attribute");
        refused(quote! { <p on:click></p> }, "needs a value");
        refused(quote! { <Row on:click=f /> }, "no such property");
        refused(quote! { <p {..all}></p> }, "takes no block");
        refused(quote! { <p>text</p> }, "quotation marks");
        refused(quote! { <p> }, "");
    }
}
