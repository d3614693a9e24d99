//! Derivation text for a lesson: a network in, a LaTeX fragment and a page of text out.
//!
//! `cargo run --example lesson`

use backproof::{Ask, Level, derivation_page, lesson, parse_network, render};

fn main() -> Result<(), backproof::Error> {
    let net = parse_network(
        "input  x
         param  w, b
         target t
         y = sigmoid(w*x + b)
         E = (t - y)^2 / 2",
    )?;
    let lesson = lesson(net, &Ask::default())?;

    // What stands on the blackboard …
    let page = derivation_page(&lesson, Level::Textbook);
    println!("{}", render::text(&page, &render::TextStyle::default()));

    // … and what goes into the lecture notes.
    let notes = derivation_page(&lesson, Level::Outline);
    println!(
        "{}",
        render::latex(&notes, &render::LatexStyle::default().with(|style| style.fragment = true))
    );
    Ok(())
}
