//! What a formula of somebody else says, before anything is known about its names: rows of
//! statements, statements of sides, sides of expressions, each with its place.
//!
//! Spans are byte ranges of the [`Passage`](crate::review::read::Passage) that was parsed; it
//! knows where they stand in the document. Nothing here is evaluated or simplified, and nothing
//! was guessed: what has two readings is refused by the parser, with its reason.

use std::ops::Range;

use crate::scalar::Rational;

/// One row of a formula: what stands between two `\\`, or the whole of a formula without them.
/// A row of nothing but words and the names that they introduce is the reason of the row above
/// it, and part of that.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The whole row without its `\\`, and without a reason that stands below it.
    pub span: Range<usize>,
    /// What stands on it, in order.
    pub parts: Vec<Part>,
    /// The numbers that it is called by: `\tag{2.1}`, `\label{eq:loss}`, `\text{… eq.(2.1)}`.
    pub labels: Vec<Mention>,
    /// The numbers of other rows that it names: `\text{from eq.(2.2)}`, `\eqref{eq:loss}`.
    pub references: Vec<Mention>,
    /// What was read otherwise than written, as `\partial c{10}` for `\partial c_{10}`.
    pub warnings: Vec<Note>,
}

/// A label or a reference as the author wrote it: `2.1`, `eq:loss`.
#[derive(Clone, Debug, PartialEq)]
pub struct Mention {
    /// Without parentheses and the word before it.
    pub name: String,
    /// Where it stands.
    pub span: Range<usize>,
}

/// A sentence about a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// Without its full stop.
    pub message: String,
    /// Where.
    pub span: Range<usize>,
}

/// A piece of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Words: the content of `\text{…}` and its like.
    Words(String, Range<usize>),
    /// A formula between words, commas and arrows.
    Statement(Statement),
    /// What could not be read, and why.
    Unread(Refused),
    /// What was understood to lie outside of scalar calculus (∇, ⊙, a transposed matrix, δ^l
    /// with a letter for the layer), and what it was.
    OutOfScope(Refused),
}

/// A statement that was not read: why, and what is known of it all the same. Whoever asks what a
/// name stands for learns here that it was said, and that nobody knows what.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Why, and where.
    pub note: Note,
    /// The side before its first relation, where that could be read.
    pub left: Option<Expr>,
    /// Its first relation; `None` where nothing is related, or where even that is not certain.
    pub relation: Option<Relation>,
    /// Whether it starts with its relation, and so goes on from the row before.
    pub carries: bool,
    /// Whether it is wrong whatever its names stand for: its arrays do not fit together.
    pub misfit: bool,
}

impl Refused {
    /// That of which no more is known than why it was not read.
    pub fn because(note: Note) -> Refused {
        Refused { note, left: None, relation: None, carries: false, misfit: false }
    }
}

/// An expression, a list of them, or a chain of relations between expressions.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Its place.
    pub span: Range<usize>,
    /// Whether it stands in a parenthesis that words opened: `\text{(as, } … \text{)}`.
    pub aside: bool,
    /// Whether an arrow that says "it follows" stands before it.
    pub implied: bool,
    /// Whether its first relation stands at an alignment mark, `&=` or `=&`.
    pub aligned: bool,
    /// Whether words before it introduce its name for the moment: `\text{chain rule with } z = …`.
    pub introduced: bool,
    /// The side before the first relation; `None` where a row starts with its relation, and the
    /// left side of the row before carries over.
    pub first: Option<Expr>,
    /// The relations with what follows them: a = b = c has two. Empty for a formula that states
    /// nothing.
    pub rest: Vec<(Relation, Expr)>,
}

impl Statement {
    /// Its sides in order, the first with them where it stands on this row.
    pub fn sides(&self) -> impl Iterator<Item = &Expr> + Clone {
        self.first.iter().chain(self.rest.iter().map(|(_, side)| side))
    }

    /// The same sides, to be changed.
    pub fn sides_mut(&mut self) -> impl Iterator<Item = &mut Expr> {
        self.first.iter_mut().chain(self.rest.iter_mut().map(|(_, side)| side))
    }

    /// This statement as one that is not read after all.
    pub fn refused(self, message: &str) -> Refused {
        let relation = self.rest.first().map(|(relation, _)| *relation);
        let carries = self.first.is_none() && relation.is_some();
        let left = self.first.filter(|_| relation.is_some());
        let note = Note { message: message.into(), span: self.span };
        Refused { note, left, relation, carries, misfit: false }
    }
}

/// What stands between two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `=`.
    Equal,
    /// `:=`, `\equiv`, `\triangleq`, `\stackrel{\text{def}}{=}`: the left side is named here.
    Defines,
    /// `\approx`, `\simeq`, `\doteq`.
    About,
    /// `\leftarrow`, `\gets`: the left side is given a new value.
    Becomes,
    /// `\neq`.
    Differs,
    /// `<`, `>`, `\le`, `\ge`, `\in`, `\propto`, `\sim`: a condition, not an equation.
    Other,
}

/// An expression with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: FormulaKind,
    /// Its place, with the parentheses or braces around it.
    pub span: Range<usize>,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum FormulaKind {
    /// A number as printed, read exactly.
    Number {
        /// 0.1 is 1/10.
        value: Rational,
        /// How many digits stand after the point.
        decimals: u32,
    },
    /// A quantity.
    Name(Name),
    /// −a.
    Neg(Box<Expr>),
    /// a + b − c: the terms with whether they are taken off.
    Sum(Vec<(bool, Expr)>),
    /// A product, however it was written: side by side, `\cdot`, `\times`, `*`, `.`.
    Product(Vec<Expr>),
    /// a / b, a fraction, `\over`.
    Quotient(Box<Expr>, Box<Expr>),
    /// a to the power b.
    Power(Box<Expr>, Box<Expr>),
    /// A function of known meaning.
    Call(Known, Box<Expr>),
    /// The greatest or the least of a list.
    Extreme {
        /// Whether it is the least.
        least: bool,
        /// The list.
        of: Vec<Expr>,
    },
    /// A name with a list in parentheses, f(x, y), perhaps with primes, σ′(z). Where f is no
    /// function, the parser says so and this is a product: the reader of names decides.
    Apply {
        /// What stands before the parenthesis.
        head: Name,
        /// How many primes.
        primes: u32,
        /// What stands in it.
        args: Vec<Expr>,
    },
    /// ∂a/∂b, da/db, or the operator ∂/∂b before its operand.
    Derivative {
        /// What is differentiated.
        of: Box<Expr>,
        /// By what.
        by: Box<Expr>,
        /// How many times, 1 nearly always.
        order: u32,
    },
    /// ∂a without a ∂b under it: no value, but its author's meaning is often plain.
    Differential(Box<Expr>),
    /// ∂a over b, where the ∂ of the denominator is missing.
    HalfDerivative {
        /// What is differentiated.
        of: Box<Expr>,
        /// By what, it seems.
        by: Box<Expr>,
    },
    /// A sum over an index, with its bounds where there are any.
    BigSum {
        /// The letters of the indices.
        indices: Vec<String>,
        /// The first value, where it is written.
        from: Option<Box<Expr>>,
        /// The last value, where it is written.
        to: Option<Box<Expr>>,
        /// What is summed.
        body: Box<Expr>,
    },
    /// A product over an index, as the sum that has its index, its bounds and its factors.
    BigProduct(Box<Expr>),
    /// The limit of an expression as a name approaches a value; the name ∞ is none.
    Limit {
        /// Of what.
        of: Box<Expr>,
        /// What approaches.
        by: Box<Expr>,
        /// What it approaches.
        to: Box<Expr>,
    },
    /// A case distinction: values with their conditions, as they were written. A condition is a
    /// comparison of two expressions; none stands for "otherwise".
    Cases(Vec<(Expr, Option<Comparison>)>),
    /// Several expressions, `c_{00}, c_{10}`: a list, not a claim.
    List(Vec<Expr>),
    /// A row or a column or a matrix in brackets: its rows.
    Matrix(Vec<Vec<Expr>>),
    /// What only arrays have. None is left where a document was read: what can be said in
    /// elements is, and what cannot is out of scope.
    Array(Box<Array>),
}

/// Notation of vectors and matrices.
#[derive(Clone, Debug, PartialEq)]
pub enum Array {
    /// `x^\top`.
    Transpose(Expr),
    /// `u \odot v`, element by element.
    Elementwise(Vec<Expr>),
    /// `\nabla f`, without a word of what it is differentiated by.
    Gradient(Expr),
    /// `\lVert W \rVert_F`.
    Frobenius(Expr),
    /// `(A x)_i`: an element.
    Element(Expr, Vec<String>),
    /// `[x_1, \dots, x_n]`: elements that are written out with dots.
    Run(Box<Run>),
}

/// Elements that are written out with dots between the first and the last of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// What each of them is, by an index.
    pub body: Expr,
    /// That index, a letter that no author has.
    pub index: &'static str,
    /// What it is for the last of them; for the first it is 1.
    pub last: String,
    /// Whether they stand below one another.
    pub column: bool,
}

impl Array {
    /// What it is made of.
    pub fn parts(&self) -> Vec<&Expr> {
        match self {
            Array::Transpose(a)
            | Array::Gradient(a)
            | Array::Frobenius(a)
            | Array::Element(a, _) => vec![a],
            Array::Elementwise(all) => all.iter().collect(),
            Array::Run(run) => vec![&run.body],
        }
    }
}

/// a < b and its like, in a case distinction.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The left side.
    pub left: Box<Expr>,
    /// `<`, `<=`, `>`, `>=`, `=` or `!=`.
    pub sign: &'static str,
    /// The right side.
    pub right: Box<Expr>,
}

/// Functions that the parser knows by their usual spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Known {
    /// `\exp`, e^x.
    Exp,
    /// `\ln`, `\log`.
    Ln,
    /// `\sqrt`.
    Sqrt,
    /// `\tanh`.
    Tanh,
    /// `\sin`.
    Sin,
    /// `\cos`.
    Cos,
    /// `\sinh`.
    Sinh,
    /// `\cosh`.
    Cosh,
    /// `\operatorname{sigmoid}`, `\text{sigmoid}`, `sigmoid(x)`, `logistic`; σ(x), where the
    /// document gives σ no other meaning.
    Sigmoid,
    /// `softplus`.
    Softplus,
    /// `ReLU`, `relu`.
    Relu,
    /// `|x|`, `\lvert x \rvert`, `abs`.
    Abs,
    /// `sign`, `sgn`.
    Sign,
    /// ‖x‖, `\lVert x \rVert`: the length of an array, and of a number |x|.
    Norm,
    /// Φ, the standard normal distribution, where the document gives it no other meaning.
    NormalCdf,
    /// φ, its density, where the document has Φ and gives φ no other meaning.
    NormalPdf,
}

/// A name as it was written, in parts: `w_{fc}`, `c_{10}`, `net_{h1}`, `a^{(2)}_{1}`, `w^{+}`,
/// `\Delta w_{00}`, `\hat{y}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// `w`, `net`, `σ`, `Δw`, `ŷ`: Greek letters by themselves, accents and Δ as part of it.
    pub stem: String,
    /// What stands below, part by part: `fc`; `1`, `0` of `_{1,0}`; `10` of `_{10}`.
    pub below: Vec<String>,
    /// What stands above and is no power: `(2)`, `[1]`, `+`, `new`, `*`.
    pub above: Option<String>,
}

impl FormulaKind {
    /// A whole number that stands in no text.
    pub(in crate::review) fn whole(n: i64) -> FormulaKind {
        FormulaKind::Number { value: Rational::from(n), decimals: 0 }
    }
}

impl Expr {
    /// Calls `change` with every name in it.
    pub fn each_name(&mut self, change: &mut dyn FnMut(&mut Name)) {
        if let FormulaKind::Name(name) | FormulaKind::Apply { head: name, .. } = &mut self.kind {
            change(name);
        }
        self.children_mut().into_iter().for_each(|e| e.each_name(change));
    }

    /// The expressions that it is made of, in order, to be changed.
    pub fn children_mut(&mut self) -> Vec<&mut Expr> {
        match &mut self.kind {
            FormulaKind::Number { .. } | FormulaKind::Name(_) => Vec::new(),
            FormulaKind::Neg(a)
            | FormulaKind::Call(_, a)
            | FormulaKind::Differential(a)
            | FormulaKind::BigProduct(a) => vec![a],
            FormulaKind::Sum(terms) => terms.iter_mut().map(|(_, term)| term).collect(),
            FormulaKind::Product(all)
            | FormulaKind::Extreme { of: all, .. }
            | FormulaKind::List(all)
            | FormulaKind::Apply { args: all, .. } => all.iter_mut().collect(),
            FormulaKind::Quotient(a, b)
            | FormulaKind::Power(a, b)
            | FormulaKind::Derivative { of: a, by: b, .. }
            | FormulaKind::HalfDerivative { of: a, by: b } => vec![a, b],
            FormulaKind::Limit { of, by, to } => vec![of, by, to],
            FormulaKind::BigSum { from, to, body, .. } => {
                from.iter_mut().chain(to).chain([body]).map(|e| &mut **e).collect()
            }
            FormulaKind::Cases(cases) => {
                let mut all = Vec::new();
                for (value, condition) in cases {
                    all.push(value);
                    all.extend(condition.iter_mut().flat_map(|c| [&mut *c.left, &mut *c.right]));
                }
                all
            }
            FormulaKind::Matrix(rows) => rows.iter_mut().flatten().collect(),
            FormulaKind::Array(array) => match &mut **array {
                Array::Transpose(a)
                | Array::Gradient(a)
                | Array::Frobenius(a)
                | Array::Element(a, _) => vec![a],
                Array::Elementwise(all) => all.iter_mut().collect(),
                Array::Run(run) => vec![&mut run.body],
            },
        }
    }

    /// The expressions that it is made of, in order.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            FormulaKind::Number { .. } | FormulaKind::Name(_) => Vec::new(),
            FormulaKind::Neg(a)
            | FormulaKind::Call(_, a)
            | FormulaKind::Differential(a)
            | FormulaKind::BigProduct(a) => vec![a],
            FormulaKind::Sum(terms) => terms.iter().map(|(_, term)| term).collect(),
            FormulaKind::Product(all)
            | FormulaKind::Extreme { of: all, .. }
            | FormulaKind::List(all) => all.iter().collect(),
            FormulaKind::Apply { args, .. } => args.iter().collect(),
            FormulaKind::Quotient(a, b) | FormulaKind::Power(a, b) => vec![a, b],
            FormulaKind::Derivative { of, by, .. } | FormulaKind::HalfDerivative { of, by } => {
                vec![of, by]
            }
            FormulaKind::Limit { of, by, to } => vec![of, by, to],
            FormulaKind::BigSum { from, to, body, .. } => {
                from.iter().chain(to).chain([body]).map(|e| &**e).collect()
            }
            FormulaKind::Cases(cases) => {
                let mut all = Vec::new();
                for (value, condition) in cases {
                    all.push(value);
                    all.extend(condition.iter().flat_map(|c| [&*c.left, &*c.right]));
                }
                all
            }
            FormulaKind::Matrix(rows) => rows.iter().flatten().collect(),
            FormulaKind::Array(array) => array.parts(),
        }
    }
}

/// Calls `see` with every expression in `expr`, itself first.
pub fn visit<'e>(expr: &'e Expr, see: &mut dyn FnMut(&'e Expr)) {
    see(expr);
    expr.children().into_iter().for_each(|e| visit(e, see));
}
