//! Pages as text (floor 7): for a terminal, LaTeX, Markdown and JSON.
//!
//! In: a [`Page`](crate::page::Page), or one formula. Out: a string. What always holds: the same
//! page gives the same string on every machine; a formula has the same parentheses in every
//! format up to fractions, which need fewer where they are stacked; a formula nested deeper than
//! [`MAX_DEPTH`] shows an ellipsis there instead of filling the stack.

mod display;
mod equations;
mod flow;
mod formula;
mod json;
mod latex;
mod line;
mod markdown;
mod table;
#[cfg(test)]
mod tests;
mod tex;
mod text;

use crate::page::Math;

pub use json::{SCHEMA, json};
pub use latex::{LatexStyle, latex};
pub use markdown::markdown;
#[doc(hidden)]
pub use text::MIN_WIDTH;
pub use text::{TextStyle, text};

#[doc(hidden)]
/// How deep formulas are set; an ellipsis stands for what is deeper. TeX allows 255 groups in
/// one another, and a fraction takes three.
pub const MAX_DEPTH: usize = 64;

#[doc(hidden)]
/// One formula on one line: ∂E/∂w₀₀ = (t − r_fc)·(−w_fc)·i₃₁, or in 7-bit ASCII
/// `dE/dw_00 = (t - r_fc)*(-w_fc)*i_31`.
///
/// ```
/// use backproof::page::Math;
/// let product = Math::Product(vec![Math::symbol("eta"), Math::symbol("w_00")]);
/// assert_eq!(backproof::render::math_text(&product, true), "η·w₀₀");
/// assert_eq!(backproof::render::math_text(&product, false), "eta*w_00");
/// ```
pub fn math_text(math: &Math, unicode: bool) -> String {
    formula::Formula::new(math, unicode).one_line()
}

#[doc(hidden)]
/// One formula for a LaTeX display, fractions stacked; for `amsmath`, and MathJax and KaTeX
/// read it, too: `\frac{\partial E}{\partial w_{00}}`.
pub fn math_latex(math: &Math) -> String {
    tex::Tex::display(math, tex::Reader::Latex).one_line()
}
