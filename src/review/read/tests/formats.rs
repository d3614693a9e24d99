//! What each format puts around its formulas.

use super::*;

#[test]
fn formats_by_name() {
    assert_eq!(DocumentFormat::of_name("a/b.c/x.TEX"), Some(DocumentFormat::Latex));
    assert_eq!(DocumentFormat::of_name("x.ipynb"), Some(DocumentFormat::Notebook));
    assert_eq!(DocumentFormat::of_name("x.tar.md"), Some(DocumentFormat::Markdown));
    assert_eq!(DocumentFormat::of_name("x.htm"), Some(DocumentFormat::Html));
    assert_eq!(DocumentFormat::of_name("x.rst"), Some(DocumentFormat::Rst));
    assert_eq!(DocumentFormat::of_name("x.txt"), Some(DocumentFormat::Text));
    assert_eq!(DocumentFormat::of_name("x"), None);
    assert_eq!(DocumentFormat::of_name(".md"), None);
    assert_eq!(DocumentFormat::of_name("x.rs"), None);
}

#[test]
fn formats_by_content() {
    assert_eq!(DocumentFormat::guess("\u{feff} {\"cells\": []}"), DocumentFormat::Notebook);
    assert_eq!(DocumentFormat::guess("<!DOCTYPE html><p>"), DocumentFormat::Html);
    assert_eq!(DocumentFormat::guess("% a\n\\documentclass{article}"), DocumentFormat::Latex);
    assert_eq!(DocumentFormat::guess("a\n\n.. math:: x\n"), DocumentFormat::Rst);
    assert_eq!(DocumentFormat::guess("# a\n\n$x$"), DocumentFormat::Markdown);
    assert_eq!(DocumentFormat::guess("a $x$"), DocumentFormat::Text);
    assert_eq!(DocumentFormat::guess("{x}"), DocumentFormat::Text);
}

#[test]
fn markdown_code_is_no_maths() {
    let md = |source, expected: &[&str]| check(DocumentFormat::Markdown, source, expected);
    md("`$a$` and ``\\(b\\)`` and $c$", &["i|c|"]);
    md("```\n$a$\n```\n$b$\n\n    $c$\n\n~~~sh\necho $$\n~~~\n", &["i|b|"]);
    md("Costs $5; run `echo \"$HOME\"` now", &[]);
    md("[a](http://x/$1) and <http://y/$2> $z$", &["i|z|"]);
    md("---\ntitle: $a$\n---\n\n$b$", &["i|b|"]);
}

#[test]
fn what_looks_like_markdown_within_a_formula_is_the_formula() {
    let md = |source, expected: &[&str]| check(DocumentFormat::Markdown, source, expected);
    md("$$\na\n- b\n+ c\n=\n    d\n> 0\n# e\n$$", &["d|\na\n- b\n+ c\n=\n    d\n> 0\n# e\n|"]);
    md("$a_1 * b_1$ and $a_2 * b_2$", &["i|a_1 * b_1|", "i|a_2 * b_2|"]);
    md("$$a \\\\ b \\\\[2pt] c \\_ d$$", &["d|a \\\\ b \\\\[2pt] c \\_ d|"]);
    md("$\\text{``a''}$ and $\\text{``b''}$", &["i|\\text{``a''}|", "i|\\text{``b''}|"]);
    md("$a <b and c> d$", &["i|a <b and c> d|"]);
    md("$f[x](y)$", &["i|f[x](y)|"]);
}

#[test]
fn markdown_takes_a_backslash_away() {
    let md = |source, expected: &[&str]| check(DocumentFormat::Markdown, source, expected);
    md(
        "so \\\\(a\\_1 \\\\\\\\ \\frac b c\\\\) and \\\\[d\\\\]",
        &["i|a_1 \\\\ \\frac b c|", "d|d|"],
    );
    check(DocumentFormat::Latex, "a \\\\[2pt] b \\\\(c\\\\)", &[]);
}

#[test]
fn markdown_of_github() {
    let md = |source, expected: &[&str]| check(DocumentFormat::Markdown, source, expected);
    md("```math\na &= b\n```\n- c\n  ```math\n  d\n  e\n  ```\n", &["d|a &= b\n|", "d|d\ne\n|"]);
    md("so $`a_1`$ and ``$`b`$`` and $x$`c`$y$", &["i|a_1|", "i|x|", "i|y|"]);
    md("| a | b |\n|---|---|\n| $5 | 6$ |\n| $x$ | $y$ |", &["i|x|", "i|y|"]);
    md("- costs $5\n- or 6$\n", &[]);
}

#[test]
fn markdown_quotes_and_lists_have_margins() {
    let quoted = "> $$\n> a\n> > b\n> $$\n>\n> \\[ c\n>\n> d";
    check(DocumentFormat::Markdown, quoted, &["d|\na\n> b\n|", "u| c\n|"]);
    assert_eq!(at(quoted, DocumentFormat::Markdown, "a\n> b"), "a\n> > b");
    check(DocumentFormat::Markdown, "- x\n\n  $$\n  a\n    b\n  $$\n", &["d|\na\nb\n|"]);
    check(DocumentFormat::Markdown, "> - $$\n>   a\n>   $$\n", &["d|\na\n|"]);
    insta::assert_snapshot!(shown("> one\n> two $x$\n\nthree > 2\n", DocumentFormat::Markdown), @r"
    w|one⏎two |
    i|x|
    w|⏎⏎three > 2⏎|
    ");
}

#[test]
fn lines_may_end_in_two_characters() {
    for format in [DocumentFormat::Text, DocumentFormat::Latex, DocumentFormat::Markdown] {
        check(format, "a \\(b\r\n\r\nc \\(d\r\n\\)", &["u|b\r\n|", "i|d\r\n|"]);
    }
    check(DocumentFormat::Markdown, "```math\r\na\r\nb\r\n```\r\n$c$", &["d|a\nb\n|", "i|c|"]);
    check(DocumentFormat::Latex, "$a%\r\n b$ %\r\n\r\n$c", &["i|ab|", "u|c|"]);
    check(DocumentFormat::Rst, ".. math::\r\n\r\n   a\r\n   b\r\n\r\nc", &["d|a\r\nb|"]);
    check(DocumentFormat::Html, "<p>\r\n$a\r\n&lt;b$", &["i|a\r\n<b|"]);
}

#[test]
fn html_in_markdown() {
    let md = |source, expected: &[&str]| check(DocumentFormat::Markdown, source, expected);
    md("<div>\n$$ a &lt; b $$\n</div>\n\n$c &lt; d$", &["d| a < b |", "i|c < d|"]);
    md(
        "so <script type=\"math/tex\">a_1 * b_1</script> and <b title=\"$x$\">$y$</b>",
        &["i|a_1 * b_1|", "i|y|"],
    );
    md("an <code>$open\n\n- tag $x$\n", &["i|x|"]);
    md("<pre>\n$a$\n</pre>\n<!-- $b$ -->\n\n$c$", &["i|c|"]);
}

#[test]
fn html_resolves_entities_and_keeps_their_places() {
    let source = "<p>é $a&lt;b &amp;&#61; &#x3b1; &nbsp;c&alpha;&notit;$ &bogus; x</p>";
    check(DocumentFormat::Html, source, &["i|a<b &= α \u{a0}cα¬it;|"]);
    assert_eq!(at(source, DocumentFormat::Html, "<"), "&lt;");
    assert_eq!(at(source, DocumentFormat::Html, "b &="), "b &amp;&#61;");
    assert_eq!(at(source, DocumentFormat::Html, "cα"), "c&alpha;");
}

#[test]
fn html_tags_within_a_formula_go() {
    check(
        DocumentFormat::Html,
        "$a<em>1 + b</em>1$ and $$c<br>d<br/>e$$",
        &["i|a1 + b1|", "d|c\nd\ne|"],
    );
    check(DocumentFormat::Html, "<p>\\(a<p>b\\)", &["u|a\n|"]);
    check(DocumentFormat::Html, "<td>$5</td><td>6$</td> \\[a\n\nb\\]", &["d|a\n\nb|"]);
    check(
        DocumentFormat::Html,
        "\\begin{align}a</p>\n<p>b\\end{align}",
        &["d|\\begin{align}a\n\n\nb\\end{align}|"],
    );
}

#[test]
fn html_skips_code_styles_and_scripts() {
    check(
        DocumentFormat::Html,
        "<style>$a$</style><script>var $b$ = '<p>';</script><pre>$c$<b>$d$</b></pre>\
         <code>\\(e\\)</code><!-- $f$ --><textarea>$g$</textarea><span class=\"tex2jax_ignore\">\
         $h$</span>$i$",
        &["i|i|"],
    );
}

#[test]
fn html_has_formulas_in_elements() {
    check(
        DocumentFormat::Html,
        "<script type=\"math/tex\">a<b</script><script type=\"math/tex; mode=display\">% <![CDATA[\n\
         c & d %]]></script>",
        &["i|a<b|", "d|\nc & d |"],
    );
    let katex = "<span class=\"katex\"><span class=\"katex-mathml\"><math><semantics><mrow><mi>x\
        </mi></mrow><annotation encoding=\"application/x-tex\">x &lt; 1</annotation></semantics>\
        </math></span><span class=\"katex-html\"><span>x</span><span>1</span></span></span>";
    insta::assert_snapshot!(shown(&format!("<p>Let {katex} be.</p>"), DocumentFormat::Html), @r"
    w|⏎Let |
    i|x < 1|
    w| be.⏎|
    ");
    assert_eq!(at(katex, DocumentFormat::Html, "<"), "&lt;");
    check(
        DocumentFormat::Html,
        &format!("costs $5 {katex} or 6$, \\[y {katex}"),
        &["i|x < 1|", "u|y |", "i|x < 1|"],
    );
    insta::assert_snapshot!(
        shown("<math display=\"block\"><mi>x</mi></math> <math display=\"block\"><annotation \
               encoding=\"application/x-tex\">y</annotation></math>", DocumentFormat::Html), @r"
    w|x |
    d|y|
    ");
}

#[test]
fn rst_has_roles_and_directives() {
    let source = "Let :math:`a_1 < b` and `c`:math: but not ``:math:`d``` nor $e$.\n\n\
        .. math:: f = g\n\n\
        .. math::\n   :label: loss\n\n   h &= 1 \\\\\n     &= 2\n\n   k = 3\n\nThen::\n\n   :math:`l`\n\n\
        .. code-block:: python\n\n   :math:`m`\n\n.. a comment :math:`n`\n\n\
        .. note:: see :math:`o`\n\n* item\n\n  .. math::\n\n     p\n";
    check(
        DocumentFormat::Rst,
        source,
        &[
            "i|a_1 < b|",
            "i|c|",
            "d|f = g|",
            "d|\\label{loss}h &= 1 \\\\\n  &= 2\n\\\\\nk = 3|",
            "i|o|",
            "d|p|",
        ],
    );
    assert_eq!(at(source, DocumentFormat::Rst, "\\label{loss}"), "loss");
    assert_eq!(at(source, DocumentFormat::Rst, "k = 3"), "k = 3");
    check(DocumentFormat::Rst, "a :math:`b\n\n:math:`c`", &["u|b\n|", "i|c|"]);
}

#[test]
fn notebooks_are_read_through_their_escapes() {
    let source = r##"{"nbformat": 4, "cells": [
 {"cell_type": "code", "source": ["$no$"], "outputs": []},
 {"cell_type": "markdown", "source": ["# A\n", "\n", "$$\\frac{a}{\u03b2} \"x\" \ud83d\ude00 \ud83d$$\n"]},
 {"metadata": {"$": [[1, {}]]}, "cell_type": "markdown", "source": "see $y$ and `$z$` or \\(u"}
]}"##;
    insta::assert_snapshot!(shown(source, DocumentFormat::Notebook), @r#"
    w|# A⏎⏎|
    d|\frac{a}{β} "x" 😀 �|
    w|⏎⏎see |
    i|y|
    w| and `$z$` or |
    u|u|
    "#);
    assert_eq!(at(source, DocumentFormat::Notebook, "\\frac"), "\\\\frac");
    assert_eq!(at(source, DocumentFormat::Notebook, "β}"), "\\u03b2}");
    assert_eq!(at(source, DocumentFormat::Notebook, "😀"), "\\ud83d\\ude00");
    let old = r#"{"worksheets": [{"cells": [{"cell_type": "markdown", "source": "$x$"}]}]}"#;
    check(DocumentFormat::Notebook, old, &["i|x|"]);
}

#[test]
fn a_formula_does_not_cross_cells() {
    let source = r#"{"cells": [{"cell_type": "markdown", "source": "a $$b"},
        {"cell_type": "markdown", "source": "c$$ d"}]}"#;
    check(DocumentFormat::Notebook, source, &["u|b|", "u| d|"]);
}

#[test]
fn errors_of_notebooks_have_places() {
    let error = |source| pieces(source, DocumentFormat::Notebook).unwrap_err();
    let shown = |source| error(source).snippet("x.ipynb", source, false);
    insta::assert_snapshot!(shown("{\"cells\": [\n  {,}]}"), @r"
    error: this is no notebook: key must be a string
     --> x.ipynb:2:4
      |
    2 |   {,}]}
      |    ^
    ");
    insta::assert_snapshot!(
        shown(r#"{"cells": [{"cell_type": "markdown", "source": 5}]}"#), @r#"
    error: the source of a cell is a string or a list of strings
     --> x.ipynb:1:48
      |
    1 | {"cells": [{"cell_type": "markdown", "source": 5}]}
      |                                                ^
    "#);
    insta::assert_snapshot!(shown(r#"{"cells": [{"cell_type": 7}]}"#), @r#"
    error: this is no notebook: invalid type: integer `7`, expected a string
     --> x.ipynb:1:26
      |
    1 | {"cells": [{"cell_type": 7}]}
      |                          ^
    "#);
    assert_eq!(error("{}").message(), "this JSON has no cells, so it is no notebook");
    assert_eq!(error("").kind(), crate::diag::Kind::Syntax);
}

#[test]
fn what_a_browser_does_not_show_is_left_out() {
    for hidden in [
        "<p style=\"display:none\">\\(a\\)</p>",
        "<div style='color: red; DISPLAY : none !important'><p>\\(a\\)</p><div>\\(a\\)</div></div>",
        "<section hidden>\\(a\\)</section>",
        "<span style=visibility:hidden>\\(a\\)</span>",
        "<!-- \\(a\\) -->",
        "<template>\\(a\\)</template>",
        "<p hidden>\\(a\\)",
    ] {
        let text = format!("{hidden}<p>\\(b\\)</p>");
        check(DocumentFormat::Html, &text, &["i|b|"]);
        check(DocumentFormat::Markdown, &format!("{hidden}\n\n$b$\n"), &["i|b|"]);
    }
    check(DocumentFormat::Html, "<input hidden><p style='display:block'>\\(b\\)", &["i|b|"]);
}
