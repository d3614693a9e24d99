//! What docs/checking.md says of the rule in numbers is what the rule does.

use super::super::patterns::MAX_PATTERNS;
use super::super::reference::DIGITS;
use super::super::rounding::Format;
use super::super::rule::factors;
use super::super::supplied::LONG_WORK;

/// The page as it is packed with the source.
const PAGE: &str = include_str!("../../../docs/checking.md");

#[test]
fn the_page_has_the_constants_of_the_rule() {
    let (fine, coarse) = (factors(Format::F64), factors(Format::F16));
    assert_eq!(factors(Format::F32), fine);
    assert_eq!(factors(Format::Bf16), coarse);
    assert_eq!(LONG_WORK >> 20, 4, "about 4 million products");
    let [few, all] = fine.passes;
    let [some, most] = coarse.passes;
    let said = [
        format!(
            "| f64, f32 | {all}; in networks of more than about 4 million products {few}, then \
             {all} if it fails | {} | {} | {} |",
            fine.element, fine.norm, fine.scale
        ),
        format!(
            "| f16, bf16 | {most}; there {some}, then {most} if it fails | {} | {} | {} |",
            coarse.element, coarse.norm, coarse.scale
        ),
        format!("more than 1/{} of the greatest element", 1.0 / fine.share),
        format!("up to {} bits", DIGITS[DIGITS.len() - 1]),
        format!("a midpoint of {} bits", DIGITS[0]),
        format!("up to {MAX_PATTERNS} patterns"),
    ];
    for words in said {
        assert!(PAGE.contains(&words), "docs/checking.md should say {words:?}");
    }
}
