fn main() {
    let path = std::env::args().nth(1).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let net = match backproof::parse_network(&text) { Ok(n) => n, Err(e) => { eprint!("{}", e.snippet("x.bp", &text, false)); return } };
    let l = backproof::lesson::lesson(net, &Default::default()).unwrap();
    let level = match std::env::args().nth(2).as_deref() { Some("every") => backproof::page::Level::Every, Some("outline") => backproof::page::Level::Outline, _ => backproof::page::Level::Textbook };
    let page = backproof::page::derivation_page(&l, level);
    match std::env::args().nth(3).as_deref() {
        Some("latex") => print!("{}", backproof::render::latex(&page, &backproof::render::LatexStyle { fragment: false })),
        Some("markdown") => print!("{}", backproof::render::markdown(&page)),
        Some("json") => print!("{}", backproof::render::json(&page)),
        _ => print!("{}", backproof::render::text(&page, &backproof::render::TextStyle::default())),
    }
}
