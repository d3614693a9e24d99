//! Gradient formulas in a snapshot test: if a change of the model changes a gradient, the
//! snapshot shows how.
//!
//! `cargo run --example snapshot` prints them, `cargo test --example snapshot` compares them.

const MODEL: &str = "
    input  x[2]
    param  w[2], b
    target t
    y = tanh(sum(w*x) + b)
    E = (t - y)^2 / 2
";

fn main() -> Result<(), backproof::Error> {
    print!("{}", backproof::gradient_formulas(MODEL)?);
    Ok(())
}

#[test]
fn the_gradients_of_the_model() {
    insta::assert_snapshot!(backproof::gradient_formulas(MODEL).unwrap(), @r"
    ∂E/∂w₀ = (y − t)·(1 − y²)·x₀
    ∂E/∂w₁ = (y − t)·(1 − y²)·x₁
    ∂E/∂b = (y − t)·(1 − y²)
    ");
}
