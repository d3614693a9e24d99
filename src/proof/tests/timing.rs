use super::*;
use std::time::Instant;
#[test]
fn timing() {
    for claim in [
        "(t - w*r)*(-r)*1 = (t - w*r)*(-r)",
        "d((t - w*max(a*b,c*e,f*g,h*i))^2/2, b) = (t - w*max(a*b,c*e,f*g,h*i))*(-w)*wins(max(a*b,c*e,f*g,h*i),a*b)*a",
        "d((t - w*(a*w1+b*w2+c*w3+e*w4))^2/2, w1) = (t - w*(a*w1+b*w2+c*w3+e*w4))*(-w*a)",
        "d((y*relu(w*x) - t)^2/2, w) = (y*relu(w*x) - t)*y*step(w*x)*x",
        "d((sigmoid(w*x) - t)^2/2, w) = (sigmoid(w*x) - t)*sigmoid(w*x)*(1-sigmoid(w*x))*x",
        "exp(a)/(exp(a)+exp(b)+exp(c)) + exp(b)/(exp(a)+exp(b)+exp(c)) + exp(c)/(exp(a)+exp(b)+exp(c)) = 1",
        "sqrt(x*y) = sqrt(x)*sqrt(y)",
        "a + b = a - b",
        "max(a, b, c, e) = max(max(a, b), max(c, e))",
    ] {
        let mut g = Graph::new();
        let (lhs, rhs) = claim.split_once('=').unwrap();
        let (lhs, rhs) = (read(&mut g, lhs), read(&mut g, rhs));
        let winners = Winners::new();
        let start = Instant::now();
        for _ in 0..200 {
            prove_in(&g, lhs, rhs, &Context { winners: &winners, leaves: Leaves::All });
        }
        println!("{:?} {claim}", start.elapsed() / 200);
    }
    let mut g = Graph::new();
    let vars: Vec<ExprId> = (0..10_000).map(|i| g.var(&format!("x{i}"))).collect();
    let back: Vec<ExprId> = vars.iter().rev().copied().collect();
    let (sum, reversed) = (g.add(&vars), g.add(&back));
    let two = g.integer(2);
    let (square, other) = (g.pow(sum, two), g.mul([reversed, sum]));
    let wrong = g.mul([sum, vars[0]]);
    let (a, b) = (g.var("a"), g.var("b"));
    let (ab, ba) = (g.add([a, b]), g.add([b, a]));
    let million = g.integer(1_000_000);
    let (huge, huge_back) = (g.pow(ab, million), g.pow(ba, million));
    let more = g.add([huge, a]);
    let mut chain = ab;
    for _ in 0..200 {
        chain = g.mul([chain, chain]);
        chain = g.add([chain, a]);
    }
    let chain_more = g.add([chain, b]);
    let mut nest = a;
    for _ in 0..3000 {
        let e = g.call(crate::scalar::Function::Tanh, nest);
        nest = g.add([e, nest]);
    }
    let nest_more = g.add([nest, b]);
    let mut shared = [a, b];
    for i in 0..60 {
        let s = g.add([shared[0], shared[1]]);
        let f = if i % 2 == 0 { crate::scalar::Function::Exp } else { crate::scalar::Function::Ln };
        let e = g.call(f, s);
        let t = g.mul([e, shared[0]]);
        shared = [e, t];
    }
    let shared_more = g.add([shared[1], b]);
    let mut deep = a;
    for _ in 0..90_000 {
        deep = g.add([deep, b]);
    }
    let deep2 = g.add([deep, b]);
    let mut cont = a;
    for i in 0..40_000 {
        let q = g.div(vars[i % 7], cont);
        cont = g.add([q, b]);
    }
    let cont2 = g.add([cont, b]);
    let mut relu = a;
    for v in &vars[..60] {
        let s = g.add([relu, *v]);
        relu = g.call(crate::scalar::Function::Relu, s);
    }
    let relu2 = g.add([relu, b]);
    let m144 = g.max(&vars[..144]);
    let sq = g.pow(m144, two);
    let m144b = g.max(&back[10_000 - 144..]);
    let sq2 = g.mul([m144b, m144]);
    let d = g.partial(sq, vars[3]);
    let wins = g.wins(m144, vars[3]);
    let dd = g.mul([two, m144, wins]);
    let mut parts = vec![];
    for v in &vars[..400] {
        parts.push(g.partial(square, *v));
    }
    let ps = g.add(&parts);
    let ps2 = g.add([ps, a]);
    let cells: Vec<ExprId> = (0..144)
        .map(|i| {
            let t: Vec<_> = (0..9).map(|j| g.mul([vars[i + j * 12 + 1000], vars[j]])).collect();
            g.add(t)
        })
        .collect();
    let pool = g.max(&cells);
    let err = g.sub(a, pool);
    let e2 = g.pow(err, two);
    let dw = g.partial(e2, vars[0]);
    let terms: Vec<_> = (0..144)
        .map(|i| {
            let w = g.wins(pool, cells[i]);
            g.mul([w, vars[i + 1000]])
        })
        .collect();
    let s = g.add(terms);
    let mtwo = g.integer(-2);
    let dwr = g.mul([mtwo, err, s]);
    let hidden: Vec<ExprId> = (0..8)
        .map(|i| {
            let t: Vec<_> = (0..3).map(|j| g.mul([vars[100 + i * 3 + j], vars[j]])).collect();
            let s = g.add(t);
            g.call(crate::scalar::Function::Relu, s)
        })
        .collect();
    let out: Vec<_> = (0..8).map(|i| g.mul([vars[200 + i], hidden[i]])).collect();
    let o = g.add(out);
    let o2 = g.call(crate::scalar::Function::Relu, o);
    let e = g.sub(a, o2);
    let e = g.pow(e, two);
    let mlp = g.partial(e, vars[100]);
    let mlp2 = g.mul([mlp, mtwo]);
    let bigp: Vec<ExprId> = (2..60)
        .map(|i| {
            let q = g.number(&Rational::new(1, 1_000_003 + i * 7919).unwrap());
            let x = g.mul([q, vars[i as usize]]);
            g.call(crate::scalar::Function::Exp, x)
        })
        .collect();
    let bp = g.add(&bigp);
    let n = g.integer(30);
    let bpp = g.pow(bp, n);
    let bpq = g.add([bpp, a]);
    let winners = Winners::new();
    for (name, l, r) in [
        ("sum", sum, reversed),
        ("square", square, other),
        ("wrong", square, wrong),
        ("huge", huge, more),
        ("huge=", huge, huge_back),
        ("chain", chain, chain_more),
        ("nest", nest, nest_more),
        ("shared", shared[1], shared_more),
        ("deep", deep, deep2),
        ("cont", cont, cont2),
        ("relu", relu, relu2),
        ("m144", sq, sq2),
        ("d144", d, dd),
        ("pool", dw, dwr),
        ("partials", ps, ps2),
        ("mlp", mlp, mlp),
        ("mlp2", mlp, mlp2),
        ("bigexp", bpp, bpq),
    ] {
        let start = Instant::now();
        let v = prove_in(&g, l, r, &Context { winners: &winners, leaves: Leaves::All });
        let v = match v {
            Verdict::Refuted(_) => "refuted".to_string(),
            v => format!("{v:?}"),
        };
        println!("{name} {:?} {v}", start.elapsed());
    }
}
