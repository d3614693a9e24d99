//! Networks. In go choices, out comes a text in which names are declared, shapes fit and a loss
//! ends it all, so that it is mostly a network.
//!
//! A leaf is declared where a layer needs one, in the shape that it needs; so every layer of the
//! table fits behind every other one. A layer that this file does not know is called with as many
//! tensors of one shape as it takes.

use backproof::net::{Layer, layers};
use backproof::scalar::Function;

use super::calls;
use super::choices::Choices;
use super::formulas::{NUMBERS, blank};

const STEMS: &[&str] = &[
    "x", "w", "b", "t", "h", "c", "r_fc", "net_h", "η", "W", "k", "u", "v_in", "γ", "s", "p", "d",
    "z", "μ", "xhat", "E_0", "out",
];

/// A named tensor.
#[derive(Clone)]
pub struct Made {
    pub name: String,
    pub shape: Vec<usize>,
    /// Whether it is given a value and no definition.
    leaf: bool,
    target: bool,
    /// What the greatest of which this is, if it is one by its definition.
    max_of: Option<String>,
}

/// The text so far.
pub struct Network {
    lines: Vec<String>,
    made: Vec<Made>,
}

/// Elements that one tensor of these networks has at most: what is read is asked, not how fast
/// a million elements are.
const MOST: usize = 4096;

/// A network.
pub fn network(c: &mut Choices) -> String {
    let mut net = Network { lines: Vec::new(), made: Vec::new() };
    if c.chance(40) {
        net.lines.push("# a comment, and `(` in it".into());
    }
    for _ in 0..1 + c.below(3) {
        let shape = shape(c);
        net.leaf(c, shape, "input");
    }
    for _ in 0..1 + c.below(7) {
        net.definition(c);
    }
    let last = net.any(c);
    let loss = net.loss(c, &last);
    let name = if c.chance(32) { "L_1" } else { "E" };
    net.define(c, name.into(), &loss, Vec::new());
    net.ends(c, name);
    let mut out = String::new();
    for line in &net.lines {
        out += line;
        out += match c.below(12) {
            0 => ";",
            1 => " # so",
            2 => "\n",
            _ => "",
        };
        out += "\n";
    }
    out
}

/// A shape that layers take: at most four axes, mostly short ones.
fn shape(c: &mut Choices) -> Vec<usize> {
    let rank = c.pick(&[0, 1, 1, 2, 2, 3, 3, 4, 5]);
    let longest = [9, 9, 7, 6, 4, 3][rank];
    (0..rank).map(|_| 1 + c.below(longest)).collect()
}

fn shown(shape: &[usize]) -> String {
    if shape.is_empty() { String::new() } else { format!("{shape:?}") }
}

impl Network {
    /// A name that nothing has, and that does not look like another one.
    fn fresh(&mut self, c: &mut Choices) -> String {
        let stem = STEMS[c.below(STEMS.len())];
        let taken = |name: &str| self.made.iter().any(|m| m.name == name);
        if !taken(stem) {
            return stem.to_string();
        }
        // An element of a tensor `w` looks like `w_1`.
        (1..).map(|n| format!("{stem}q{n}")).find(|name| !taken(name)).unwrap_or_default()
    }

    /// Declares a leaf and names it.
    pub fn leaf(&mut self, c: &mut Choices, shape: Vec<usize>, role: &str) -> String {
        let name = self.fresh(c);
        self.lines.push(format!("{role}{}{name}{}", c.pick(&[" ", "  "]), shown(&shape)));
        let target = role == "target";
        self.made.push(Made { name: name.clone(), shape, leaf: true, target, max_of: None });
        name
    }

    /// A tensor that is there.
    pub fn any(&self, c: &mut Choices) -> Made {
        // The last is the likeliest: deep networks are chains.
        let back = if c.below(3) == 0 { c.below(self.made.len()) } else { 0 };
        self.made[self.made.len() - 1 - back].clone()
    }

    /// One of this shape, new or not.
    pub fn of_shape(&mut self, c: &mut Choices, shape: &[usize]) -> String {
        let there: Vec<&Made> = self.made.iter().filter(|m| m.shape == shape).collect();
        if !there.is_empty() && c.below(3) > 0 {
            return there[c.below(there.len())].name.clone();
        }
        self.leaf(c, shape.to_vec(), "param")
    }

    fn define(&mut self, c: &mut Choices, name: String, value: &str, shape: Vec<usize>) {
        let line = format!("{name}{}={}{value}", blank(c), blank(c));
        self.lines.push(line);
        self.made.push(Made { name, shape, leaf: false, target: false, max_of: None });
    }

    fn definition(&mut self, c: &mut Choices) {
        let before = self.any(c);
        if c.chance(24) {
            return self.greatest(c, &before);
        }
        let (value, shape) = self.expression(c, before, 3);
        let name = self.fresh(c);
        self.define(c, name, &value, shape);
    }

    /// A max with a name, of a tensor with a name, so that it can have a winner.
    fn greatest(&mut self, c: &mut Choices, of: &Made) {
        let (value, shape) = match of.shape.len() {
            0 => {
                let other = self.of_shape(c, &[]);
                (format!("max({}, {other}, 0)", of.name), Vec::new())
            }
            _ => (format!("max({})", of.name), Vec::new()),
        };
        let name = self.fresh(c);
        self.define(c, name, &value, shape);
        let winner = match of.shape.is_empty() {
            true => of.name.clone(),
            false => {
                let at: Vec<usize> = of.shape.iter().map(|n| c.below(*n)).collect();
                format!("{}{at:?}", of.name)
            }
        };
        if let Some(last) = self.made.last_mut() {
            last.max_of = Some(winner);
        }
    }

    /// An expression that begins with a tensor, and its shape.
    pub fn expression(
        &mut self,
        c: &mut Choices,
        from: Made,
        depth: usize,
    ) -> (String, Vec<usize>) {
        let (mut text, mut shape) = (from.name, from.shape);
        for _ in 0..1 + c.below(depth) {
            (text, shape) = match c.below(8) {
                0..=3 => {
                    let table: Vec<Layer> = layers().collect();
                    let layer = table[c.below(table.len())];
                    calls::call(self, c, &layer, text, shape)
                }
                4 | 5 => self.arithmetic(c, text, shape),
                6 => calls::product(self, c, text, shape),
                _ => part(c, text, shape),
            };
            if shape.iter().product::<usize>() > MOST {
                (text, shape) = (format!("mean({text})"), Vec::new());
            }
        }
        (text, shape)
    }

    /// Something elementwise with something that broadcasts.
    fn arithmetic(
        &mut self,
        c: &mut Choices,
        a: String,
        shape: Vec<usize>,
    ) -> (String, Vec<usize>) {
        let b = match c.below(5) {
            0 => c.pick(NUMBERS).to_string(),
            1 => self.of_shape(c, &[]),
            2 => self.of_shape(c, &shape),
            3 => {
                // Axes of length 1, or fewer axes.
                let from = c.below(shape.len() + 1);
                let short: Vec<usize> =
                    shape[from..].iter().map(|n| if c.below(3) == 0 { 1 } else { *n }).collect();
                self.of_shape(c, &short)
            }
            _ => {
                let function = Function::ALL[c.below(Function::ALL.len())].name();
                format!("{function}({})", self.of_shape(c, &shape))
            }
        };
        let text = match c.below(9) {
            0 => format!("({a} + {b})"),
            1 => format!("{b} - ({a})"),
            2 => format!("{a}*{b}"),
            3 => format!("{b} * ({a})"),
            4 => format!("({a}) / (1 + {b}^2)"),
            5 => format!("(-{a})"),
            6 => format!("({a})^{}", c.pick(&["2", "3", "-1", "0.5", "1"])),
            7 => format!("({a} − {b} + {a})"),
            _ => format!("({a}\n   · {b})"),
        };
        (text, shape)
    }

    /// A scalar of a tensor: a loss of the table with a target, or a sum.
    fn loss(&mut self, c: &mut Choices, of: &Made) -> String {
        const LOSSES: [&str; 7] =
            ["half_squared_error", "mse", "bce_logits", "hinge", "huber", "cross_entropy", "nll"];
        let (name, shape) = (&of.name, of.shape.clone());
        match c.below(4) {
            0 | 1 => {
                let loss = c.pick(if shape.is_empty() { &LOSSES[..5] } else { &LOSSES });
                let target = self.leaf(c, shape, "target");
                match c.below(3) {
                    0 => format!("{loss}({name}, {target}) + 0*mean(square({target}))"),
                    _ => format!("{loss}({name}, {target})"),
                }
            }
            2 => {
                let target = self.leaf(c, shape, "target");
                format!("sum(({target} - {name})^2) / 2")
            }
            _ if shape.is_empty() => format!("{name}^2"),
            _ => format!("{}({name})", c.pick(&["sum", "mean", "max", "min"])),
        }
    }

    /// What stands at the end: winners, distributions, values, the loss.
    fn ends(&mut self, c: &mut Choices, loss: &str) {
        for m in self.made.clone() {
            if let Some(winner) = m.max_of.filter(|_| c.below(3) > 0) {
                self.lines.push(format!("assume {} = {winner}", m.name));
            }
            if m.target && !m.shape.is_empty() && c.below(3) == 0 {
                self.lines.push(match c.below(2) {
                    0 => format!("assume sum({}) = 1", m.name),
                    _ => format!("assume sum({}, axis: -1) = 1", m.name),
                });
            } else if m.leaf && c.below(4) == 0 && m.shape.iter().product::<usize>() <= 64 {
                let value = value(c, &m.shape);
                self.lines.push(format!("given {} = {value}", m.name));
            }
        }
        if c.chance(40) {
            self.lines.push(format!("loss {loss}"));
        }
    }
}

/// Nested lists of numbers.
fn value(c: &mut Choices, shape: &[usize]) -> String {
    match shape.split_first() {
        None => c.pick(&["1", "0", "-2", "0.5", "1/3", "-7/2", "1e-3", "12"]).to_string(),
        Some((n, rest)) => {
            let all: Vec<String> = (0..*n).map(|_| value(c, rest)).collect();
            format!("[{}]", all.join(c.pick(&[", ", ",", ",\n  "])))
        }
    }
}

/// A part of a tensor: an element, a row, a stretch.
fn part(c: &mut Choices, text: String, shape: Vec<usize>) -> (String, Vec<usize>) {
    let (Some(_), true) = (shape.first(), text.chars().all(|c| c.is_alphanumeric() || c == '_'))
    else {
        return (format!("({text})"), shape);
    };
    let (mut at, mut left) = (Vec::new(), Vec::new());
    let taken = 1 + c.below(shape.len());
    for n in &shape[..taken] {
        match c.below(6) {
            0 => at.push(c.below(*n).to_string()),
            1 => at.push("-1".into()),
            2 => {
                at.push(":".into());
                left.push(*n);
            }
            3 => {
                let from = c.below(*n);
                at.push(format!("{from}:"));
                left.push(n - from);
            }
            4 => {
                let step = 1 + c.below(3);
                at.push(format!("::{step}"));
                left.push(n.div_ceil(step));
            }
            _ => {
                let from = c.below(*n);
                let to = from + 1 + c.below(n - from);
                at.push(format!("{from}:{to}"));
                left.push(to - from);
            }
        }
    }
    left.extend(&shape[taken..]);
    (format!("{text}[{}]", at.join(", ")), left)
}
