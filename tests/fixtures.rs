//! Gradients that JAX computed, held against both of ours: `tests/fixtures/jax`, where `make.py`
//! writes a network's text, values and gradients for every layer and loss of the language. And
//! what the programs of docs/checking.md wrote, checked as a reader would.
//!
//! An error of JAX is measured in units of the precision in which JAX computed, that of the values'
//! type, at the size of the largest gradient by the same parameter; what is then stored in a
//! narrower type is rounded once more.

use std::path::{Path, PathBuf};

use backproof::check::{Cause, Format, Framework, Report, Supplied, Theirs, check_supplied};
use backproof::concrete::{self, Decide, Values};
use backproof::expr::{Branches, SymbolId, Winners};
use backproof::net::QuantityId;
use backproof::scalar::Rational;
use backproof::values::{self, Dtype, File, Gradient};
use backproof::{Network, evaluate_all, gradients, lower, parse_network};

/// How many units of precision JAX may be off; `selftest.py` allows the same.
const UNITS: f64 = 16.0;

/// The most that all fixtures may weigh, in bytes.
const MAX_BYTES: u64 = 600_000;

/// The cases at a kink where JAX does as we do: slope 0 at 0, and the first of equals wins. In
/// all others it does not.
const SAME_AT_KINK: &[&str] = &[
    "kink-dead-conv",
    "kink-elu",
    "kink-hinge",
    "kink-huber",
    "kink-maxpool",
    "kink-maxpool-1d",
    "kink-relu",
    "kink-untied",
];

/// A case as it lies in the directory.
struct Case {
    net: Network,
    /// What the values were stored as, and JAX computed in.
    computed: Dtype,
    values: Values<Rational>,
    /// JAX's, by every parameter in its order.
    gradients: Vec<Gradient>,
}

/// One of our two ways to the gradients by every parameter.
type Way = (&'static str, fn(&Case) -> Result<Vec<Vec<f64>>, String>);

const WAYS: [Way; 2] = [("backward", backward), ("symbolic", symbolic)];

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/jax/data")
}

/// The names of the files, in order.
fn files() -> Vec<String> {
    let entries = std::fs::read_dir(directory()).unwrap();
    let mut names: Vec<String> =
        entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The names of the cases, in order.
fn cases() -> Vec<String> {
    let mut names: Vec<String> =
        files().iter().filter_map(|f| f.strip_suffix(".bp")).map(str::to_string).collect();
    names.sort();
    names
}

/// The arrays of a case's file: `.npz`, or `.safetensors` where NumPy lacks the type.
fn arrays(stem: &str) -> Result<File, String> {
    let paths = ["npz", "safetensors"].map(|ending| directory().join(format!("{stem}.{ending}")));
    let path = paths.iter().find(|p| p.exists()).ok_or(format!("there is no {stem}"))?;
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    values::read(&path.to_string_lossy(), &bytes).map_err(|e| e.to_string())
}

fn read(name: &str) -> Result<Case, String> {
    let path = directory().join(format!("{name}.bp"));
    let text = std::fs::read_to_string(&path).map_err(|e| e.to_string())?;
    let net = parse_network(&text).map_err(|e| e.snippet(name, &text, false))?;
    let given = arrays(&format!("{name}.values"))?;
    let computed = given.arrays.first().ok_or("no values")?.dtype;
    let values = values::values(&net, &[given]).map_err(|e| e.to_string())?;
    let grads = arrays(&format!("{name}.grads"))?;
    let gradients = values::gradients(&net, &[grads]).map_err(|e| e.to_string())?;
    let by: Vec<QuantityId> = gradients.iter().map(|g| g.quantity).collect();
    let params: Vec<QuantityId> = net.params().collect();
    if by != params {
        return Err(format!("gradients by {by:?}, and the parameters are {params:?}"));
    }
    Ok(Case { net, computed, values, gradients })
}

/// The distance from 1 to the next number, and the smallest number above 0.
fn precision(dtype: Dtype) -> (f64, f64) {
    match dtype {
        Dtype::F16 => (2f64.powi(-10), 2f64.powi(-24)),
        Dtype::Bf16 => (2f64.powi(-7), 2f64.powi(-133)),
        Dtype::F32 => (2f64.powi(-23), 2f64.powi(-149)),
        Dtype::F64 => (2f64.powi(-52), f64::from_bits(1)),
        other => panic!("a fixture in {other}"),
    }
}

fn rounded(values: &Values<Rational>) -> Values<f64> {
    values.iter().map(|(id, v)| (*id, v.iter().map(Rational::to_f64).collect())).collect()
}

/// The backward pass over tensors.
fn backward(case: &Case) -> Result<Vec<Vec<f64>>, String> {
    let by: Vec<QuantityId> = case.net.params().collect();
    let forward = concrete::forward(&case.net, &rounded(&case.values), Decide::ByValue);
    let found = forward
        .and_then(|forward| concrete::backward(&case.net, &forward, &by))
        .map_err(|e| e.to_string())?;
    Ok(by.iter().map(|id| found.of(*id).unwrap_or_default().to_vec()).collect())
}

/// The formulas of the reverse sweep, evaluated.
fn symbolic(case: &Case) -> Result<Vec<Vec<f64>>, String> {
    let mut lowered = lower(&case.net).map_err(|e| e.to_string())?;
    let mut env = vec![None; lowered.graph.symbol_count()];
    for (id, values) in rounded(&case.values) {
        for (cell, value) in lowered.of(id).iter().zip(values) {
            let symbol = lowered.graph.symbol_of(*cell).ok_or("a leaf without a symbol")?;
            env[symbol.index()] = Some(value);
        }
    }
    let by: Vec<_> = case.net.params().flat_map(|id| lowered.of(id)).copied().collect();
    let loss = lowered.loss;
    let roots = gradients(&mut lowered.graph, loss, &by, &Winners::default());
    let leaf = |s: SymbolId| env.get(s.index()).copied().flatten();
    let found = evaluate_all(&lowered.graph, &roots, &leaf, Branches::default())
        .map_err(|e| format!("{e:?}"))?;
    let mut found = found.into_iter();
    let each = |id| found.by_ref().take(case.net.shape(id).elements()).collect();
    Ok(case.net.params().map(each).collect())
}

/// The first gradient that is further off than its type explains, in a sentence.
fn difference(case: &Case, ours: &[Vec<f64>]) -> Option<String> {
    let (computed, _) = precision(case.computed);
    for (theirs, ours) in case.gradients.iter().zip(ours) {
        let name = &case.net.quantity(theirs.quantity).name;
        if theirs.numbers.len() != ours.len() {
            return Some(format!("{name}: {} and {} numbers", theirs.numbers.len(), ours.len()));
        }
        let (stored, least) = precision(theirs.dtype);
        let largest = ours.iter().fold(0.0, |a: f64, x| a.max(x.abs()));
        for (k, (x, y)) in theirs.numbers.iter().zip(ours).enumerate() {
            let bound = UNITS * computed * largest + stored * y.abs() + least;
            let near = (x - y).abs() <= bound;
            if !near {
                return Some(format!("{name}, element {k}: JAX {x}, we {y}, bound {bound:e}"));
            }
        }
    }
    None
}

/// What is wrong with a case, in sentences.
fn wrong(name: &str) -> Vec<String> {
    let case = match read(name) {
        Ok(case) => case,
        Err(error) => return vec![format!("{name}: {error}")],
    };
    let judged = |(way, run): &Way| {
        let found = run(&case).map_or_else(Some, |ours| difference(&case, &ours));
        found.map(|sentence| format!("{name}, {way}: {sentence}"))
    };
    WAYS.iter().filter_map(judged).collect()
}

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// The cases are neither at a kink nor where a slope is all rounding.
#[test]
fn every_layer_has_the_gradients_of_jax() {
    let apart = |n: &String| n.starts_with("kink-") || n.starts_with("tail-") || n == "lenet5";
    let cases: Vec<String> = cases().into_iter().filter(|n| !apart(n)).collect();
    assert!(cases.len() >= 200, "there are {} cases", cases.len());
    let wrong: Vec<String> = cases.iter().flat_map(|name| wrong(name)).collect();
    none(&wrong);
}

/// Where a function is flat, JAX's slope is all rounding, and 0 or near it as ours is.
#[test]
fn tails_are_flat() {
    let mut count = 0;
    for name in cases().iter().filter(|n| n.starts_with("tail-")) {
        let case = read(name).unwrap_or_else(|e| panic!("{name}: {e}"));
        for (way, run) in WAYS {
            let ours = run(&case).unwrap_or_else(|e| panic!("{name}, {way}: {e}"));
            for (theirs, ours) in case.gradients.iter().zip(&ours) {
                for (x, y) in theirs.numbers.iter().zip(ours) {
                    // y is near 1 where y² has lost as many digits as 1 − y² has left.
                    assert!((x - y).abs() <= 8.0 * 2f64.powi(-23), "{name}, {way}: {x}, {y}");
                }
            }
        }
        count += 1;
    }
    assert_eq!(count, 5);
}

/// JAX's convention is ours, or it is not and the forward pass says that there is a kink.
#[test]
fn conventions_differ_only_at_kinks() {
    let mut wrong = Vec::new();
    for name in cases().iter().filter(|n| n.starts_with("kink-")) {
        let case = read(name).unwrap_or_else(|e| panic!("{name}: {e}"));
        let forward = concrete::forward(&case.net, &rounded(&case.values), Decide::ByValue);
        let kinks = forward.map_or(0, |f| f.kinks().len());
        for (way, run) in WAYS {
            let found = run(&case).map_or_else(Some, |ours| difference(&case, &ours));
            match (found, SAME_AT_KINK.contains(&name.as_str())) {
                (None, true) => {}
                (Some(_), false) if kinks > 0 => {}
                (Some(found), false) => wrong.push(format!("{name}, {way}: no kink, but {found}")),
                (Some(found), true) => wrong.push(format!("{name}, {way}: {found}")),
                (None, false) => wrong.push(format!("{name}, {way}: the conventions agree")),
            }
        }
    }
    none(&wrong);
}

/// The formula of `values.py`: nothing but whole numbers and a power of two.
fn formula(place: usize, k: usize, count: usize) -> f64 {
    let n = (3 * k * k + 5 * k + 17 * place) % 251;
    let exponent = match (place, count) {
        (0, _) => 7,
        (_, ..1000) => 9,
        _ => 10,
    };
    (n as f64 - 125.0) / f64::from(1 << exponent)
}

#[test]
fn lenet_at_its_size() {
    let case = read("lenet5").unwrap();
    let count: usize = case.net.params().map(|id| case.net.shape(id).elements()).sum();
    assert_eq!(count, 61_706);
    for (place, (id, values)) in rounded(&case.values).iter().enumerate() {
        if case.net.quantity(*id).name == "t" {
            continue;
        }
        for (k, x) in values.iter().enumerate() {
            assert_eq!(*x, formula(place, k, values.len()), "{place}, {k}");
        }
    }
    none(&wrong("lenet5"));
}

/// Three files for a case and a line in the manifest, nothing else, and not too heavy.
#[test]
fn the_directory_is_whole() {
    let files = files();
    let manifest = std::fs::read_to_string(directory().join("MANIFEST.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let mut listed: Vec<&str> =
        manifest["cases"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    listed.sort_unstable();
    assert_eq!(listed, cases());
    assert_eq!(files.len(), 3 * listed.len() + 1);
    let weight = |f: &String| std::fs::metadata(directory().join(f)).unwrap().len();
    let bytes: u64 = files.iter().map(weight).sum();
    assert!(bytes <= MAX_BYTES, "{bytes} bytes");
}

/// What a program of docs/checking.md wrote, and one with a convolution.
struct Written {
    folder: &'static str,
    from: Option<Framework>,
    ending: &'static str,
}

const fn written(folder: &'static str, from: Option<Framework>, ending: &'static str) -> Written {
    Written { folder, from, ending }
}

const WRITTEN: [Written; 6] = [
    written("torch/snippet", Some(Framework::Torch), "safetensors"),
    written("torch/conv", Some(Framework::Torch), "safetensors"),
    written("jax/snippet", Some(Framework::Jax), "npz"),
    written("tf/snippet", Some(Framework::TensorFlow), "npz"),
    written("numpy/snippet", None, "npz"),
    written("candle/snippet", Some(Framework::Candle), "safetensors"),
];

impl Written {
    fn file(&self, name: &str) -> Vec<u8> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let path = root.join(self.folder).join(name);
        std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    fn arrays(&self, stem: &str) -> File {
        let name = format!("{stem}.{}", self.ending);
        values::read(&name, &self.file(&name)).unwrap_or_else(|e| panic!("{}: {e}", self.folder))
    }

    fn net(&self) -> Network {
        let text = String::from_utf8(self.file("net.bp")).unwrap();
        let mut net = parse_network(&text).unwrap_or_else(|e| panic!("{}: {e}", self.folder));
        let given = values::values(&net, &[self.arrays("v")]);
        for (id, values) in given.unwrap_or_else(|e| panic!("{}: {e}", self.folder)) {
            net.give(id, values).unwrap();
        }
        net
    }

    fn gradients(&self, net: &Network) -> Vec<Gradient> {
        let found = values::gradients(net, &[self.arrays("g")]);
        found.unwrap_or_else(|e| panic!("{}: {e}", self.folder))
    }

    fn report(&self, net: &Network, gradients: &[Gradient]) -> Report {
        let theirs = gradients.iter().map(|g| {
            let format = match g.dtype {
                Dtype::F32 => Format::F32,
                Dtype::F64 => Format::F64,
                other => panic!("{}: a gradient in {other}", self.folder),
            };
            (g.quantity, Theirs::new(g.numbers.clone(), format))
        });
        let gradients = theirs.collect();
        let supplied = Supplied::default().with(|supplied| {
            supplied.gradients = gradients;
            supplied.complete = true;
            supplied.from = self.from;
        });
        check_supplied(net, net.values(), &supplied).unwrap()
    }
}

#[test]
fn what_the_programs_wrote_agrees() {
    for program in &WRITTEN {
        let net = program.net();
        let gradients = program.gradients(&net);
        let by: Vec<QuantityId> = gradients.iter().map(|g| g.quantity).collect();
        assert_eq!(by, net.params().collect::<Vec<_>>(), "{}", program.folder);
        let report = program.report(&net, &gradients);
        assert!(report.agrees(), "{}: {:?}", program.folder, report.first_mismatch());
    }
}

/// One parameter's gradient is spoilt in a way that people know: it alone is found to differ, and
/// the cause is named; or, of a single element, which it is.
#[test]
fn what_is_wrong_in_it_is_named() {
    for program in &WRITTEN {
        let net = program.net();
        let right = program.gradients(&net);
        for n in 0..right.len() {
            let name = &net.quantity(right[n].quantity).name;
            let spoilt = |spoil: &dyn Fn(&mut Vec<f64>)| {
                let mut wrong = right.clone();
                spoil(&mut wrong[n].numbers);
                let report = program.report(&net, &wrong);
                let differ = |p: &&backproof::check::Parameter| {
                    p.verdict() == backproof::check::Verdict::Differ
                };
                let differ: Vec<_> = report.parameters.iter().filter(differ).cloned().collect();
                assert_eq!(differ.len(), 1, "{}, {name}", program.folder);
                assert_eq!(&differ[0].name, name, "{}", program.folder);
                (report, differ[0].clone())
            };
            let cause = |spoil: &dyn Fn(&mut Vec<f64>)| spoilt(spoil).1.diagnosis.map(|d| d.cause);
            let times =
                |by: f64| move |numbers: &mut Vec<f64>| numbers.iter_mut().for_each(|x| *x *= by);
            let place = format!("{}, {name}", program.folder);
            assert_eq!(cause(&times(-1.0)), Some(Cause::SignFlipped), "{place}");
            assert_eq!(cause(&times(2.0)), Some(Cause::Factor(Rational::from(2))), "{place}");
            assert_eq!(cause(&times(0.0)), Some(Cause::Zero), "{place}");

            let most = |a: &usize, b: &usize| {
                right[n].numbers[*a].abs().total_cmp(&right[n].numbers[*b].abs())
            };
            let at = (0..right[n].numbers.len()).max_by(most).unwrap();
            let (report, _) = spoilt(&|numbers| numbers[at] *= 1.01);
            let cell = &report.first_mismatch().unwrap().1.cell;
            assert_eq!(cell.index, net.shape(right[n].quantity).index(at), "{place}");
        }
    }
}
