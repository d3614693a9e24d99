//! What a report says of itself to a person: a `Display` for each of its small types.
//!
//! What always holds: the words stand in a sentence, so they begin with a small letter and end
//! without a full stop; a page and a program that prints a report by itself say the same.

use std::fmt;

use super::report::{
    Arithmetic, Assumptions, Certainty, Choice, Convention, Mismatch, Noticed, Number, Precision,
    Source, Unjudged, Verdict,
};
use crate::scalar::show_f64;

impl fmt::Display for Verdict {
    /// ```
    /// use backproof::check::{Options, Verdict, check};
    /// let net = backproof::parse_network("param w\ntarget t\nE = (t - w)^2 / 2")?;
    /// let report = check(&net, &Options::default())?;
    /// assert_eq!(report.parameters[0].verdict().to_string(), "agrees");
    /// assert_eq!(Verdict::Differ.to_string(), "differs");
    /// let open = Verdict::NotJudged("the values overflow".to_string());
    /// assert_eq!(open.to_string(), "not judged: the values overflow");
    /// # Ok::<(), backproof::Error>(())
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Agree => f.write_str("agrees"),
            Verdict::Differ => f.write_str("differs"),
            Verdict::NotJudged(reason) => write!(f, "not judged: {reason}"),
        }
    }
}

impl fmt::Display for Source {
    /// ```
    /// use backproof::check::Source;
    /// assert_eq!(Source::Backward.to_string(), "the backward pass");
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::Backward => "the backward pass",
            Source::Dual => "dual numbers",
            Source::Direction => "dual numbers along a direction",
            Source::Differences => "central differences",
            Source::Supplied => "the supplied numbers",
        })
    }
}

impl fmt::Display for Precision {
    /// ```
    /// use backproof::check::Precision;
    /// assert_eq!(Precision::Exact.to_string(), "exactly");
    /// assert_eq!(Precision::F64.to_string(), "in f64");
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Precision::Exact => "exactly",
            Precision::F64 => "in f64",
        })
    }
}

impl fmt::Display for Arithmetic {
    /// ```
    /// use backproof::check::Arithmetic;
    /// assert_eq!(Arithmetic::Rational.to_string(), "the rational numbers");
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Arithmetic::Rational => "the rational numbers",
            Arithmetic::Prime => "the field of 2^61 − 1 elements",
            Arithmetic::None => "f64 alone",
        })
    }
}

impl fmt::Display for Assumptions {
    /// ```
    /// use backproof::check::Assumptions;
    /// assert_eq!(Assumptions::Absent.to_string(), "no winner is assumed");
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Assumptions::Absent => "no winner is assumed",
            Assumptions::Used => "the assumed winners win",
            Assumptions::NotUsed => "every max went by its values, not by the assumed winners",
        })
    }
}

impl fmt::Display for Convention {
    /// ```
    /// use backproof::check::Convention;
    /// assert_eq!(Convention::ZeroSlope.to_string(), "the slope at 0 is taken as 0");
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Convention::FirstWins => "the first of the greatest takes the whole gradient",
            Convention::AssumedWins => "the one that is assumed to win takes the whole gradient",
            Convention::ZeroSlope => "the slope at 0 is taken as 0",
        })
    }
}

impl fmt::Display for Certainty {
    /// ```
    /// use backproof::check::Certainty;
    /// assert_eq!(Certainty::Certain.to_string(), "certainly no rounding");
    /// assert_eq!(Certainty::Unlikely.to_string(), "unlikely to be rounding");
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Certainty::Certain => "certainly no rounding",
            Certainty::Unlikely => "unlikely to be rounding",
        })
    }
}

impl fmt::Display for Choice {
    /// ```
    /// use backproof::check::Choice;
    /// let said = "outside of what any choice at the kinks gives";
    /// assert_eq!(Choice::Outside.to_string(), said);
    /// assert_eq!(Choice::Outside.name(), "outside");           // as JSON spells it
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Choice::Ours => "what the formula gives at the kinks",
            Choice::Another => "what another choice at the kinks gives",
            Choice::OtherSide => "what the other side of a near kink gives",
            Choice::Undecided => "between what the choices at the kinks give",
            Choice::Outside => "outside of what any choice at the kinks gives",
            Choice::Smooth => "not the derivative, which exists there",
        })
    }
}

impl fmt::Display for Number {
    /// ```
    /// use backproof::check::Number;
    /// assert_eq!(Number::Rational("1/3".parse().unwrap()).to_string(), "1/3");
    /// assert_eq!(Number::F64(0.5).to_string(), "0.5");
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Rational(q) => write!(f, "{q}"),
            Number::Residue(x) => write!(f, "{} in the field of 2^61 − 1 elements", x.residue()),
            Number::F64(x) => f.write_str(&show_f64(*x)),
        }
    }
}

impl fmt::Display for Mismatch {
    /// ```
    /// use std::collections::BTreeMap;
    /// let text = "param w\ntarget t\nE = (t - w)^2 / 2\ngiven w = 3, t = 1";
    /// let net = backproof::parse_network(text)?;
    /// let mine = BTreeMap::from([(net.find("w").unwrap(), vec![-2.0])]);
    /// let values = backproof::concrete::given(&net)?;
    /// let report = backproof::check_gradients(&net, &values, &mine)?;
    /// let (_, first) = report.first_mismatch().unwrap();
    /// assert_eq!(first.to_string(), "w: 2 by the formula, -2 beside it");
    /// # Ok::<(), backproof::Error>(())
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} by the formula, {} beside it", self.cell, self.symbolic, self.other)
    }
}

impl fmt::Display for Unjudged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = if self.cells == 1 { "cell" } else { "cells" };
        write!(f, "{} {cells}: {}", self.cells, self.reason)
    }
}

impl fmt::Display for Noticed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (element, factor) = (show_f64(self.element), show_f64(self.factor));
        let greatest = "of the greatest element";
        write!(f, "an error of {element} {greatest}, or a common factor off by {factor}")
    }
}
