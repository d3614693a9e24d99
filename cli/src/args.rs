//! The arguments, and the help that `--help`, the manual page and the completions are made of.

use std::path::PathBuf;

use anstream::ColorChoice;
use backproof::check::{self, DIAGNOSIS_SECONDS, Framework};
use backproof::lang::Overrides;
use backproof::page::Level;
use backproof::review::read;
use backproof::scalar::Rational;
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  a check found gradients that do not agree or could not be judged, or a
     review found a row that does not hold
  2  bad input or usage; standard error says what and where";

const PROGRAM_HELP: &str = "\
Examples:
  backproof                              the network `article`, start to end
  backproof derive relu                  another built-in network
  backproof derive --expr '(t - w*x)^2 / 2' --wrt w
  backproof examples plain -o net.bp     a file to start from
  backproof derive net.bp -o net.tex     its derivation as LaTeX
  backproof check net.bp                 its gradients, by formula and by numbers
  backproof derive plain -f markdown | backproof review -n plain

";

/// Gradients of neural networks: derived, proved, checked, marked
///
/// Without a command, it derives and checks the built-in network `article`: an image of 4×4
/// cells, one filter, max-pooling and an output weight.
#[derive(Parser, Debug)]
#[command(
    name = "backproof",
    version,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    after_help = format!("{PROGRAM_HELP}{EXIT_CODES}")
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Where the page goes without a command.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    Derive(DeriveArgs),
    Check(CheckArgs),
    Review(ReviewArgs),
    Step(StepArgs),
    Show(ShowArgs),
    Examples(ExamplesArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

impl Cli {
    /// What was said of colour, to the commands that know any.
    pub fn colour(&self) -> Option<ColorChoice> {
        match &self.command {
            None => Some(self.output.look.colour()),
            Some(Command::Derive(args)) => Some(args.output.look.colour()),
            Some(Command::Check(args)) => Some(args.output.look.colour()),
            Some(Command::Review(args)) => Some(args.color.choice()),
            Some(Command::Step(args)) => Some(args.output.look.colour()),
            Some(Command::Show(args)) => Some(args.output.look.colour()),
            Some(Command::Examples(args)) => Some(args.output.look.colour()),
            Some(Command::Completions(_) | Command::Man(_)) => None,
        }
    }
}

/// A network and its values.
#[derive(Args, Debug)]
pub struct ValueArgs {
    /// The network: a file, `-` for standard input, or the name of a built-in one; `article` where
    /// none is named
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// Give a value, such as 'w = [[1, 2], [3, 1/4]]', in place of the network's own; `none`
    /// drops all of its own; may be repeated
    #[arg(long, value_name = "NAME = VALUE")]
    pub given: Vec<String>,
    /// Read values from a file, .npz, .safetensors or .json, in place of the network's own; what
    /// --given says counts more; may be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub values: Vec<PathBuf>,
    /// Name the loss; without it, the last scalar that is defined
    #[arg(long, value_name = "NAME")]
    pub loss: Option<String>,
}

/// A network, its values, and who wins its maxima.
#[derive(Args, Debug)]
pub struct NetworkArgs {
    #[command(flatten)]
    pub values: ValueArgs,
    /// Say who wins a max, 'c_10' or 'r_p = c[1,0]', in place of the network's own word; `none`
    /// drops every assumed winner; may be repeated
    #[arg(long, value_name = "CELL")]
    pub winner: Vec<String>,
}

impl ValueArgs {
    pub fn overrides(&self) -> Overrides {
        Overrides::default().with(|o| {
            o.given = said(&self.given);
            o.drop_values = says_none(&self.given);
            o.loss = self.loss.clone();
        })
    }
}

impl NetworkArgs {
    pub fn overrides(&self) -> Overrides {
        self.values.overrides().with(|o| {
            o.winners = said(&self.winner);
            o.drop_assumptions = says_none(&self.winner);
        })
    }
}

fn is_none(value: &str) -> bool {
    value.trim() == "none"
}

fn says_none(values: &[String]) -> bool {
    values.iter().any(|value| is_none(value))
}

fn said(values: &[String]) -> Vec<String> {
    values.iter().filter(|value| !is_none(value)).cloned().collect()
}

/// The form of the output and its place.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// The format; without it, what the name of -o FILE ends in, or else text; of the pages, junit
    /// is of `check` only
    #[arg(short, long, value_enum)]
    pub format: Option<OutputFormat>,
    /// LaTeX without preamble, to be put into a document
    #[arg(long)]
    pub fragment: bool,
    /// Write to a file, which appears whole or not at all
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub look: Look,
}

/// How text looks.
#[derive(Args, Debug)]
pub struct Look {
    /// Text without signs beyond ASCII: dE/dw_00 for ∂E/∂w₀₀
    #[arg(long)]
    pub ascii: bool,
    /// The width of text in columns; without it, that of the terminal up to 100, or else 80
    #[arg(long, value_name = "N", value_parser = columns)]
    pub width: Option<usize>,
    /// Whether text is coloured; without it, on a terminal unless NO_COLOR is set
    #[arg(long, value_enum, default_value_t, hide_default_value = true)]
    pub color: When,
}

impl Look {
    pub fn colour(&self) -> ColorChoice {
        self.color.choice()
    }
}

/// The formats.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    Text,
    Latex,
    Markdown,
    Json,
    // Of `check` only: a test case for each parameter.
    Junit,
}

/// Programs whose gradients are checked.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Torch,
    Jax,
    Tf,
    // Written by hand, so no convention is expected.
    Numpy,
    Candle,
    Burn,
}

impl Origin {
    pub fn framework(self) -> Option<Framework> {
        match self {
            Origin::Torch => Some(Framework::Torch),
            Origin::Jax => Some(Framework::Jax),
            Origin::Tf => Some(Framework::TensorFlow),
            Origin::Numpy => None,
            Origin::Candle => Some(Framework::Candle),
            Origin::Burn => Some(Framework::Burn),
        }
    }
}

/// Formats of floating-point numbers.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floats {
    F16,
    Bf16,
    F32,
    F64,
}

impl Floats {
    pub fn format(self) -> check::Format {
        match self {
            Floats::F16 => check::Format::F16,
            Floats::Bf16 => check::Format::Bf16,
            Floats::F32 => check::Format::F32,
            Floats::F64 => check::Format::F64,
        }
    }
}

/// What a program keeps sums in.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accumulate {
    /// In f32, and the result is rounded once when it is stored, as accelerators do it
    F32,
    /// In the format of the numbers themselves
    Stored,
}

impl Accumulate {
    pub fn sums(self) -> check::Accumulate {
        match self {
            Accumulate::F32 => check::Accumulate::Single,
            Accumulate::Stored => check::Accumulate::Stored,
        }
    }
}

/// The layers of a network of any depth.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum General {
    /// Dense layers
    Dense,
    /// Convolutions with stride 1
    Convolution,
}

/// How a derivation goes through a layer.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Cell by cell for a small network, in indices for a large one
    #[default]
    Auto,
    /// Cell by cell
    Scalars,
    /// In indices: each layer once
    Indices,
}

/// When to colour.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    #[default]
    Auto,
    Always,
    Never,
}

impl When {
    pub fn choice(self) -> ColorChoice {
        match self {
            When::Auto => ColorChoice::Auto,
            When::Always => ColorChoice::Always,
            When::Never => ColorChoice::Never,
        }
    }
}

/// The forms of a review.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marks {
    /// For people: a picture of each place where there is something to say
    Text,
    /// For programs
    Json,
    /// For code hosts, which show each remark at its line
    Sarif,
    /// A copy of the document with remarks in its margin
    Markdown,
    /// For build servers: a test case for each row that asks for a verdict
    Junit,
}

/// The formats of documents.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    Latex,
    Markdown,
    Html,
    Text,
    Rst,
    Notebook,
}

impl Written {
    pub fn format(self) -> read::DocumentFormat {
        match self {
            Written::Latex => read::DocumentFormat::Latex,
            Written::Markdown => read::DocumentFormat::Markdown,
            Written::Html => read::DocumentFormat::Html,
            Written::Text => read::DocumentFormat::Text,
            Written::Rst => read::DocumentFormat::Rst,
            Written::Notebook => read::DocumentFormat::Notebook,
        }
    }
}

/// How much of a derivation is shown.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// One line for each gradient
    Outline,
    /// Kindred rewrites share a line, as in a textbook
    #[default]
    Textbook,
    /// One rewrite a line, but for the update rule
    Every,
}

impl From<Detail> for Level {
    fn from(detail: Detail) -> Level {
        match detail {
            Detail::Outline => Level::Outline,
            Detail::Textbook => Level::Textbook,
            Detail::Every => Level::Every,
        }
    }
}

fn columns(text: &str) -> Result<usize, String> {
    let (least, most) = (backproof::render::MIN_WIDTH, 1000);
    let width = text.parse().ok().filter(|width| (least..=most).contains(width));
    width.ok_or_else(|| format!("expected a number from {least} to {most}"))
}

fn paths(text: &str) -> Result<usize, String> {
    let most = backproof::lesson::MAX_PATHS;
    let count = text.parse().ok().filter(|count| *count <= most);
    count.ok_or_else(|| format!("expected a number from 0 to {most}"))
}

fn rate(text: &str) -> Result<Rational, String> {
    text.parse().map_err(|_| "expected a number, such as 1/10 or 0.1".to_string())
}

/// Derive the gradients step by step, every step proved
///
/// The page says what the network computes, derives the gradient by each weight from the
/// definition of the loss, puts in the numbers where values are given, and ends with the update
/// rule, the other winners of a max, and what was proved.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  backproof derive                                  the network `article`
  backproof derive relu --level outline             results only
  backproof derive --wrt w_fc --wrt 'w[0,0], c_10'  by these only
  backproof derive --winner c_00 --given none       another winner of the max
  backproof derive --winner none --given none       no winner, no numbers
  backproof derive lenet5 --level outline           a large network, layer by layer
  backproof derive --general convolution            a network of any depth
  backproof derive -o article.tex                   as a LaTeX document
  backproof derive --expr '(t - w*max(a, b))^2 / 2' --wrt w
  backproof derive plain --given 'i = 4' --format markdown
  backproof examples wide | backproof derive - --cases")]
pub struct DeriveArgs {
    /// A formula in place of a file; its names are scalars
    #[arg(
        short,
        long,
        value_name = "FORMULA",
        conflicts_with = "file",
        allow_hyphen_values = true
    )]
    pub expr: Option<String>,
    /// Differentiate by this: w, w[0,1], w_01, c_10; may be repeated, or a list with commas;
    /// without it, by every weight
    #[arg(short, long, value_name = "NAME")]
    pub wrt: Vec<String>,
    /// How much to show
    #[arg(short, long, value_enum, default_value_t)]
    pub level: Detail,
    #[command(flatten)]
    pub network: NetworkArgs,
    /// Print the table of all winners of the maxima, even where it is long
    #[arg(long)]
    pub cases: bool,
    /// The equations for a network of any depth, in place of a network's own
    #[arg(long, value_enum, value_name = "LAYER", conflicts_with_all = ["file", "expr", "wrt"])]
    pub general: Option<General>,
    /// Whether to go cell by cell or once for each layer, with letters for the indices
    #[arg(long, value_enum, default_value_t)]
    pub form: Form,
    /// In a worked element of a gradient with letters for indices, write out up to N terms
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub terms: usize,
    /// List up to N of the paths along which what --wrt names acts on the loss [default: 12, or 4
    /// with letters for indices]
    #[arg(long, value_name = "N", value_parser = paths)]
    pub paths: Option<usize>,
    /// Leave out the update rule
    #[arg(long)]
    pub no_updates: bool,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Check the gradients: by formula, backward pass, dual numbers, differences
///
/// Formulas are compared with a backward pass over tensors, with dual numbers and with differences,
/// the last two for a part of the elements or along a direction where there are many. All are
/// compared exactly, in fractions or in a prime field, and again in floating-point numbers. Where
/// the network gives no values, random ones are drawn. With --against, the gradients that another
/// program computed are compared with the exact ones, and judged by what rounding does in their
/// format.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  backproof check                           the network `article`
  backproof check plain --given 'w_h = -1/3'
  backproof check wide --seed 7 --trials 5  at five random points
  backproof check sigmoid -o report.md
  backproof check plain --format junit -o gradients.xml

Gradients of another program, at the values that it had (docs/checking.md):
  check net.bp --values v.npz --against g.npz --from torch
  check net.bp --values v.npz --forward activations.npz

Exit codes: 0 every gradient agrees, 1 one does not or could not be judged, 2 bad input")]
pub struct CheckArgs {
    #[command(flatten)]
    pub network: NetworkArgs,
    /// Check the gradients in this file, .npz, .safetensors or .json; may be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub against: Vec<PathBuf>,
    /// Compare the values of definitions and of the loss in this file first; may be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub forward: Vec<PathBuf>,
    /// Where these gradients come from: its convention is expected at kinks
    #[arg(long, value_enum, requires = "against")]
    pub from: Option<Origin>,
    /// What they were computed in, if not in what they are stored as
    #[arg(long, value_enum)]
    pub precision: Option<Floats>,
    /// What the sums of f16 and bf16 were kept in, if not in f32
    #[arg(long, value_enum, value_name = "IN")]
    pub accumulate: Option<Accumulate>,
    /// How many seconds, about, to look for the cause of wrong gradients; 0 for none
    #[arg(long, requires = "against", value_name = "SECONDS", default_value_t = DIAGNOSIS_SECONDS)]
    pub diagnosis: u32,
    /// The seed of the values that are drawn
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with_all = ["against", "forward"])]
    pub seed: u64,
    /// At how many drawn points to check; without it, at 3
    #[arg(long, value_name = "N", conflicts_with_all = ["against", "forward"])]
    pub trials: Option<usize>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Mark a derivation that somebody wrote, row by row
///
/// The document is LaTeX, Markdown, HTML, reStructuredText, a notebook or plain text. Each of its
/// equations is proved, refuted with a counterexample, or left undecided with the reason; or it is
/// a definition, an assumption, out of scope. Where one small change makes a refuted row true, the
/// change is offered. What cannot be read for certain is said to be unread, never guessed. With
/// --network, the document's definitions are compared with a network.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  backproof examples plain | backproof derive - -o plain.md
  backproof review plain.md --network plain         every row of it is right
  backproof review plain.md -n plain --all          each row with its mark
  backproof review plain.md -n plain -o marked.md   remarks in the margin
  backproof review plain.md -n plain -o r.sarif     for a code host
  backproof review plain.md -n plain -o rows.xml    for a build server
  backproof review plain.md ./plain.md -n plain     several documents, or folders of them

Exit codes: 0 nothing is refuted, 1 a row is (--strict: or is left open), 2 bad input")]
pub struct ReviewArgs {
    /// The documents: files, folders with documents in them, or `-` for standard input, which is
    /// read where none is named
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub files: Vec<PathBuf>,
    /// Compare the document's definitions with this network: a file, or a built-in one's name
    #[arg(short, long, value_name = "NET", value_hint = ValueHint::FilePath)]
    pub network: Option<PathBuf>,
    /// How the document is written; without it, as its name ends, or else as it looks
    #[arg(long, value_enum)]
    pub from: Option<Written>,
    /// Count a row that is undecided or could not be read as a failure, too
    #[arg(long)]
    pub strict: bool,
    /// Show the next line of a derivation for a row that is wrong or ends in "?", and not what is
    /// to be changed, in text
    #[arg(long, help_heading = "Output")]
    pub hint: bool,
    /// List every row with its mark and how it was read, in text
    #[arg(short, long, help_heading = "Output")]
    pub all: bool,
    /// The form of the review; without it, what the name of -o FILE ends in, or else text
    #[arg(short, long, value_enum, help_heading = "Output")]
    pub format: Option<Marks>,
    /// Write to a file, which appears whole or not at all
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// The width of text in columns; without it, that of the terminal up to 100, or else 80
    #[arg(long, value_name = "N", value_parser = columns, help_heading = "Output")]
    pub width: Option<usize>,
    /// Whether text is coloured; without it, on a terminal unless NO_COLOR is set
    #[arg(long, value_enum, default_value_t, hide_default_value = true, help_heading = "Output")]
    pub color: When,
}

/// Take steps of gradient descent in numbers
///
/// Every weight goes against its gradient, all at once, and the loss is shown after each step.
/// All values have to be given. A max goes by its values, in each step anew.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  backproof step --rate 1/100               the network `article`, ten steps
  backproof step plain --rate 0.02 --times 50
  backproof step sigmoid --rate 2 --given 't = 0' --format markdown")]
pub struct StepArgs {
    #[command(flatten)]
    pub values: ValueArgs,
    /// The learning rate η: 1/10, 0.1
    #[arg(short, long, value_name = "RATE", value_parser = rate, allow_hyphen_values = true)]
    pub rate: Rational,
    /// How many steps
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    pub times: usize,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Show what a network is made of: quantities, sizes, definitions
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  backproof show                            the network `article`
  backproof show wide --all                 every cell of its 12×12 map
  backproof examples padded | backproof show -")]
pub struct ShowArgs {
    #[command(flatten)]
    pub network: NetworkArgs,
    /// Write out every cell of large tensors, too
    #[arg(short, long)]
    pub all: bool,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// List the built-in networks, or print one to start from
///
/// Where a command takes a FILE, it takes the name of a built-in network as well.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  backproof examples                        the list
  backproof examples article                its text
  backproof examples plain -o net.bp        a file to start from")]
pub struct ExamplesArgs {
    /// The network to print
    pub name: Option<String>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Print the script that completes `backproof` in a shell
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  backproof completions bash > backproof.bash     and: source backproof.bash
  backproof completions fish > backproof.fish")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Print the manual page, of the program or of a command
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  backproof man > backproof.1               and: man ./backproof.1
  backproof man derive > backproof-derive.1")]
pub struct ManArgs {
    /// The command
    pub command: Option<String>,
}
