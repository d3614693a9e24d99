//! The elementary functions of one argument: one table, which the language, the evaluation, the
//! concrete passes and the printers all read.

use std::fmt;

/// An elementary function of one real argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Function {
    /// eˣ.
    Exp,
    /// The natural logarithm, for x > 0.
    Ln,
    /// √x, for x ≥ 0.
    Sqrt,
    /// The hyperbolic tangent.
    Tanh,
    /// The logistic function σ(x) = 1/(1 + e⁻ˣ).
    Sigmoid,
    /// ln(1 + eˣ), a smooth max(x, 0); its slope is σ(x).
    Softplus,
    /// Φ(x) = (1 + erf(x/√2))/2, the standard normal distribution: the chance that a normal
    /// variable is at most x. Its slope is φ(x), and GELU is x·Φ(x). Φ rather than erf, for the
    /// slopes of Φ and φ need no π.
    NormalCdf,
    /// φ(x) = e^(−x²/2)/√(2π), the density of the standard normal distribution; its slope is
    /// −x·φ(x).
    NormalPdf,
    /// |x|; not differentiable at 0.
    Abs,
    /// max(x, 0); not differentiable at 0.
    Relu,
    /// sgn x: −1, 0 or 1. The derivative of |x| away from 0; 0 at 0 by convention.
    Sign,
    /// Iverson's \[x > 0\]: 1 or 0. The derivative of ReLU away from 0; 0 at 0 by convention.
    Step,
    /// The sine of an angle in radians; its slope is cos x.
    Sin,
    /// The cosine of an angle in radians; its slope is −sin x.
    Cos,
    /// The hyperbolic sine (eˣ − e⁻ˣ)/2; its slope is cosh x.
    Sinh,
    /// The hyperbolic cosine (eˣ + e⁻ˣ)/2; its slope is sinh x.
    Cosh,
}

impl Function {
    /// Every function, in the order of the documentation.
    pub const ALL: [Function; 16] = [
        Function::Exp,
        Function::Ln,
        Function::Sqrt,
        Function::Sin,
        Function::Cos,
        Function::Sinh,
        Function::Cosh,
        Function::Tanh,
        Function::Sigmoid,
        Function::Softplus,
        Function::NormalCdf,
        Function::NormalPdf,
        Function::Abs,
        Function::Relu,
        Function::Sign,
        Function::Step,
    ];

    /// The name in the language.
    pub fn name(self) -> &'static str {
        match self {
            Function::Exp => "exp",
            Function::Ln => "ln",
            Function::Sqrt => "sqrt",
            Function::Tanh => "tanh",
            Function::Sigmoid => "sigmoid",
            Function::Softplus => "softplus",
            Function::NormalCdf => "normal_cdf",
            Function::NormalPdf => "normal_pdf",
            Function::Abs => "abs",
            Function::Relu => "relu",
            Function::Sign => "sign",
            Function::Step => "step",
            Function::Sin => "sin",
            Function::Cos => "cos",
            Function::Sinh => "sinh",
            Function::Cosh => "cosh",
        }
    }

    /// The function of that name in the language.
    pub fn named(name: &str) -> Option<Function> {
        Function::ALL.into_iter().find(|f| f.name() == name)
    }

    /// Whether its value or slope jumps at 0, so that evaluating it asks for a sign.
    pub fn has_kink(self) -> bool {
        matches!(self, Function::Abs | Function::Relu | Function::Sign | Function::Step)
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
