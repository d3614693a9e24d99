//! Arrays of files to quantities of a network. In go a network and files, out come values of its
//! leaves, or gradients by its quantities, row-major; or every array that does not fit, each with
//! what was found, what was expected and a hint.
//!
//! What always holds: an array belongs to one quantity and a quantity has one array; a name that
//! could mean two, and a shape that could be read two ways, is refused.

use std::collections::BTreeMap;

use super::decode::not_finite;
use super::{Array, Dtype, File, Numbers};
use crate::diag::{Error, Kind, nearest};
use crate::net::{Network, QuantityId, Role, Shape, class_numbers};
use crate::scalar::Rational;

/// A gradient that a file holds, or the value of a quantity that has a definition.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Gradient {
    /// By which quantity; of which.
    pub quantity: QuantityId,
    /// What its numbers were stored as.
    pub dtype: Dtype,
    /// ∂loss/∂(each element), or each element, row-major; decimals are rounded to the nearest
    /// `f64`.
    pub numbers: Vec<f64>,
    /// What the file calls it.
    pub array: String,
    /// Which file.
    pub file: String,
}

/// What files say of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Against {
    /// Gradients.
    pub gradients: Vec<Gradient>,
    /// Values of quantities that have definitions, the loss among them.
    pub forward: Vec<Gradient>,
}

/// What stands before and after the name of a quantity, where it is a gradient by it.
const AFFIXES: &[(&str, &str)] = &[
    ("grad_", ""),
    ("grads_", ""),
    ("gradient_", ""),
    ("gradients_", ""),
    ("d_", ""),
    ("d", ""),
    ("dL_d", ""),
    ("dloss_d", ""),
    ("", "_grad"),
    ("", "_grads"),
    ("", "_gradient"),
];

/// How many names a hint lists.
const SHOWN: usize = 12;

/// The values of leaves that the arrays give. A name is the quantity's own, or becomes it when
/// `.`, `/`, `:` and `-` are read as `_` (`fc1.weight` gives `fc1_weight`). A shape is the
/// quantity's own but for leading axes of length 1.
///
/// # Errors
/// [`Kind::Name`] for an array that is no leaf of the network, that could be two, and for a leaf
/// given by two arrays; [`Kind::Shape`] for another shape; [`Kind::Value`] for a quantity with a
/// definition. All are told.
pub fn values(net: &Network, files: &[File]) -> Result<BTreeMap<QuantityId, Vec<Rational>>, Error> {
    let (values, defined, mut errors) = sorted(net, files);
    errors.extend(defined.iter().map(|found| {
        let sentence = format!(
            "{}: `{}` has a definition, so it cannot be given a value as well",
            found.file, found.array
        );
        let span = net.quantity(found.quantity).span;
        Error::new(Kind::Value, sentence).at(span).label("its definition")
    }));
    if let Some(last) = errors.pop() {
        errors.push(without_values(net, &values, last));
    }
    Error::collect(errors).map_or(Ok(values), Err)
}

/// The values of leaves that the arrays give, as for [`values()`], and what they say of quantities
/// with definitions.
///
/// # Errors
/// As for [`values()`], but for quantities with definitions.
pub fn values_and_forward(net: &Network, files: &[File]) -> Result<(Leaves, Vec<Gradient>), Error> {
    let (values, forward, mut errors) = sorted(net, files);
    if let Some(last) = errors.pop() {
        errors.push(without_values(net, &values, last));
    }
    Error::collect(errors).map_or(Ok((values, forward)), Err)
}

/// Exact values of leaves.
type Leaves = BTreeMap<QuantityId, Vec<Rational>>;

/// What the files say of leaves, what of definitions, and what is wrong with them.
fn sorted(net: &Network, files: &[File]) -> (Leaves, Vec<Gradient>, Vec<Error>) {
    let (found, mut errors) = matched(net, files, &[]);
    let (mut values, mut forward) = (BTreeMap::new(), Vec::new());
    for f in found {
        let Found { quantity, array, .. } = f;
        if net.quantity(quantity).role == Role::Defined {
            forward.push(f.numbers());
            continue;
        }
        if let Some(n) = infinite(array)
            && !net.is_mask(quantity)
        {
            errors.push(
                not_finite(&array.name, &array.shape, n, "−∞").hint(
                    "−∞ can be a mask, added to the scores that a softmax takes, and no more",
                ),
            );
        }
        values.insert(quantity, array.numbers.to_rationals());
    }
    (values, forward, errors)
}

/// The error with a hint that lists the leaves without a value.
fn without_values(net: &Network, values: &Leaves, error: Error) -> Error {
    let leaf = |(id, q): (QuantityId, &crate::net::Quantity)| {
        let without = !values.contains_key(&id) && !net.values().contains_key(&id);
        (q.role != Role::Defined && without).then(|| q.name.clone())
    };
    wanting(error, "still without a value", net.quantities().filter_map(leaf))
}

/// The values of the forward pass that the arrays hold: of quantities that have definitions, by
/// names as for [`values()`].
///
/// # Errors
/// As for [`values()`]; and [`Kind::Value`] for a quantity without a definition.
pub fn forward(net: &Network, files: &[File]) -> Result<Vec<Gradient>, Error> {
    let (values, forward) = values_and_forward(net, files)?;
    let errors = values.keys().map(|id| {
        let quantity = net.quantity(*id);
        let sentence = format!("`{}` has no definition to compare its value with", quantity.name);
        Error::new(Kind::Value, sentence)
            .at(quantity.span)
            .hint("values that go in are given with --values")
    });
    Error::collect(errors.collect()).map_or(Ok(forward), Err)
}

/// The gradients that the arrays hold, in the order of the network, and values of the forward pass.
/// Names match as for [`values()`], and also with what marks a gradient: `grad/w`, `w.grad`, `dw`,
/// `d_w`, `dE_dw`. An array that is called as a quantity with a definition is that quantity's value
/// and no gradient. The gradient by a scalar may be stored as an array of one element.
///
/// # Errors
/// As for [`values()`], for any quantity; and [`Kind::Value`] where no file holds a gradient.
pub fn against(net: &Network, files: &[File]) -> Result<Against, Error> {
    let of_loss = format!("d{}_d", net.quantity(net.loss()).name);
    let mut affixes = AFFIXES.to_vec();
    affixes.push((&of_loss, ""));
    let (mut found, mut errors) = matched(net, files, &affixes);
    found.sort_by_key(|f| f.quantity);
    let not_a_number = |f: &Found<'_>| {
        let n = infinite(f.array)?;
        Some(not_finite(&f.array.name, &f.array.shape, n, "infinite"))
    };
    errors.extend(found.iter().filter_map(not_a_number));
    let (forward, found): (Vec<Found<'_>>, Vec<Found<'_>>) =
        found.into_iter().partition(|f| f.is_value(net));
    if found.is_empty() && errors.is_empty() {
        let error = Error::new(Kind::Value, "the files hold no gradients");
        return Err(match forward.first() {
            None => error,
            Some(f) => error.hint(format!(
                "`{0}` is the value of a quantity with a definition; the gradient by it would be \
                 `d{0}` or `{0}.grad`, and values alone are compared with --forward",
                f.array.name
            )),
        });
    }
    if let Some(last) = errors.pop() {
        let named = |id: QuantityId| {
            let lacks = found.iter().all(|f| f.quantity != id);
            lacks.then(|| net.quantity(id).name.clone())
        };
        errors.push(wanting(last, "no gradient was found by", net.params().filter_map(named)));
    }
    let numbers = |all: Vec<Found<'_>>| all.iter().map(Found::numbers).collect();
    let all = Against { gradients: numbers(found), forward: numbers(forward) };
    Error::collect(errors).map_or(Ok(all), Err)
}

/// The gradients among [`against`].
///
/// # Errors
/// As there.
pub fn gradients(net: &Network, files: &[File]) -> Result<Vec<Gradient>, Error> {
    Ok(against(net, files)?.gradients)
}

/// The first element that is −∞.
fn infinite(array: &Array) -> Option<usize> {
    match &array.numbers {
        Numbers::F64(all) => all.iter().position(|x| !x.is_finite()),
        Numbers::Exact(_) => None,
    }
}

/// The error with a hint that lists these names, if there are any.
fn wanting(error: Error, what: &str, names: impl Iterator<Item = String>) -> Error {
    let names: Vec<String> = names.collect();
    match names.is_empty() {
        true => error,
        false => error.hint(format!("{what}: {}", list(names.iter().map(String::as_str)))),
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let more = if names.len() > SHOWN { ", …" } else { "" };
    let shown: Vec<String> = names.iter().take(SHOWN).map(|n| format!("`{n}`")).collect();
    format!("{}{more}", shown.join(", "))
}

struct Found<'a> {
    quantity: QuantityId,
    /// Whether the array is called as the quantity is, and not as a gradient by it.
    is_own: bool,
    array: &'a Array,
    file: &'a File,
}

impl Found<'_> {
    fn is_value(&self, net: &Network) -> bool {
        self.is_own && net.quantity(self.quantity).role == Role::Defined
    }

    fn numbers(&self) -> Gradient {
        Gradient {
            quantity: self.quantity,
            dtype: self.array.dtype,
            numbers: self.array.numbers.to_f64(),
            array: self.array.name.clone(),
            file: self.file.name.clone(),
        }
    }
}

/// Every array with its quantity, and the errors of those without one.
fn matched<'a>(
    net: &Network,
    files: &'a [File],
    affixes: &[(&str, &str)],
) -> (Vec<Found<'a>>, Vec<Error>) {
    let mut names: BTreeMap<String, Vec<QuantityId>> = BTreeMap::new();
    for (id, quantity) in net.quantities() {
        names.entry(plain(&quantity.name)).or_default().push(id);
    }
    let (mut found, mut errors): (Vec<Found<'a>>, _) = (Vec::new(), Vec::new());
    for (file, array) in files.iter().flat_map(|f| f.arrays.iter().map(move |a| (f, a))) {
        match quantity(net, &names, &array.name, affixes).and_then(|(id, is_own)| {
            shaped(net, id, array)?;
            Ok(Found { quantity: id, is_own, array, file })
        }) {
            Err(error) => errors.push(super::in_file(&file.name, &error)),
            Ok(one) => match found
                .iter()
                .find(|f| f.quantity == one.quantity && f.is_value(net) == one.is_value(net))
            {
                None => found.push(one),
                Some(first) => {
                    let name = &net.quantity(one.quantity).name;
                    let sentence = format!(
                        "`{name}` is there twice: `{}` in {} and `{}` in {}",
                        first.array.name, first.file.name, array.name, file.name
                    );
                    errors.push(Error::new(Kind::Name, sentence).hint("keep one of them"));
                }
            },
        }
    }
    (found, errors)
}

/// A name as it could stand in a network.
fn plain(name: &str) -> String {
    name.replace(['.', '/', ':', '-'], "_")
}

/// The one quantity that a name means, and whether it is its own name.
fn quantity(
    net: &Network,
    names: &BTreeMap<String, Vec<QuantityId>>,
    name: &str,
    affixes: &[(&str, &str)],
) -> Result<(QuantityId, bool), Error> {
    let plain = plain(name);
    let mut meant: Vec<QuantityId> = match net.find(name) {
        Some(id) => vec![id],
        None => names.get(&plain).cloned().unwrap_or_default(),
    };
    let own = meant.clone();
    for (before, after) in affixes {
        let stem = plain.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        meant.extend(stem.and_then(|stem| names.get(stem)).into_iter().flatten());
    }
    meant.sort_unstable();
    meant.dedup();
    match meant.as_slice() {
        [id] => Ok((*id, own.contains(id))),
        [] => Err(unknown(net, name, affixes)),
        several => {
            let names = list(several.iter().map(|id| net.quantity(*id).name.as_str()));
            let sentence = format!("`{name}` could be any of {names}");
            Err(Error::new(Kind::Name, sentence).hint("rename it so that it can be only one"))
        }
    }
}

fn unknown(net: &Network, name: &str, affixes: &[(&str, &str)]) -> Error {
    let error = Error::new(Kind::Name, format!("nothing in the network is called `{name}`"));
    let mut stem = plain(name);
    for (before, after) in affixes.iter().filter(|(b, a)| b.len() + a.len() > 2) {
        if let Some(rest) = stem.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)) {
            stem = rest.to_string();
            break;
        }
    }
    let names: Vec<&str> = net.quantities().map(|(_, q)| q.name.as_str()).collect();
    let tail = |q: &&&str| stem.ends_with(&format!("_{}", plain(q)));
    let same = |q: &&&str| plain(q).to_lowercase() == stem.to_lowercase();
    let near = names
        .iter()
        .find(same)
        .copied()
        .or_else(|| nearest(&stem, names.iter().copied()))
        .or_else(|| names.iter().filter(tail).max_by_key(|q| q.len()).copied());
    match near {
        // `0.weight`: PyTorch counts the layers that nobody named.
        _ if stem.starts_with(|c: char| c.is_ascii_digit()) => error.hint(format!(
            "a name of the network begins with a letter: save it under `layer{stem}`, say"
        )),
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!("its quantities: {}", list(names.into_iter()))),
    }
}

/// The lengths without leading ones.
fn core(shape: &Shape) -> &[usize] {
    let ones = shape.lengths().iter().take_while(|l| **l == 1).count();
    &shape.lengths()[ones..]
}

fn shaped(net: &Network, id: QuantityId, array: &Array) -> Result<(), Error> {
    let (quantity, wanted, found) = (net.quantity(id), net.shape(id), &array.shape);
    if core(wanted) == core(found) {
        return Ok(());
    }
    let sentence = format!(
        "`{}` is {}, and `{}` of the network is {}",
        array.name,
        found.described(),
        quantity.name,
        wanted.described()
    );
    let error = Error::new(Kind::Shape, sentence);
    // A number for a row: a parameter of one element fewer dimensions is no class.
    let classes = (quantity.role == Role::Target || wanted.rank() > 1)
        .then(|| array.numbers.to_rationals())
        .and_then(|numbers| {
            class_numbers(&quantity.name, wanted.lengths(), found.lengths(), &numbers)
        });
    let hint = classes.or_else(|| shape_hint(wanted.lengths(), found.lengths(), &array.name));
    Err(match hint {
        Some(hint) => error.hint(hint),
        None => error,
    })
}

/// What may have happened to a shape.
fn shape_hint(wanted: &[usize], found: &[usize], name: &str) -> Option<String> {
    let squeezed =
        |lengths: &[usize]| -> Vec<usize> { lengths.iter().copied().filter(|l| *l != 1).collect() };
    let sorted = |lengths: &[usize]| {
        let mut sorted = lengths.to_vec();
        sorted.sort_unstable();
        sorted
    };
    let product = |lengths: &[usize]| lengths.iter().product::<usize>();
    match (wanted, found) {
        ([a, b], [c, d]) if (a, b) == (d, c) => Some(format!(
            "the file has {c}×{d}, the network {a}×{b}: it is transposed; PyTorch and candle keep \
             dense weights as [out, in], for `dense(x, W)`, JAX and TensorFlow as [in, out], for \
             `x @ W`"
        )),
        ([o, i, h, w], [h2, w2, i2, o2]) if (o, i, h, w) == (o2, i2, h2, w2) => Some(
            "the axes are [height, width, in, out], as TensorFlow and JAX keep them; the \
             network's are [out, in, height, width]: numpy.transpose(w, (3, 2, 0, 1))"
                .to_string(),
        ),
        _ if squeezed(wanted) == squeezed(found) => {
            let lengths: Vec<String> = wanted.iter().map(usize::to_string).collect();
            Some(format!(
                "only axes of length 1 differ: save {name}.reshape([{}]) if that is what it is",
                lengths.join(", ")
            ))
        }
        (_, [batch, rest @ ..]) if rest == wanted => {
            Some(format!("it has {batch} of them, a batch perhaps; the network is for one"))
        }
        _ if sorted(wanted) == sorted(found) => Some("its axes are in another order".to_string()),
        _ if product(wanted) == product(found) => {
            Some("it has as many elements, in another shape".to_string())
        }
        _ => None,
    }
}
