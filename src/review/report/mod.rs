//! A review as people and programs want it: [`text`] for a terminal, [`json`] for programs,
//! [`sarif`] for code hosts, [`annotated`] as a copy of the document with marks in its margin.
//!
//! Goes in: a [`Review`](super::Review) and the document that it is of. Comes out: a text. All
//! of them but the data show the same list of `remark`s, one for each place where there is
//! something to say. What always holds: the same review gives the same bytes; nothing panics on
//! a range that does not fit the document; each takes time in proportion to the document and the
//! remarks.

mod annotated;
mod json;
mod picture;
mod remark;
mod sarif;
mod summary;
#[cfg(test)]
mod tests;
mod text;
mod words;

pub use annotated::annotated;
pub use json::{SCHEMA, SCHEMA_OF_ALL, json, json_of_all};
pub use sarif::{Artifact, sarif, sarif_of_all};
pub use text::{Style, text};
