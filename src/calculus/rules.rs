//! The rules of the calculus: one table.
//!
//! A row names a rule, states it, says when a textbook shows it as a line of its own, and holds
//! the function that matches an expression and gives what it becomes. The functions look at one
//! expression and never into the line around it. Their truth is tested from outside, against
//! dual numbers.

mod differentiate;
mod finish;
mod monomial;
mod tidy;

use rustc_hash::FxHashMap;

use crate::expr::{ExprId, Graph, Node, Symbol, Winners};

/// The name of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// A quantity is replaced by its definition under ∂.
    Definition,
    /// An assumed winner stands for its max under ∂.
    MaxWinner,
    /// Without an assumption, every argument of a max counts in its own case.
    MaxCases,
    /// Terms without the variable are left out of a long sum under ∂.
    ConstantTerms,
    /// ∂(u + v) = ∂u + ∂v.
    Sum,
    /// ∂(u − v) = ∂u − ∂v.
    Difference,
    /// ∂(−u) = −∂u.
    Negation,
    /// ∂(c·u) = c·∂u.
    ConstantFactor,
    /// ∂(u·v) = ∂u·v + u·∂v.
    Product,
    /// ∂(c/v) = −c/v²·∂v.
    Reciprocal,
    /// ∂(u/v) = (∂u·v − u·∂v)/v².
    Quotient,
    /// ∂xⁿ/∂x = n·xⁿ⁻¹.
    Power,
    /// ∂cˣ/∂x = cˣ·ln c.
    Exponential,
    /// ∂(uᵛ) with both in motion.
    GeneralPower,
    /// The slope of an elementary function.
    Elementary,
    /// ∂f(u)/∂x = ∂f(z)/∂z · ∂z/∂x with z = u.
    Chain,
    /// ∂E/∂x = ∂E/∂q · ∂q/∂x, where E depends on x through q alone.
    Through,
    /// ∂E/∂x = Σ ∂E/∂q · ∂q/∂x over several q.
    Paths,
    /// A local name is replaced by what it stands for.
    PutBack,
    /// A result that was derived before is put in.
    EarlierResult,
    /// ∂c/∂x = 0.
    Constant,
    /// ∂x/∂x = 1.
    Identity,
    /// 0·u = 0, 0/u = 0.
    ZeroProduct,
    /// u + 0 = u.
    DropZero,
    /// 1·u = u, u/1 = u, u¹ = u.
    DropOne,
    /// −(−u) = u, (−u)·(−v) = u·v, −(u − v) = v − u.
    Signs,
    /// Numbers are multiplied and added out.
    Numbers,
    /// A factor and its reciprocal cancel.
    Cancel,
    /// u + u = 2u.
    Collect,
    /// u = q, where q is a quantity with the definition u.
    RecogniseName,
    /// (u + v)/w = u/w + v/w.
    SplitFraction,
    /// u + u·v = u·(1 + v).
    CommonFactor,
    /// t₁ + … + tₙ = 1, where it is given.
    SumsToOne,
    /// u·(v + w) = u·v + u·w.
    MultiplyOut,
}

/// When a rule is a line of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Group {
    /// Always but in an outline.
    Main,
    /// Together with its neighbours of the group: ∂c/∂x = 0 and ∂x/∂x = 1.
    Vanish,
    /// Together with its neighbours of the group: dropping zeros, cancelling.
    Tidy,
}

/// What a rule looks at beside the expression.
pub struct Context<'a> {
    /// The assumed winners.
    pub winners: &'a Winners,
    /// The name of an expression that has one: value → `Named` node.
    pub names: &'a FxHashMap<ExprId, ExprId>,
    /// The local name that the chain rule may give.
    pub local: &'a Symbol,
    /// The named quantities that are quotients.
    pub fractions: &'a [ExprId],
    /// Cells that sum to 1, as it is given.
    pub distributions: &'a [Vec<ExprId>],
}

impl Context<'_> {
    fn depends(&self, g: &Graph, of: ExprId, by: ExprId) -> bool {
        crate::expr::depends_on(g, of, by, self.winners)
    }

    /// The expression under its name, if it has one: σ(net) is written out.
    fn by_name(&self, e: ExprId) -> ExprId {
        self.names.get(&e).copied().unwrap_or(e)
    }
}

/// What a rule made of an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// What it became.
    pub contractum: ExprId,
    /// What the letters of the statement stand for.
    pub bindings: Vec<(&'static str, ExprId)>,
    /// What is given and it rests on, as (left, right): a max and its assumed winner, or a sum
    /// and 1.
    pub given: Option<(ExprId, ExprId)>,
}

impl Applied {
    fn to(contractum: ExprId) -> Applied {
        Applied { contractum, bindings: Vec::new(), given: None }
    }

    fn with(mut self, bindings: impl Into<Vec<(&'static str, ExprId)>>) -> Applied {
        self.bindings = bindings.into();
        self
    }
}

/// Matches an expression and says what it becomes.
pub type Apply = fn(&mut Graph, ExprId, &Context<'_>) -> Option<Applied>;

/// A row of the table.
pub struct Row {
    /// Which rule.
    pub rule: Rule,
    /// Its kebab-case name.
    pub name: &'static str,
    /// Its statement, as the documentation prints it.
    pub statement: &'static str,
    /// When it holds, in words; empty where it always does.
    pub condition: &'static str,
    /// When it is a line of its own.
    pub group: Group,
    /// Matches an expression. `None` for the rules that need the whole derivation: `through`,
    /// `paths` and `earlier-result`, which the strategy applies.
    pub apply: Option<Apply>,
}

macro_rules! table {
    ($($rule:ident $name:literal $group:ident $statement:literal $condition:literal $apply:expr;)*) => {
        /// Every rule, in the order of the documentation.
        pub const TABLE: &[Row] = &[$(Row {
            rule: Rule::$rule,
            name: $name,
            statement: $statement,
            condition: $condition,
            group: Group::$group,
            apply: $apply,
        },)*];
    };
}

table! {
    Definition "definition" Main
        "∂q/∂x = ∂u/∂x, where q = u" "" Some(differentiate::definition);
    MaxWinner "max-winner" Main
        "∂max{u₁, …}/∂x = ∂uₖ/∂x" "uₖ is the winner, as assumed" Some(differentiate::max_winner);
    MaxCases "max-cases" Main
        "∂max{u₁, …}/∂x = Σₖ [uₖ wins]·∂uₖ/∂x" "no two of the greatest are equal"
        Some(differentiate::max_cases);
    ConstantTerms "constant-terms" Main
        "∂(u + c₁ + … + cₙ)/∂x = ∂u/∂x" "no cₖ depends on x; used for long sums"
        Some(differentiate::constant_terms);
    Sum "sum" Main
        "∂(u + v)/∂x = ∂u/∂x + ∂v/∂x" "" Some(differentiate::sum);
    Difference "difference" Main
        "∂(u − v)/∂x = ∂u/∂x − ∂v/∂x" "" Some(differentiate::difference);
    Negation "negation" Main
        "∂(−u)/∂x = −∂u/∂x" "" Some(differentiate::negation);
    ConstantFactor "constant-factor" Main
        "∂(c·u)/∂x = c·∂u/∂x" "c does not depend on x" Some(differentiate::constant_factor);
    Product "product" Main
        "∂(u·v)/∂x = ∂u/∂x·v + u·∂v/∂x" "" Some(differentiate::product);
    Reciprocal "reciprocal" Main
        "∂(c/v)/∂x = −c/v²·∂v/∂x" "c does not depend on x; v ≠ 0"
        Some(differentiate::reciprocal);
    Quotient "quotient" Main
        "∂(u/v)/∂x = (∂u/∂x·v − u·∂v/∂x)/v²" "v ≠ 0" Some(differentiate::quotient);
    Power "power" Main
        "∂xⁿ/∂x = n·xⁿ⁻¹" "n does not depend on x" Some(differentiate::power);
    Exponential "exponential" Main
        "∂cˣ/∂x = cˣ·ln c" "c does not depend on x; c > 0" Some(differentiate::exponential);
    GeneralPower "general-power" Main
        "∂uᵛ/∂x = v·uᵛ⁻¹·∂u/∂x + uᵛ·ln u·∂v/∂x" "u > 0" Some(differentiate::general_power);
    Elementary "elementary" Main
        "∂eˣ/∂x = eˣ, ∂ln x/∂x = 1/x, ∂√x/∂x = 1/(2√x), ∂sin x/∂x = cos x, ∂cos x/∂x = −sin x, ∂sinh x/∂x = cosh x, ∂cosh x/∂x = sinh x, ∂tanh x/∂x = 1 − tanh²x, ∂σ(x)/∂x = σ(x)(1 − σ(x)), ∂softplus(x)/∂x = σ(x), ∂Φ(x)/∂x = φ(x), ∂φ(x)/∂x = −x·φ(x), ∂|x|/∂x = sgn x, ∂relu(x)/∂x = [x > 0]"
        "x ≠ 0 for |x| and relu(x)" Some(differentiate::elementary);
    Chain "chain" Main
        "∂f(u)/∂x = ∂f(z)/∂z·∂z/∂x" "z = u" Some(differentiate::chain);
    Through "through" Main
        "∂E/∂x = ∂E/∂q·∂q/∂x" "E depends on x through q alone" None;
    Paths "paths" Main
        "∂E/∂x = Σₖ ∂E/∂qₖ·∂qₖ/∂x"
        "E depends on x through q₁, …, qₙ alone, and no qₖ on another" None;
    PutBack "put-back" Main
        "z = u" "z is the name that the chain rule gave to u" Some(differentiate::put_back);
    EarlierResult "earlier-result" Main
        "∂u/∂x = r" "that was derived before" None;
    Constant "constant" Vanish
        "∂c/∂x = 0" "c does not depend on x" Some(differentiate::constant);
    Identity "identity" Vanish
        "∂x/∂x = 1" "" Some(differentiate::identity);
    ZeroProduct "zero-product" Tidy
        "0·u = 0, 0/u = 0" "" Some(tidy::zero_product);
    DropZero "drop-zero" Tidy
        "u + 0 = u, u − 0 = u, 0 − u = −u" "" Some(tidy::drop_zero);
    DropOne "drop-one" Tidy
        "1·u = u, (−1)·u = −u, u·(1/v) = u/v, u/1 = u, u¹ = u, u⁰ = 1" "" Some(tidy::drop_one);
    Signs "signs" Tidy
        "−(−u) = u, (−u)·v = −(u·v), (−u)·(−v) = u·v, −(u·(−v)) = u·v, (−u)/v = −(u/v), u + (−v) = u − v, −u + v = v − u, −u − v = −(u + v), −(u − v) = v − u" "" Some(tidy::signs);
    Numbers "numbers" Tidy
        "2·3 = 6, 1/2·(−(2·u)) = −u, 2 + 3 = 5" "" Some(tidy::numbers);
    Cancel "cancel" Tidy
        "(u/v)·v = u, (u·v)/(u·w) = v/w, u/u = 1, u − u = 0" "what cancels is not 0" Some(tidy::cancel);
    Collect "collect" Tidy
        "u + u = 2·u, 3·u − 2·u = u, u·v − v·u = 0" "" Some(tidy::collect);
    RecogniseName "recognise-name" Main
        "u = q" "q is a quantity with the definition u" Some(finish::recognise_name);
    SplitFraction "split-fraction" Main
        "(u + v)/w = u/w + v/w" "used where each part then has a name in it"
        Some(finish::split_fraction);
    CommonFactor "common-factor" Main
        "u + u·v = u·(1 + v), u·t₁ + u·t₂ = u·(t₁ + t₂)" "the second where t₁ + t₂ is given"
        Some(finish::common_factor);
    SumsToOne "sums-to-one" Main
        "t₁ + … + tₙ = 1" "that is given" Some(finish::sums_to_one);
    MultiplyOut "multiply-out" Main
        "u·(v + w) = u·v + u·w, (v/u + w)·u = v + w·u" "used where terms then cancel, or make a given sum"
        Some(finish::multiply_out);
}

impl Rule {
    #[doc(hidden)]
    /// The row of this rule.
    pub fn row(self) -> &'static Row {
        // The rows stand in the order of the rules, which a test checks.
        &TABLE[self as usize]
    }

    /// Its kebab-case name.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// When it is a line of its own.
    pub fn group(self) -> Group {
        self.row().group
    }
}

/// Applies a rule of the table to an expression, if it matches.
pub fn apply(g: &mut Graph, rule: Rule, redex: ExprId, context: &Context<'_>) -> Option<Applied> {
    rule.row().apply.and_then(|f| f(g, redex, context))
}

/// `of` and `by`, if this is a derivative that is not carried out.
fn partial(g: &Graph, e: ExprId) -> Option<(ExprId, ExprId)> {
    match g.node(e) {
        Node::Partial { of, by } => Some((of, by)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_one_row_and_a_kebab_case_name() {
        for (n, row) in TABLE.iter().enumerate() {
            assert_eq!(row.rule as usize, n, "{} stands at the place of its rule", row.name);
            assert!(row.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
        }
        assert_eq!(Rule::MultiplyOut as usize + 1, TABLE.len());
    }
}
