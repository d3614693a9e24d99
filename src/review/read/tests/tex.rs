//! Delimiters and environments, in plain text, LaTeX and Markdown alike.

use super::*;

#[test]
fn all_delimiters_in_all_formats_of_tex() {
    let source = "a $x$ b\n$$y$$\nc \\(z\\) d \\[u\\] e\n\\begin{align*}v&=w\\end{align*} f";
    for format in [
        DocumentFormat::Text,
        DocumentFormat::Latex,
        DocumentFormat::Markdown,
        DocumentFormat::Html,
    ] {
        check(
            format,
            source,
            &["i|x|", "d|y|", "i|z|", "d|u|", "d|\\begin{align*}v&=w\\end{align*}|"],
        );
    }
}

#[test]
fn words_stand_between_formulas_in_order() {
    insta::assert_snapshot!(shown("Let $x=1$ and\n$$\ny=x\n$$\nso \\(y=1\\).\n", DocumentFormat::Text), @r"
    w|Let |
    i|x=1|
    w| and⏎|
    d|⏎y=x⏎|
    w|⏎so |
    i|y=1|
    w|.⏎|
    ");
}

#[test]
fn every_environment_comes_with_its_begin_and_end() {
    for name in [
        "equation",
        "align",
        "alignat",
        "aligned",
        "gather",
        "multline",
        "eqnarray",
        "split",
        "displaymath",
        "flalign",
        "align*",
        "equation*",
    ] {
        let formula = format!("\\begin{{{name}}}\nx\n\n=y\n\\end{{{name}}}");
        let expected = format!("d|{formula}|");
        for format in [DocumentFormat::Text, DocumentFormat::Latex, DocumentFormat::Markdown] {
            check(format, &format!("so\n{formula}\nthus"), &[&expected]);
        }
    }
    check(DocumentFormat::Latex, "\\begin{math}x\\end{math}", &["i|\\begin{math}x\\end{math}|"]);
    check(DocumentFormat::Latex, "\\begin{itemize}x\\end{itemize}", &[]);
    check(
        DocumentFormat::Latex,
        "\\begin{align}x\\end{align*}",
        &["u|\\begin{align}x\\end{align*}|"],
    );
}

#[test]
fn an_environment_within_delimiters_is_part_of_their_formula() {
    let source = "$$\n\\text{Here, } z = 1,\\\\\n\\begin{align}\na&=b\n\\end{align}\n$$";
    let expected = format!("d|{}|", &source[2..source.len() - 2]);
    check(DocumentFormat::Text, source, &[&expected]);
    check(
        DocumentFormat::Latex,
        "\\begin{equation}\\begin{split}a\\end{split}\\end{equation}",
        &["d|\\begin{equation}\\begin{split}a\\end{split}\\end{equation}|"],
    );
    check(
        DocumentFormat::Latex,
        "\\begin{aligned}\\begin{aligned}a\\end{aligned}\\end{aligned} $x$",
        &["d|\\begin{aligned}\\begin{aligned}a\\end{aligned}\\end{aligned}|", "i|x|"],
    );
}

#[test]
fn prices_are_no_maths_in_prose() {
    for format in [DocumentFormat::Text, DocumentFormat::Markdown, DocumentFormat::Html] {
        check(format, "It costs $5, or $6 with $x$.", &["i|x|"]);
        check(format, "From $5 to 6$ and $ x $ and $7/$8.", &["i|5 to 6|"]);
        check(format, "A lone $5 price.\n\n$$x$$", &["d|x|"]);
        check(format, "A \\$5 and \\$6.", &[]);
    }
    check(DocumentFormat::Text, "Only $5\n\nand 6$.", &[]);
    check(DocumentFormat::Latex, "Here $ x $ and \\$5.", &["i| x |"]);
}

#[test]
fn dollars_next_to_each_other() {
    check(DocumentFormat::Latex, "$a$$b$", &["i|a|", "i|b|"]);
    check(DocumentFormat::Text, "$$a$$$$b$$", &["d|a|", "d|b|"]);
    check(DocumentFormat::Text, "$$$$ x", &["d||"]);
    check(DocumentFormat::Text, "$$a\\$b$$", &["d|a\\$b|"]);
}

#[test]
fn dollars_in_the_words_of_a_formula_belong_to_it() {
    check(
        DocumentFormat::Latex,
        "$x \\text{ if $y$ or \\(z\\)}$ and $u$",
        &["i|x \\text{ if $y$ or \\(z\\)}|", "i|u|"],
    );
    check(DocumentFormat::Text, "\\(x \\text { if \\(y\\)}\\)", &["i|x \\text { if \\(y\\)}|"]);
    check(DocumentFormat::Latex, "\\text{see $y$} and \\mbox{ $z$", &["i|y|", "i|z|"]);
    check(DocumentFormat::Latex, "$$ \\text{a $$", &["d| \\text{a |"]);
}

#[test]
fn an_unclosed_delimiter_ends_with_its_paragraph() {
    for format in [DocumentFormat::Text, DocumentFormat::Latex, DocumentFormat::Markdown] {
        check(format, "a \\(b\nc\n\nd $x$", &["u|b\nc\n|", "i|x|"]);
        check(format, "a \\[b\n \nd \\[x\\]", &["u|b\n|", "d|x|"]);
        check(format, "a $$b\n\nd $$x$$", &["u|b\n|", "d|x|"]);
        check(format, "\\begin{align}b\n\nd $x$", &["u|\\begin{align}b\n|", "i|x|"]);
        check(format, "a \\(b and \\(c\\)", &["u|b and |", "i|c|"]);
    }
    check(DocumentFormat::Latex, "a $b\n\nd $x$", &["u|b\n|", "i|x|"]);
    check(DocumentFormat::Latex, "a \\) b \\] c \\end{align} d", &[]);
    let Piece::Unclosed(_, unclosed) =
        &pieces("a \\begin{align} b", DocumentFormat::Text).unwrap()[1]
    else {
        panic!("it is not closed")
    };
    assert_eq!((&*unclosed.opener, &*unclosed.closer), ("\\begin{align}", "\\end{align}"));
    assert_eq!(unclosed.place, 2..15);
}

#[test]
fn a_blank_line_right_after_the_dollars_does_not_end_the_formula() {
    check(DocumentFormat::Text, "a\n$$\n\nx\n\n$$\nb", &["d|\n\nx\n\n|"]);
}

#[test]
fn latex_leaves_comments_out() {
    check(DocumentFormat::Latex, "$a% $\n  b$ 5\\% of $c$ % $d$\n", &["i|ab|", "i|c|"]);
    check(DocumentFormat::Latex, "% $x$\n$y\n% z\n+1$", &["i|y\n+1|"]);
    check(DocumentFormat::Latex, "$a %\n\n$b$", &["u|a \n|", "i|b|"]);
    assert_eq!(at("$a%\n  b$", DocumentFormat::Latex, "ab"), "a%\n  b");
    assert_eq!(at("$a%\n  b$", DocumentFormat::Latex, "b"), "b");
}

#[test]
fn latex_leaves_verbatim_text_and_definitions_alone() {
    check(DocumentFormat::Latex, "\\verb|$x$| and \\verb*+\\(+ $y$", &["i|y|"]);
    check(
        DocumentFormat::Latex,
        "\\begin{verbatim}\n$x % $\n\\end{verbatim}\n\\begin{lstlisting}[a=b]\n$\\end{lstlisting}$y$",
        &["i|y|"],
    );
    check(
        DocumentFormat::Latex,
        "\\newcommand{\\be}[1][x]{\\begin{equation}}\n\\def\\ee#1{\\end{equation}$}\n\
         \\newcommand\\x{$a$}\\begin{align}y\\end{align}",
        &["d|\\begin{align}y\\end{align}|"],
    );
    check(DocumentFormat::Latex, "\\begin{comment}$x$\\end{comment}$y$", &["i|y|"]);
    check(
        DocumentFormat::Latex,
        "% \\begin{document}\n\\title{$t$}\n\\begin{document}$x$\\end{document} $y$",
        &["i|x|"],
    );
}

#[test]
fn dollars_on_lines_of_their_own_are_a_display() {
    for format in [DocumentFormat::Markdown, DocumentFormat::Text] {
        check(format, "so\n$\nE = w^2\n$\nand", &["d|\nE = w^2\n|"]);
        check(format, "$\n  a = 1\n  b = 2\n$.\n", &["d|\n  a = 1\n  b = 2\n|"]);
        check(format, "$\nE = w^2 $\n\n$x$", &["d|\nE = w^2 |", "i|x|"]);
        // Money, and what stands beside words.
        check(format, "costs 3$\nand 4$\n", &[]);
        check(format, "from $\n3 to 4\n$\n", &[]);
    }
}
