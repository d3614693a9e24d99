//! Another elementwise function, or another slope below 0.

use std::rc::Rc;

use super::super::pattern::{number, under};
use super::super::rebuilt::{Make, Rebuilt};
use super::super::{Constant, Difference};
use super::{List, fixed};
use crate::net::{NodeId, Op};
use crate::scalar::Function;

impl List<'_> {
    /// Calls of one function.
    fn calls(&self, f: Function) -> Vec<(NodeId, NodeId)> {
        let call = |node: NodeId| match self.net.node(node).op {
            Op::Call(g, a) if g == f => Some((node, a)),
            _ => None,
        };
        self.nodes().filter_map(call).collect()
    }

    /// What a leaky ReLU multiplies by below 0.
    pub(super) fn slopes(&mut self) {
        let net = self.net;
        let mut found: Vec<(NodeId, usize, f64)> = Vec::new();
        for node in self.nodes() {
            let Op::Mul(all) = &net.node(node).op else { continue };
            let below = |a: &NodeId| match net.node(under(net, *a)).op {
                Op::Sub(one, step) => {
                    let step = under(net, step);
                    number(net, one) == Some(1.0)
                        && matches!(net.node(step).op, Op::Call(Function::Step, _))
                }
                _ => false,
            };
            let constant = all.iter().position(|a| number(net, *a).is_some());
            if let (true, Some(k)) = (all.iter().any(below), constant) {
                found.extend(number(net, all[k]).map(|here| (node, k, here)));
            }
        }
        let known = [0.01, 0.0, 0.1, 0.2, 0.25, 0.3, 0.05, 0.02, 0.5, 1.0];
        self.operands(&found, &known, |_| Constant::SlopeBelow);
        // A ReLU that leaks.
        let leaky = |(node, z): (NodeId, NodeId)| {
            let make: Make = Rc::new(move |made: &mut Rebuilt, slope| {
                let z = made.new_of(z);
                let above = made.call(Function::Relu, z);
                let shape = made.shape(z).clone();
                let negated = made.push(Op::Neg(z), shape);
                let below = made.call(Function::Relu, negated);
                let below = made.times(below, slope)?;
                made.sub(above, below)
            });
            (node, make)
        };
        let sites = self.calls(Function::Relu).into_iter().map(leaky).collect();
        let what = Constant::SlopeBelow;
        self.family(
            Rc::new(move |there| Difference::Number { what, here: 0.0, there }),
            sites,
            &known[..1],
            Some(0.0),
        );
    }

    /// Another elementwise function in the place of one.
    pub(super) fn activations(&mut self) {
        let net = self.net;
        // x·Φ(x) and x·σ(x) are found by their product.
        let product = |f: Function| -> Vec<(NodeId, NodeId)> {
            let of = |node: NodeId| match &net.node(node).op {
                Op::Mul(all) if all.len() == 2 => {
                    let pair = [(all[0], all[1]), (all[1], all[0])];
                    pair.into_iter().find_map(|(x, g)| match net.node(under(net, g)).op {
                        Op::Call(h, a) if h == f && under(net, a) == under(net, x) => {
                            Some((node, x))
                        }
                        _ => None,
                    })
                }
                _ => None,
            };
            (0..net.nodes().len() as u32).map(NodeId).filter_map(of).collect()
        };
        let places = [
            ("relu", self.calls(Function::Relu)),
            ("tanh", self.calls(Function::Tanh)),
            ("sigmoid", self.calls(Function::Sigmoid)),
            ("softplus", self.calls(Function::Softplus)),
            ("gelu", product(Function::NormalCdf)),
            ("silu", product(Function::Sigmoid)),
            ("gelu by tanh", self.gelus_by_tanh()),
        ];
        for (here, calls) in places {
            let others: &[&'static str] = match here {
                "gelu" => &["gelu by tanh", "gelu by sigmoid", "silu", "relu"],
                "gelu by tanh" => &["gelu", "gelu by sigmoid", "relu"],
                "silu" => &["gelu", "gelu by tanh", "relu"],
                "relu" => &["gelu", "gelu by tanh", "silu", "softplus", "elu", "relu6", "tanh"],
                "tanh" => &["sigmoid", "relu", "hard tanh"],
                "sigmoid" => &["tanh", "hard sigmoid"],
                _ => &["relu"],
            };
            for there in others {
                let site = |(node, x): &(NodeId, NodeId)| {
                    let (x, there) = (*x, *there);
                    let make = fixed(move |made| {
                        let x = made.new_of(x);
                        activation(made, there, x)
                    });
                    (*node, make)
                };
                let sites = calls.iter().map(site).collect();
                self.choice(Difference::Function { here, there }, sites);
            }
        }
    }

    /// x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))), with x.
    fn gelus_by_tanh(&self) -> Vec<(NodeId, NodeId)> {
        let net = self.net;
        let mut found = Vec::new();
        for node in self.nodes() {
            let Op::Mul(all) = &net.node(node).op else { continue };
            let bell = |a: &NodeId| match &net.node(under(net, *a)).op {
                Op::Add(two) => two.iter().find_map(|b| match net.node(under(net, *b)).op {
                    Op::Call(Function::Tanh, u) => Some(u),
                    _ => None,
                }),
                _ => None,
            };
            let Some(inside) = all.iter().find_map(bell) else { continue };
            let (mut open, mut typical) = (vec![inside], false);
            for _ in 0..16 {
                let Some(next) = open.pop() else { break };
                typical |= number(net, next).is_some_and(|c| (c - 0.044715).abs() < 1e-5);
                net.node(next).op.for_operands(|a| open.push(a));
            }
            let x = |a: &&NodeId| number(net, **a).is_none() && bell(a).is_none();
            if let (true, Some(x)) = (typical, all.iter().find(x)) {
                // A factor 1/2 may be a divisor: x/2.
                let x = match net.node(under(net, *x)).op {
                    Op::Div(a, b) if number(net, b) == Some(2.0) => a,
                    _ => *x,
                };
                found.push((node, x));
            }
        }
        found
    }
}

/// An elementwise function of x, by name.
fn activation(made: &mut Rebuilt, name: &str, x: NodeId) -> Option<NodeId> {
    let relu = |made: &mut Rebuilt, x, less: f64| {
        let less = made.number(less)?;
        let shifted = made.sub(x, less)?;
        Some(made.call(Function::Relu, shifted))
    };
    // relu(x − low) − relu(x − high), from 0 to high − low.
    let clipped = |made: &mut Rebuilt, x, low: f64, high: f64| {
        let (from, to) = (relu(made, x, low)?, relu(made, x, high)?);
        made.sub(from, to)
    };
    match name {
        "relu" => Some(made.call(Function::Relu, x)),
        "tanh" => Some(made.call(Function::Tanh, x)),
        "sigmoid" => Some(made.call(Function::Sigmoid, x)),
        "softplus" => Some(made.call(Function::Softplus, x)),
        "gelu" | "silu" => {
            let f = if name == "gelu" { Function::NormalCdf } else { Function::Sigmoid };
            let gate = made.call(f, x);
            made.mul(x, gate)
        }
        "gelu by sigmoid" => {
            let scaled = made.times(x, 1.702)?;
            let gate = made.call(Function::Sigmoid, scaled);
            made.mul(x, gate)
        }
        "gelu by tanh" => {
            let square = made.mul(x, x)?;
            let cube = made.mul(square, x)?;
            let cube = made.times(cube, 0.044715)?;
            let inside = made.add(x, cube)?;
            let inside = made.times(inside, (2.0 / std::f64::consts::PI).sqrt())?;
            let tanh = made.call(Function::Tanh, inside);
            let one = made.number(1.0)?;
            let sum = made.add(tanh, one)?;
            let product = made.mul(x, sum)?;
            made.times(product, 0.5)
        }
        "relu6" => clipped(made, x, 0.0, 6.0),
        "hard tanh" => {
            let (one, clipped) = (made.number(1.0)?, clipped(made, x, -1.0, 1.0)?);
            made.sub(clipped, one)
        }
        "hard sigmoid" => {
            let clipped = clipped(made, x, -3.0, 3.0)?;
            made.times(clipped, 1.0 / 6.0)
        }
        "elu" => {
            // relu(x) + e^(−relu(−x)) − 1, which does not overflow.
            let shape = made.shape(x).clone();
            let negated = made.push(Op::Neg(x), shape.clone());
            let below = made.call(Function::Relu, negated);
            let below = made.push(Op::Neg(below), shape);
            let power = made.call(Function::Exp, below);
            let one = made.number(1.0)?;
            let curve = made.sub(power, one)?;
            let above = made.call(Function::Relu, x);
            made.add(above, curve)
        }
        _ => None,
    }
}
