//! What `run.py` measures of backproof inside a process; its peers do the same in Python.
//!
//! In: a job and its files on the command line (`peers gradients lenet5.bp`). Out: one line of
//! JSON, and for an evaluation the gradients as a file of little-endian `f64`. What always holds:
//! times are CPU time of the process, user and system, all threads; memory is the peak over what
//! the process held before the work began; a graph is dropped after the clock has stopped.

use std::hint::black_box;
use std::{fs, process};

use backproof::calculus::sweep::gradients;
use backproof::expr::{Batch, Branches, ExprId, Program, Rest, SymbolId, Winners};
use backproof::net::Role;
use backproof::{Error, Graph, Lowered, Network, lower, parse_formula, parse_network, prove};
use serde_json::{Value, json};

/// The least time that work is repeated for, in seconds; what takes longer is done once.
const ENOUGH: f64 = 0.2;

const USAGE: &str = "\
jobs: gradients NETWORK
      evaluate NETWORK VALUES GRADIENTS POINTS
      prove IDENTITIES
`python3 benches/peers/run.py` asks for them and prints the table";

fn main() {
    // `cargo bench` adds a word of its own.
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        [] => return println!("{USAGE}"),
        ["gradients", network] => job_gradients(network),
        ["evaluate", network, values, out, points] => job_evaluate(network, values, out, points),
        ["prove", identities] => job_prove(identities),
        _ => Err(USAGE.to_string()),
    };
    match done {
        Ok(found) => println!("{found}"),
        Err(message) => {
            eprintln!("{message}");
            process::exit(1);
        }
    }
}

/// Text to every gradient of the loss by a parameter, as expressions.
fn job_gradients(network: &str) -> Result<Value, String> {
    let text = read_text(network)?;
    let (mut made, mut parts) = ((0, 0), [0.0; 3]);
    let work = || {
        let swept = Swept::of(black_box(&text))?;
        made = (swept.lowered.graph.len(), swept.gradients.len());
        for (sum, part) in parts.iter_mut().zip(swept.parts) {
            *sum += part;
        }
        Ok(swept)
    };
    match repeated(work) {
        Ok(spent) => Ok(json!({
            "seconds": spent.seconds,
            "parse, lower, sweep": parts.map(|sum| sum / f64::from(spent.runs)),
            "memory": spent.memory,
            "nodes": made.0,
            "gradients": made.1,
        })),
        // A network past a limit is a row of the table, and no failure of the run.
        Err(error) => Ok(json!({ "refused": first_line(&error) })),
    }
}

/// All gradients in `f64` at many points, of which the last one's are written down. The points
/// are `value · (1 + point/1024)`, so that each has values of its own.
fn job_evaluate(network: &str, values: &str, out: &str, points: &str) -> Result<Value, String> {
    let swept = Swept::of(&read_text(network)?).map_err(|error| first_line(&error))?;
    let values = read_numbers(values)?;
    let count: usize = points.parse().map_err(|_| format!("{points}: no number of points"))?;
    let points: Vec<f64> = (0..count)
        .flat_map(|k| values.iter().map(move |value| value * (1.0 + k as f64 / 1024.0)))
        .collect();
    let (before, from) = (cpu_seconds(), elapsed_seconds());
    let evaluator = Evaluator::of(&swept, values.len())?;
    let mut batch = evaluator.program.batch(&evaluator.symbols);
    let prepared = cpu_seconds() - before;
    let mut found = Vec::new();
    // Once to have everything in its place, and to have the gradients.
    evaluator.run(&mut batch, &points, &mut found)?;
    let warm = elapsed_seconds() - from;
    let mut wall = 0.0;
    let spent = repeated(|| {
        let from = elapsed_seconds();
        let done = evaluator.run(&mut batch, black_box(&points), &mut found);
        wall += elapsed_seconds() - from;
        done
    })?;
    let last = &found[found.len() - swept.gradients.len()..];
    write_numbers(out, last)?;
    let each = count as f64;
    Ok(json!({
        "seconds": spent.seconds / each,
        "elapsed": wall / spent.runs as f64 / each,
        "prepare": prepared,
        "first": warm,
        "memory": spent.memory,
        "gradients": last.len(),
    }))
}

/// Each line `left = right` of a file: parsed and judged.
fn job_prove(identities: &str) -> Result<Value, String> {
    let text = read_text(identities)?;
    let claims: Vec<(&str, &str)> = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once(" = ").ok_or_else(|| format!("no ` = ` in {line}")))
        .collect::<Result<_, _>>()?;
    let mut verdicts = Vec::new();
    let spent = repeated(|| {
        verdicts.clear();
        for (left, right) in black_box(&claims) {
            let mut graph = Graph::new();
            let left = parse_formula(&mut graph, left).map_err(|error| first_line(&error))?;
            let right = parse_formula(&mut graph, right).map_err(|error| first_line(&error))?;
            verdicts.push(prove(&graph, left, right, &Winners::new()));
        }
        Ok::<_, String>(())
    })?;
    let named = |wanted: &dyn Fn(usize) -> bool| -> Vec<String> {
        let kept = claims.iter().enumerate().filter(|(n, _)| wanted(*n));
        kept.map(|(_, (left, right))| format!("{left} = {right}")).collect()
    };
    Ok(json!({
        "seconds": spent.seconds,
        "claims": claims.len(),
        "open": named(&|n| !verdicts[n].is_proved() && !verdicts[n].is_refuted()),
        "denied": named(&|n| verdicts[n].is_refuted()),
    }))
}

/// A network in scalars, with the expressions of all its gradients.
struct Swept {
    net: Network,
    lowered: Lowered,
    gradients: Vec<ExprId>,
    /// CPU seconds of parsing, lowering and sweeping.
    parts: [f64; 3],
}

impl Swept {
    fn of(text: &str) -> Result<Swept, Error> {
        let start = cpu_seconds();
        let net = parse_network(text)?;
        let parsed = cpu_seconds();
        let mut lowered = lower(&net)?;
        let made = cpu_seconds();
        let by: Vec<ExprId> = net.params().flat_map(|id| lowered.of(id).to_vec()).collect();
        let gradients = gradients(&mut lowered.graph, lowered.loss, &by, &lowered.winners);
        let parts = [parsed - start, made - parsed, cpu_seconds() - made];
        Ok(Swept { net, lowered, gradients, parts })
    }
}

/// What is made once for many evaluations of the same gradients: all that a faster way of
/// evaluating has to replace.
struct Evaluator<'a> {
    program: Program<'a>,
    /// The symbols whose values a point has, in their order.
    symbols: Vec<SymbolId>,
    /// Where the value of a symbol stands among those of a point.
    place: Vec<Option<u32>>,
}

impl<'a> Evaluator<'a> {
    fn of(swept: &'a Swept, values: usize) -> Result<Evaluator<'a>, String> {
        let Lowered { graph, winners, .. } = &swept.lowered;
        let mut place = vec![None; graph.symbol_count()];
        let mut symbols = Vec::new();
        for (id, quantity) in swept.net.quantities() {
            if quantity.role == Role::Defined {
                continue;
            }
            for symbol in swept.lowered.of(id).iter().filter_map(|cell| graph.symbol_of(*cell)) {
                place[symbol.index()] = Some(symbols.len() as u32);
                symbols.push(symbol);
            }
        }
        if symbols.len() != values {
            return Err(format!("{values} values for a network of {}", symbols.len()));
        }
        let branches = Branches { winners: Some(winners), rest: Rest::ByValue, opaque: None };
        let program = Program::new(graph, &swept.gradients, branches);
        Ok(Evaluator { program, symbols, place })
    }

    /// The gradients at each point, in `found`: at one by itself, or at many at once.
    fn run(
        &self,
        batch: &mut Batch<'_>,
        points: &[f64],
        found: &mut Vec<f64>,
    ) -> Result<(), String> {
        let width = self.symbols.len();
        if points.len() == width {
            let value = |symbol: SymbolId| self.place[symbol.index()].map(|at| points[at as usize]);
            *found = self.program.evaluate_f64(&value).map_err(|error| error.fault.to_string())?;
            return Ok(());
        }
        let faults = batch.evaluate(points.len() / width, points, found);
        faults.first().map_or(Ok(()), |(_, error)| Err(error.fault.to_string()))
    }
}

/// What some work takes.
struct Spent {
    /// CPU seconds of one run, the mean of all.
    seconds: f64,
    /// Bytes at the peak of the first run over those before it, where the system tells.
    memory: Option<u64>,
    runs: u32,
}

/// Does the work until it has taken long enough to be measured, at least once.
fn repeated<T, E>(mut work: impl FnMut() -> Result<T, E>) -> Result<Spent, E> {
    let (mut spent, mut runs, mut memory) = (0.0, 0, None);
    let base = memory_now();
    while spent < ENOUGH {
        let from = cpu_seconds();
        let made = work()?;
        spent += cpu_seconds() - from;
        if runs == 0 {
            memory = memory_peak().zip(base).map(|(peak, base)| peak.saturating_sub(base));
        }
        drop(black_box(made));
        runs += 1;
    }
    Ok(Spent { seconds: spent / f64::from(runs), memory, runs })
}

/// CPU seconds of this process, of all its threads.
#[cfg(unix)]
fn cpu_seconds() -> f64 {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    spent.tv_sec as f64 + spent.tv_nsec as f64 * 1e-9
}

#[cfg(not(unix))]
fn cpu_seconds() -> f64 {
    elapsed_seconds()
}

fn elapsed_seconds() -> f64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64()
}

/// Bytes held now; the peak is counted from here on.
fn memory_now() -> Option<u64> {
    // Resets the peak; where it may not, the peak is that of the whole process.
    let _ = fs::write("/proc/self/clear_refs", "5");
    memory_of("VmRSS:")
}

fn memory_peak() -> Option<u64> {
    memory_of("VmHWM:")
}

fn memory_of(field: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

fn read_text(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))
}

fn read_numbers(path: &str) -> Result<Vec<f64>, String> {
    let bytes = fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    let (numbers, rest) = bytes.as_chunks::<8>();
    match rest {
        [] => Ok(numbers.iter().map(|number| f64::from_le_bytes(*number)).collect()),
        _ => Err(format!("{path}: no file of f64")),
    }
}

fn write_numbers(path: &str, numbers: &[f64]) -> Result<(), String> {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    fs::write(path, bytes).map_err(|error| format!("{path}: {error}"))
}

fn first_line(error: &Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_string()
}
