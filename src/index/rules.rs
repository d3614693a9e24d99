//! The rules of the index calculus: one table, as for scalars.
//!
//! A row names a rule, states it, and holds the function that matches a formula and gives what it
//! becomes. The functions look at one formula, at the ranges of the indices around it, and at the
//! definitions of the network. Their truth is tested from outside: every step is instantiated
//! and proved in scalars.

mod brackets;
mod differentiate;
mod names;
pub(crate) mod norms;
mod tidy;

use std::collections::BTreeSet;

use super::bounds::Scope;
use super::formula::{Formula, TensorName};
use super::step::IndexLemma;
use super::system::System;
use crate::calculus::Group;

/// The name of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// ∂E/∂x_b = Σ_a ∂E/∂y_a·∂y_a/∂x_b, over every tensor y that uses x.
    ChainRuleOverElements,
    /// ∂E/∂y_a is written δ^y_a.
    NameDelta,
    /// A result that was derived before is put in for ∂E/∂y_a.
    EarlierResult,
    /// An element is replaced by its definition under ∂.
    Definition,
    /// ∂Σu = Σ∂u.
    LinearityOfTheSum,
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
    /// ∂(u/v) = ∂u/v − (u/v)·∂v/v.
    Quotient,
    /// ∂uⁿ = n·uⁿ⁻¹·∂u.
    Power,
    /// ∂cᵛ = cᵛ·ln c·∂v.
    Exponential,
    /// ∂uᵛ with both in motion.
    GeneralPower,
    /// ∂f(u) = f′(u)·∂u.
    Elementary,
    /// ∂max_j u_j = Σ_j [j wins]·∂u_j.
    MaxWinner,
    /// ∂x_a/∂x_b = [a = b].
    IndependenceOfElements,
    /// ∂c/∂x = 0.
    Constant,
    /// 0·u = 0.
    ZeroProduct,
    /// u + 0 = u.
    DropZero,
    /// 1·u = u.
    DropOne,
    /// −(−u) = u.
    Signs,
    /// Numbers are multiplied out.
    Numbers,
    /// A bracket that always holds is 1, one that never does 0.
    Brackets,
    /// \[P\]·\[P\] = \[P\].
    RepeatedBracket,
    /// ΣΣu is one sum.
    JoinSums,
    /// c·Σu = Σc·u.
    IntoTheSum,
    /// u·(v + w) = u·v + u·w.
    Distribute,
    /// Σ(u + v) = Σu + Σv.
    SplitSum,
    /// (\[P\]·u)/v = \[P\]·(u/v).
    OutOfTheFraction,
    /// Σ_m [m = c]·u_m = u_c.
    Collapse,
    /// f(z_i) is written a_i.
    PutBackName,
    /// A factor and its reciprocal cancel.
    Cancel,
    /// Like terms are collected.
    Collect,
    /// Σ_j c·u_j = c·Σ_j u_j.
    OutOfTheSum,
    /// Σ_{j<N} c = N·c.
    RepeatedTerm,
    /// Σ_i t_i = 1.
    SumsToOne,
    /// (Σ_j u_j)·v = v·Σ_j u_j.
    SumLast,
    /// Σ_k (u_k − μ) = 0.
    DeviationsVanish,
    /// δ^y_a is what was derived of it before.
    DeltaInFull,
    /// a/u + b/v over u·v.
    CommonDenominator,
}

/// What a rule looks at beside the formula.
pub struct Context<'a> {
    /// The network.
    pub system: &'a System,
    /// The tensors on which the loss depends.
    pub reached: &'a BTreeSet<TensorName>,
    /// The lemmas derived so far.
    pub lemmas: &'a [IndexLemma],
    /// The tensor that the line differentiates by.
    pub by: &'a TensorName,
    /// The ranges of the indices around the formula, and what is known of sizes.
    pub scope: Scope,
    /// Every letter of the line.
    pub taken: BTreeSet<String>,
}

/// What a rule made of a formula.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// What it became.
    pub contractum: Formula,
    /// The earlier lemma that was put in.
    pub uses: Option<usize>,
}

impl From<Formula> for Applied {
    fn from(contractum: Formula) -> Applied {
        Applied { contractum, uses: None }
    }
}

/// Matches a formula and says what it becomes.
pub type Apply = fn(&Formula, &Context<'_>) -> Option<Applied>;

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
    /// Matches a formula.
    pub apply: Apply,
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
    ChainRuleOverElements "chain-rule-over-elements" Main
        "∂E/∂x_b = Σ_a ∂E/∂y_a·∂y_a/∂x_b"
        "over every element y_a of every tensor whose definition mentions x; in ∂y_a/∂x_b every other element is held fixed"
        differentiate::chain_rule_over_elements;
    NameDelta "name-delta" Main
        "∂E/∂y_a = δ^y_a" "" differentiate::name_delta;
    EarlierResult "earlier-result" Main
        "∂E/∂y_a = r_a" "that was derived before" differentiate::earlier_result;
    Definition "definition" Main
        "∂y_a/∂x_b = ∂u_a/∂x_b, where y_a = u_a" "" differentiate::definition;
    LinearityOfTheSum "linearity-of-the-sum" Main
        "∂(Σ_j u_j)/∂x = Σ_j ∂u_j/∂x" "" differentiate::linearity_of_the_sum;
    Sum "sum" Main
        "∂(u + v)/∂x = ∂u/∂x + ∂v/∂x" "" differentiate::sum;
    Difference "difference" Main
        "∂(u − v)/∂x = ∂u/∂x − ∂v/∂x" "" differentiate::difference;
    Negation "negation" Main
        "∂(−u)/∂x = −∂u/∂x" "" differentiate::negation;
    ConstantFactor "constant-factor" Main
        "∂(c·u)/∂x = c·∂u/∂x, ∂(u/c)/∂x = (∂u/∂x)/c" "c does not depend on x"
        differentiate::constant_factor;
    Product "product" Main
        "∂(u·v)/∂x = ∂u/∂x·v + u·∂v/∂x" "" differentiate::product;
    Quotient "quotient" Main
        "∂(u/v)/∂x = (∂u/∂x)/v − (u/v)·(∂v/∂x)/v" "v ≠ 0" differentiate::quotient;
    Power "power" Main
        "∂uⁿ/∂x = n·uⁿ⁻¹·∂u/∂x" "n does not depend on x" differentiate::power;
    Exponential "exponential" Main
        "∂cᵛ/∂x = cᵛ·ln c·∂v/∂x" "c does not depend on x; c > 0" differentiate::exponential;
    GeneralPower "general-power" Main
        "∂uᵛ/∂x = v·uᵛ⁻¹·∂u/∂x + uᵛ·ln u·∂v/∂x" "u > 0" differentiate::general_power;
    Elementary "elementary" Main
        "∂f(u)/∂x = f′(u)·∂u/∂x" "x ≠ 0 at a kink" differentiate::elementary;
    MaxWinner "max-winner" Main
        "∂(max_j u_j)/∂x = Σ_j [j wins]·∂u_j/∂x" "no two of the greatest are equal"
        differentiate::max_winner;
    IndependenceOfElements "independence-of-elements" Vanish
        "∂x_a/∂x_b = [a = b]" "" differentiate::independence_of_elements;
    Constant "constant" Vanish
        "∂c/∂x = 0" "c does not depend on x" differentiate::constant;
    ZeroProduct "zero-product" Tidy
        "0·u = 0, 0/u = 0, Σ_j 0 = 0" "" tidy::zero_product;
    DropZero "drop-zero" Tidy
        "u + 0 = u, u − 0 = u, 0 − u = −u" "" tidy::drop_zero;
    DropOne "drop-one" Tidy
        "1·u = u, u/1 = u, u¹ = u, u⁰ = 1" "" tidy::drop_one;
    Signs "signs" Tidy
        "−(−u) = u, (−u)·v = −(u·v), Σ_j(−u_j) = −Σ_j u_j, (−u)/v = −(u/v), −(u − v) = v − u" ""
        tidy::signs;
    Numbers "numbers" Tidy
        "2·3 = 6, 2·u/2 = u" "" tidy::numbers;
    Brackets "bracket" Tidy
        "[P] = 1, [P] = 0" "P holds for all values of its indices, or for none" brackets::decided;
    RepeatedBracket "repeated-bracket" Tidy
        "[P]·[P] = [P]" "" brackets::repeated;
    JoinSums "join-sums" Tidy
        "Σ_i Σ_j u = Σ_{i,j} u" "" brackets::join_sums;
    IntoTheSum "into-the-sum" Tidy
        "c·Σ_j u_j = Σ_j c·u_j, (Σ_j u_j)/c = Σ_j u_j/c" "c does not depend on j"
        brackets::into_the_sum;
    Distribute "distribute" Tidy
        "u·(v + w) = u·v + u·w, (v + w)/u = v/u + w/u" "" brackets::distribute;
    SplitSum "split-sum" Tidy
        "Σ_j (u_j + v_j) = Σ_j u_j + Σ_j v_j" "" brackets::split_sum;
    OutOfTheFraction "out-of-the-fraction" Tidy
        "([P]·u)/v = [P]·(u/v)" "" brackets::out_of_the_fraction;
    Collapse "collapse" Main
        "Σ_m [m = c]·u_m = [0 ≤ c < M]·u_c" "c does not depend on m, which goes from 0 to M − 1; the bracket is left out where it always holds"
        brackets::collapse;
    PutBackName "put-back-name" Main
        "u_a = y_a, where y_a is defined as u_a" "" names::put_back_name;
    Cancel "cancel" Tidy
        "(u/v)·v = u, (u·v)/v = u" "v ≠ 0" tidy::cancel;
    Collect "collect" Tidy
        "u + u = 2·u, u − u = 0, u·v − (1 − v)·(−u) = u" "" tidy::collect;
    OutOfTheSum "out-of-the-sum" Tidy
        "Σ_j c·u_j = c·Σ_j u_j, Σ_j u_j/c = (Σ_j u_j)/c" "c does not depend on j" tidy::out_of_the_sum;
    RepeatedTerm "repeated-term" Tidy
        "Σ_j c = N·c" "c does not depend on j, which takes N values" tidy::repeated_term;
    SumsToOne "sums-to-one" Main
        "Σ_j t_j = 1" "t is a distribution, as given" tidy::sums_to_one;
    SumLast "sum-last" Tidy
        "(Σ_j u_j)·v = v·Σ_j u_j" "" tidy::sum_last;
    DeviationsVanish "deviations-vanish" Main
        "Σ_k (u_k − μ) = 0" "μ is defined as (Σ_k u_k)/N, over the same N terms"
        norms::deviations;
    DeltaInFull "delta-in-full" Main
        "δ^y_a = r_a" "that was derived before; y is the mean, the variance or the deviation of a normalisation of x"
        norms::delta_in_full;
    CommonDenominator "common-denominator" Main
        "a/u + b/(u·v) = (a·v + b)/(u·v), (u − μ)/s = x̂" "in the derivative by what is normalised"
        norms::common_denominator;
}

impl Rule {
    /// The row of this rule.
    pub fn row(self) -> &'static Row {
        // The rows stand in the order of the rules, which a test checks.
        &TABLE[self as usize]
    }

    /// Whether it acts on nothing but derivatives that are not carried out.
    pub(super) fn differentiates(self) -> bool {
        self as usize <= Rule::Constant as usize
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_one_row_and_a_kebab_case_name() {
        for (n, row) in TABLE.iter().enumerate() {
            assert_eq!(row.rule as usize, n, "{} stands at the place of its rule", row.name);
            assert!(row.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
        }
        assert_eq!(Rule::CommonDenominator as usize + 1, TABLE.len());
    }
}
