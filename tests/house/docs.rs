//! What the program itself writes into the documentation, held true: the table of rules, the
//! functions of the language, the limits, the derivations of the networks.
//! `BACKPROOF_BLESS=1 cargo test --test house docs` writes them anew; read the difference before it is
//! committed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::source::{self, Kind, Token};
use super::{read, root};
use backproof::calculus::rules::{Group, TABLE};
use backproof::check::{CONVENTIONS, Corner, Framework, Rule};
use backproof::examples::EXAMPLES;
use backproof::expr::Winners;
use backproof::index;
use backproof::lesson::{AskIndexed, indexed_lesson, reads_better_in_indices};
use backproof::net;
use backproof::page::{Block, Page, indexed_page};
use backproof::proof::How;
use backproof::render::{self, LatexStyle, TextStyle};
use backproof::{
    Ask, Graph, Level, Verdict, derivation_page, lesson, parse_formula, parse_network, prove,
};

fn blessing() -> bool {
    std::env::var_os("BACKPROOF_BLESS").is_some_and(|v| v == "1")
}

/// What stands in a file; nothing where it is still to be written.
fn found_in(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_default()
}

/// Holds a whole file to what it should be, or writes it.
fn hold(path: &str, wanted: &str) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    hold_alone(path, wanted);
}

/// The tests of one file run at the same time, and several write parts of the same page.
static ALONE: Mutex<()> = Mutex::new(());

fn hold_alone(path: &str, wanted: &str) {
    let found = found_in(path);
    if found == wanted {
        return;
    }
    if blessing() {
        std::fs::write(root().join(path), wanted).expect("the documentation can be written");
        return;
    }
    let differs = wanted.lines().zip(found.lines()).position(|(w, f)| w != f);
    let line = differs.unwrap_or_else(|| found.lines().count().min(wanted.lines().count()));
    panic!(
        "{path} is out of date from line {}:\n  it says   {:?}\n  should be {:?}\n\
         BACKPROOF_BLESS=1 cargo test --test house docs writes it anew",
        line + 1,
        found.lines().nth(line),
        wanted.lines().nth(line),
    );
}

/// Holds the part of a file between `<!-- begin NAME -->` and `<!-- end NAME -->`.
fn hold_part(path: &str, name: &str, wanted: &str) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
    let text = found_in(path);
    let parts = text.split_once(&begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(&end)?;
        Some(format!("{before}{begin}{wanted}{end}{after}"))
    });
    hold_alone(path, &parts.unwrap_or_else(|| panic!("{path} has no part {name}")));
}

/// The networks of the project by name, in alphabetical order.
fn networks() -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(root().join("networks"))
        .expect("the networks stand in their folder")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|e| e == "bp"))
        .collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.file_stem().expect("a network has a name").to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).expect("a network is text"))
    };
    paths.iter().map(read).collect()
}

fn page(text: &str, level: Level) -> Page {
    let network = parse_network(text).unwrap_or_else(|e| panic!("{e}"));
    // In the form that `backproof derive` takes by itself.
    if reads_better_in_indices(&network, &[]) {
        let lesson = indexed_lesson(network, &AskIndexed::default());
        return indexed_page(&lesson.unwrap_or_else(|e| panic!("{e}")), level);
    }
    derivation_page(&lesson(network, &Ask::default()).unwrap_or_else(|e| panic!("{e}")), level)
}

#[test]
fn phrases_are_those_of_the_table() {
    let mut table = String::from(
        "\n| words | what they say of the formula behind them | so | and not so |\n|---|---|---|---|\n",
    );
    for [words, says, example, not] in backproof::review::phrases() {
        let _ = writeln!(table, "| {words} | {says} | {example} | {not} |");
    }
    table.push('\n');
    hold_part("docs/review.md", "phrases", &table);
}

#[test]
fn rules_are_those_of_the_table() {
    let scalar = TABLE.iter().map(|r| (r.group, r.name, r.statement, r.condition));
    hold_part("docs/rules.md", "rules", &rules(scalar.collect()));
    let indexed = index::rules::TABLE.iter().map(|r| (r.group, r.name, r.statement, r.condition));
    hold_part("docs/rules.md", "index rules", &rules(indexed.collect()));
}

type RuleRow = (Group, &'static str, &'static str, &'static str);

/// The tables of rules, a table for each group.
fn rules(table: Vec<RuleRow>) -> String {
    let mut out = String::new();
    let groups = [
        (Group::Main, "Differentiating", "A line of its own at `textbook` and `every`."),
        (
            Group::Vanish,
            "What vanishes and what is 1",
            "At `textbook`, neighbours of this group share a line.",
        ),
        (Group::Tidy, "Tidying", "At `textbook`, neighbours of this group share a line."),
    ];
    let mut rows = 0;
    for (group, heading, when) in groups {
        let _ = write!(out, "## {heading}\n\n{when}\n\n");
        let _ = writeln!(out, "| rule | statement | holds where |\n|---|---|---|");
        for (_, name, statement, condition) in table.iter().filter(|row| row.0 == group) {
            // A bar would end the cell, even within code.
            let statement: Vec<String> = statement
                .split(", ∂")
                .enumerate()
                .map(|(n, s)| if n == 0 { s.to_string() } else { format!("∂{s}") })
                .map(|s| s.replace('|', "\\|"))
                .collect();
            let condition = condition.replace('|', "\\|");
            let statement = statement.join("<br>");
            let _ = writeln!(out, "| `{name}` | {statement} | {condition} |");
            rows += 1;
        }
        out.push('\n');
    }
    assert_eq!(rows, table.len(), "every rule is in one of the groups");
    out
}

#[test]
fn functions_are_those_of_the_language() {
    let mut out = String::from("| call | what it is | its parts |\n|---|---|---|\n");
    let cell = |text: &str| text.replace('|', "\\|");
    for layer in net::layers() {
        let _ = writeln!(
            out,
            "| `{}` | {} | {} |",
            layer.signature(),
            cell(layer.doc),
            cell(layer.parts)
        );
    }
    out.push_str("\nOptions take\n\n");
    // Options of one kind share a line, in the order in which the table first has them.
    let mut kinds: Vec<(String, Vec<String>)> = Vec::new();
    for layer in net::layers() {
        for option in layer.options() {
            let (takes, name) = (option.takes(), format!("`{}`", option.name));
            match kinds.iter_mut().find(|(kind, _)| *kind == takes) {
                Some((_, names)) if names.contains(&name) => {}
                Some((_, names)) => names.push(name),
                None => kinds.push((takes, vec![name])),
            }
        }
    }
    for (takes, names) in kinds {
        let _ = writeln!(out, "- {}: {takes}", names.join(", "));
    }
    hold_part("docs/language.md", "functions", &out);
}

/// Claims of every kind, and what became of them.
#[test]
fn verdicts_are_those_that_the_page_on_proof_lists() {
    let claims = [
        ("(a + b)^2", "a^2 + 2*a*b + b^2"),
        ("(a + b)^2", "a^2 + b^2"),
        ("x/x", "1"),
        ("exp(a + b)", "exp(a)*exp(b)"),
        ("tanh(x)", "2*sigmoid(2*x) - 1"),
        ("sin(x)^2 + cos(x)^2", "1"),
        ("sin(x + y)", "sin(x)*cos(y) + cos(x)*sin(y)"),
        ("sin(x + 1)", "sin(x) + 1"),
        ("sqrt(x^2)", "abs(x)"),
        ("sqrt(x^2)", "x"),
        ("ln(x^2)", "2*ln(x)"),
        ("ln(a*b)", "ln(a) + ln(b)"),
        ("max(a, b)", "a + relu(b - a)"),
        ("max(a, max(b, c))", "max(c, b, a)"),
        ("relu(x)", "x*step(x)"),
        ("abs(x)", "x"),
        ("(a + b + c + d + e + f)^30", "((a + b + c + d + e + f)^10)^3"),
        ("sqrt(-1 - x^2)", "0"),
        ("exp(x)", "1 + x + x^2/2"),
    ];
    let mut out = String::from("| claim | verdict |\n|---|---|\n");
    for (left, right) in claims {
        let mut g = Graph::new();
        let lhs = parse_formula(&mut g, left).expect("a formula");
        let rhs = parse_formula(&mut g, right).expect("a formula");
        let verdict = match prove(&g, lhs, rhs, &Winners::new()) {
            Verdict::Proved(How::Exact) => "proved".to_string(),
            Verdict::Proved(How::Probabilistic { error_bound }) => {
                let exponent = error_bound.log10().ceil();
                format!("proved, but for an error of probability below 10^{exponent}")
            }
            Verdict::Proved(other) => panic!("the page has no words for {other:?}"),
            Verdict::Refuted(witness) => {
                assert!(witness.holds(&g, lhs, rhs, &Winners::new()));
                let at: Vec<String> = witness
                    .point
                    .iter()
                    .map(|(symbol, value)| format!("{} = {value}", g.symbol(*symbol).spelling()))
                    .collect();
                format!("refuted at {}", at.join(", "))
            }
            Verdict::Undecided(reason) => format!("undecided: {}", reason.sentence(&g)),
        };
        let _ = writeln!(out, "| `{left}` = `{right}` | {verdict} |");
    }
    hold_part("docs/proof.md", "verdicts", &out);
}

/// What a network with mistakes is told, and that this is all.
#[test]
fn errors_are_what_the_language_says() {
    let text = "input  i[4, 4]\nparam  w[2, 2], w_fc\ntarget t\n\
                c    = konv(i, w, stride: 2)\nr_fc = w_fd * max(c)\nE    = (t - r_fc^2 / 2\n";
    let error = parse_network(text).expect_err("it is full of mistakes");
    let told = format!("```text\n{}\n```\n", error.snippet("net.bp", text, false).trim_end());
    hold_part("docs/language.md", "errors", &told);
}

/// Every network that the documentation shows is one.
#[test]
fn networks_in_the_documentation_parse() {
    let mut blocks = 0;
    for path in ["README.md", "docs/tour.md", "docs/language.md", "docs/architecture.md"] {
        for block in read(path).split("```bp").skip(1) {
            // Behind the language may stand the name of a file.
            let block = block.split_once('\n').map_or("", |(_, block)| block);
            let text = block.split("```").next().unwrap_or_default();
            parse_network(text).unwrap_or_else(|e| panic!("{path}: {e}\n{text}"));
            blocks += 1;
        }
    }
    assert!(blocks >= 3, "the blocks were found");
}

/// A named limit of the library.
struct Limit {
    module: String,
    name: String,
    /// Where it is written as a number, and no expression.
    value: Option<u64>,
    doc: String,
}

/// The public constants `MAX_…` and `MIN_…`, read off the source.
fn limits() -> Vec<Limit> {
    let mut found = Vec::new();
    for file in source::library() {
        let tokens = &file.tokens;
        let Some(module) = file.module.first() else { continue };
        for at in 0..tokens.len() {
            let text = |n: usize| tokens.get(at + n).map_or("", |t| &*t.text);
            let limit = text(2).starts_with("MAX_") || text(2).starts_with("MIN_");
            if text(0) != "pub" || text(1) != "const" || !limit {
                continue;
            }
            let owner = owner(tokens, at).map_or(String::new(), |o| format!("{o}::"));
            let end = (at..tokens.len()).find(|e| tokens[*e].text == ";").expect("it ends");
            let equals = (at..end).find(|e| tokens[*e].text == "=").expect("it has a value");
            let (module, name) = (module.clone(), format!("{owner}{}", text(2)));
            let value = value(&tokens[equals + 1..end]);
            found.push(Limit { module, name, value, doc: doc(tokens, at) });
        }
    }
    found
}

/// The type in whose `impl` the token stands.
fn owner(tokens: &[Token], at: usize) -> Option<&str> {
    let mut open = 0;
    for n in (0..at).rev() {
        match tokens[n].kind {
            Kind::Close => open += 1,
            Kind::Open if open == 0 => {
                let header = tokens[..n].iter().rposition(|t| t.text == "impl")?;
                return (n - header == 2).then(|| &*tokens[n - 1].text);
            }
            Kind::Open => open -= 1,
            _ => {}
        }
    }
    None
}

/// `500_000`, `1 << 22`.
fn value(tokens: &[Token]) -> Option<u64> {
    let number = |t: &Token| t.text.replace('_', "").parse::<u64>().ok();
    match tokens {
        [one] => number(one),
        [a, shift, b, c] if shift.text == "<" && b.text == "<" => Some(number(a)? << number(c)?),
        _ => None,
    }
}

/// The first paragraph of the comment above the item that begins at `at`.
fn doc(tokens: &[Token], at: usize) -> String {
    let mut lines = Vec::new();
    let mut at = at;
    // # [ doc = "…" ]
    while at >= 6 && tokens[at - 4].text == "doc" && tokens[at - 6].text == "#" {
        let literal = tokens[at - 2].text.trim_start_matches('r').trim_matches(['#', '"']);
        lines.push(literal.trim().to_string());
        at -= 6;
    }
    lines.reverse();
    lines.split(String::is_empty).next().unwrap_or_default().join(" ")
}

#[test]
fn conventions_at_kinks_are_those_of_the_table() {
    let mut out = String::from("|");
    for framework in Framework::ALL {
        let _ = write!(out, " | {} {}", framework.name(), framework.version());
    }
    let _ = writeln!(out, " |\n|---|{}", "---|".repeat(Framework::ALL.len()));
    for (corner, rules) in CONVENTIONS {
        let what = match corner {
            Corner::Relu => "the slope of relu(x) at 0",
            Corner::Abs => "the slope of \\|x\\| at 0",
            Corner::Maximum => "maximum(x, 0) at 0",
            Corner::MaxAll => "max of a whole tensor, where cells tie",
            Corner::MaxAxis => "max along an axis, where cells tie",
            Corner::MaxPool => "max-pooling, where k of n cells tie",
            Corner::Pieces => "the slope of leaky_relu(x) at 0",
            Corner::Clip => "clip(x, low, high) at a bound",
        };
        let _ = write!(out, "| {what}");
        for rule in rules {
            let said = match rule {
                Some(Rule::Slope(n)) => n.to_string(),
                Some(Rule::First) => "the first takes all".to_string(),
                Some(Rule::Even) => "shared evenly".to_string(),
                Some(Rule::Each) => "each takes all".to_string(),
                Some(Rule::Window) => "each takes k/n".to_string(),
                Some(Rule::Left) => "that on the left".to_string(),
                Some(Rule::Right) => "that on the right".to_string(),
                None => String::new(),
            };
            let _ = write!(out, " | {said}");
        }
        let _ = writeln!(out, " |");
    }
    hold_part("docs/checking.md", "conventions", &out);
}

/// The programs of docs/checking.md: the folder, the file, its language, what it writes.
const PROGRAMS: [(&str, &str, &str, &str); 5] = [
    ("torch", "snippet.py", "python", "safetensors"),
    ("jax", "snippet.py", "python", "npz"),
    ("tf", "snippet.py", "python", "npz"),
    ("numpy", "snippet.py", "python", "npz"),
    ("candle", "main.rs", "rust", "safetensors"),
];

/// Those that made the files in `tests/fixtures`, which `tests/fixtures.rs` checks.
#[test]
fn programs_are_those_that_made_the_fixtures() {
    for (from, file, language, ending) in PROGRAMS {
        let folder = format!("tests/fixtures/{from}/snippet");
        let network = read(&format!("{folder}/net.bp"));
        let program = read(&format!("{folder}/{file}"));
        let wanted = format!(
            "```bp\n{network}```\n\n```{language}\n{program}```\n\n```sh\nbackproof check net.bp \
             --values v.{ending} --against g.{ending} --from {from}\n```\n"
        );
        hold_part("docs/checking.md", from, &wanted);
    }
}

/// The rooms by what a limit of theirs does, in the order of the page.
const KEEPERS: [(&str, &[&str], &str); 7] = [
    (
        "Texts, numbers and files",
        &["lang", "net", "scalar", "values"],
        "What is larger is refused, with an error that says the limit, unless the row says otherwise.",
    ),
    (
        "The size of a network",
        &["lower", "concrete"],
        "A larger network is refused. `check` does without scalars where there are too many of them.",
    ),
    (
        "Derivations",
        &["calculus", "index", "lesson"],
        "A derivation that would take more is refused, with an error that says the limit. Where a row \
         says how much is shown, the rest is left out or folded.",
    ),
    (
        "Proofs",
        &["proof"],
        "A claim that would take more is undecided, never wrong. A derivation with such a step is \
         refused, with the reason. Some rows say how a proof is made instead.",
    ),
    (
        "Checks",
        &["check"],
        "Where a row says how many are compared or listed, the report says how many there are. Other \
         rows say where another way is taken.",
    ),
    (
        "Reviews",
        &["review"],
        "A document that is larger is refused. A row that is larger is undecided or not read, and says \
         so. What is too large to be repaired is not repaired.",
    ),
    (
        "Pages",
        &["page", "render"],
        "What is longer or deeper is abbreviated. JSON abbreviates what is deeper, too.",
    ),
];

#[test]
fn limits_are_those_of_the_library() {
    let mut described: BTreeMap<String, Limit> = BTreeMap::new();
    for limit in limits() {
        let name = format!("{}::{}", limit.module, limit.name);
        assert!(!limit.doc.is_empty(), "{name} has no comment");
        assert!(described.insert(name.clone(), limit).is_none(), "{name} stands twice");
    }
    let told: BTreeMap<&str, u64> = backproof::limits().iter().map(|l| (l.name, l.value)).collect();
    for name in described.keys() {
        assert!(told.contains_key(&**name), "{name} is missing in backproof::limits()");
    }
    let mut out = String::new();
    let mut rows = 0;
    for (heading, rooms, past) in KEEPERS {
        let _ = writeln!(out, "### {heading}\n\n{past}\n");
        out.push_str("| limit | value | what it is |\n|---|---|---|\n");
        for limit in backproof::limits() {
            let room = limit.name.split("::").next().unwrap_or_default();
            if !rooms.contains(&room) {
                continue;
            }
            let described = described.get(limit.name);
            let described = described.unwrap_or_else(|| panic!("{} is no constant", limit.name));
            // What the source has as a number is that number.
            assert!(described.value.is_none_or(|v| v == limit.value), "{}", limit.name);
            // `[Shape::MAX_RANK]` is a link in the library's own documentation only.
            let doc = described.doc.replace(['[', ']'], "").replace('|', "\\|");
            let _ = writeln!(out, "| `{}` | {} | {doc} |", limit.name, grouped(limit.value));
            rows += 1;
        }
        out.push('\n');
    }
    assert_eq!(rows, told.len(), "every limit has a keeper, and none stands twice");
    hold_part("docs/limits.md", "limits", &out);
}

/// Numbers that the prose names are those of the program.
#[test]
fn numbers_in_the_prose_are_those_of_the_limits() {
    let all = backproof::limits();
    let of = |name: &str| {
        all.iter().find(|l| l.name == name).unwrap_or_else(|| panic!("{name} is no limit")).value
    };
    let words = |name: &str| match of(name) {
        n if n >= 1_000_000 => format!("{} million", n / 1_000_000),
        n => n.to_string(),
    };
    let mib = |name: &str| format!("{} MiB", of(name) >> 20);
    let kib = |name: &str| format!("{} KiB", of(name) >> 10);
    let spaced = |name: &str| grouped(of(name)).replace('\u{2009}', " ");
    let said = [
        ("docs/language.md", format!("statements, up to {}.", of("lang::MAX_ERRORS"))),
        ("docs/language.md", format!("between −{0} and {0}.", of("net::MAX_EXPONENT"))),
        ("docs/proof.md", format!("at no more than {} values of its", of("proof::MAX_CELLS"))),
        (
            "docs/proof.md",
            format!(
                "({} in a layer of more than {} cells and products)",
                of("proof::MAX_CELLS_OF_MANY"),
                of("proof::MAX_EXACT_SIZE")
            ),
        ),
        ("docs/proof.md", format!("no more than {} paths", of("lesson::MAX_EVALUATED"))),
        (
            "docs/proof.md",
            format!("has {} steps of polynomial", spaced("review::MAX_STEPS_OF_A_CLAIM")),
        ),
        ("docs/review.md", format!("at most {}", mib("review::MAX_DOCUMENT"))),
        ("docs/review.md", format!("a formula {}.", kib("review::MAX_FORMULA"))),
        ("docs/review.md", format!("with more than {} elements", of("review::MAX_ELEMENTS"))),
        ("docs/questions.md", format!("about {} scalar", words("net::MAX_SCALARS"))),
        ("docs/checking.md", format!("more than about {} operations", "a million")),
    ];
    for (page, words) in said {
        assert!(read(page).contains(&words), "{page} should say {words:?}");
    }
    assert_eq!(of("check::MAX_SCALARS").next_power_of_two(), 1 << 20, "about a million");
    assert_eq!(of("lesson::MAX_WITNESSED"), 12, "docs/proof.md and README.md say a dozen");
    assert_eq!(backproof::proof::SMALLER_SIZES, 3, "docs/proof.md says three smaller sizes");
    assert_eq!(EXAMPLES.len().min(41), 41, "CHANGELOG.md says more than forty");
}

/// docs/rules.md and docs/json.md say which rewrites have a line at which level.
#[test]
fn rewrites_have_the_lines_that_the_page_on_rules_says() {
    let rewrites = |page: &Page| -> Vec<usize> {
        let blocks = page.sections.iter().flat_map(|section| &section.blocks);
        let rows = blocks.filter_map(|block| match block {
            Block::Equations(rows) => Some(rows),
            _ => None,
        });
        rows.flatten().map(|row| row.steps.len()).collect()
    };
    for name in ["article", "two-by-two", "softmax", "dropout"] {
        let text = read(&format!("networks/{name}.bp"));
        let derived = |updates: bool| {
            let ask = Ask::default().with(|ask| ask.updates = updates);
            let network = parse_network(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
            lesson(network, &ask).unwrap_or_else(|e| panic!("{name}: {e}"))
        };
        let (whole, derivatives) = (derived(true), derived(false));
        let every = rewrites(&derivation_page(&whole, Level::Every));
        assert_eq!(every.iter().sum::<usize>(), whole.replay.len(), "{name}: all have a line");
        assert!(every.iter().all(|of_row| *of_row <= 2), "{name}: an update rule has two");
        let alone = rewrites(&derivation_page(&derivatives, Level::Every));
        assert!(alone.iter().all(|of_row| *of_row <= 1), "{name}: one rewrite a line");
        let outline = derivation_page(&whole, Level::Outline);
        let hidden = whole.replay.len() - rewrites(&outline).iter().sum::<usize>();
        assert!(hidden > 0, "{name}: an outline shows results only");
        let shown = render::text(&outline, &TextStyle::default().with(|style| style.width = 1000));
        assert!(shown.contains(&format!("also the {hidden} without a line above")), "{shown}");
    }
}

/// The README's short table is a part of the long one.
#[test]
fn the_short_table_of_checkers_is_a_part_of_the_long_one() {
    let page = read("docs/checking.md");
    let cells = |format: &str, tool: &str| -> Vec<String> {
        let begin = format!("| {format}: {tool} |");
        let row = page.lines().find(|line| line.starts_with(&begin));
        let row = row.unwrap_or_else(|| panic!("docs/checking.md has no row {begin}"));
        row.split('|').map(|cell| cell.trim().to_string()).collect()
    };
    let count = |cell: &str| cell.split(' ').next().unwrap_or_default().to_string();
    let mut out = String::from(
        "| | right accepted, f64 | right accepted, f32 | ×1.001 noticed, f64 | ×1.001 noticed, f32 \
         |\n|---|---|---|---|---|\n",
    );
    for tool in ["`gradcheck`", "`check_grads`", "`backproof check`"] {
        // In the long table our own row is in bold.
        let named = if tool.contains("backproof") { format!("**{tool}**") } else { tool.into() };
        let (double, single) = (cells("f64", &named), cells("f32", &named));
        let all = [&double[2], &single[2], &double[4], &single[4]].map(|cell| count(cell));
        let _ = writeln!(out, "| {tool} | {} |", all.join(" | "));
    }
    hold_part("README.md", "peers in short", &out);
}

/// 4 194 304, with thin spaces between the groups.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = {
        let first = digits.len() % 3;
        let (head, tail) = digits.split_at(first);
        let rest = (0..tail.len()).step_by(3).map(|at| &tail[at..at + 3]);
        std::iter::once(head).filter(|h| !h.is_empty()).chain(rest).collect()
    };
    if digits.len() > 4 { groups.join("\u{2009}") } else { digits }
}

/// A network with more weights has no derivation in scalars that anybody would read.
const READABLE: usize = 1000;

#[test]
fn derivations_are_what_the_program_writes() {
    let folder = root().join("docs/derivations");
    if blessing() {
        std::fs::create_dir_all(&folder).expect("the folder can be made");
    }
    let mut written = BTreeSet::from(["README.md".to_string()]);
    let mut index = String::from(
        "# Derivations\n\n\
         Written by backproof itself from the networks in [`networks`](../../networks); a test \
         keeps them so. `backproof derive NAME` gives the same for the terminal.\n\n\
         | network | what it is |\n|---|---|\n",
    );
    for (name, text) in networks() {
        let about = text.lines().next().unwrap_or_default().trim_start_matches('#').trim();
        let source = format!("../../networks/{name}.bp");
        let network = parse_network(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        let weights: usize = network.params().map(|p| network.shape(p).elements()).sum();
        if weights > READABLE {
            let _ = writeln!(
                index,
                "| {name} ([source]({source})) | {about} Not derived here: {} weights are too many \
                 for a derivation in scalars. |",
                grouped(weights as u64)
            );
            continue;
        }
        let _ = writeln!(index, "| [{name}]({name}.md) ([source]({source})) | {about} |");
        hold(
            &format!("docs/derivations/{name}.md"),
            &format!(
                "<!-- Written by backproof from networks/{name}.bp; do not edit. -->\n\n{}",
                render::markdown(&page(&text, Level::Textbook))
            ),
        );
        written.insert(format!("{name}.md"));
        if name == "article" {
            let page = page(&text, Level::Textbook);
            hold("docs/derivations/article.txt", &render::text(&page, &TextStyle::default()));
            hold("docs/derivations/article.tex", &render::latex(&page, &LatexStyle::default()));
            written.extend(["article.txt".to_string(), "article.tex".to_string()]);
        }
    }
    index.push_str(
        "\nThe article's network also as [plain text](article.txt), as the terminal shows it, \
         and as [LaTeX](article.tex).\n",
    );
    hold("docs/derivations/README.md", &index);
    for entry in std::fs::read_dir(&folder).expect("the derivations stand in their folder") {
        let name = entry.expect("it can be read").file_name().to_string_lossy().into_owned();
        assert!(written.contains(&name), "docs/derivations/{name} belongs to no network");
    }
}
