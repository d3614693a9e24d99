use super::*;
use crate::net::{Role, Shape};

/// A builder with an input of each of these names and shapes.
fn with(tensors: &[(&str, &[usize])]) -> (Builder, Vec<NodeId>) {
    let mut b = Builder::new();
    let ids: Vec<NodeId> = tensors
        .iter()
        .map(|(name, lengths)| {
            let id = b.declare(Role::Input, name, Shape::new(*lengths)).unwrap();
            b.node_of(id)
        })
        .collect();
    (b, ids)
}

fn number(text: &str) -> Setting {
    Setting::Number(text.parse().unwrap())
}

#[test]
fn every_row_can_be_found_and_says_what_it_does() {
    for row in layers() {
        assert_eq!(layer(row.name).map(|l| l.name), Some(row.name));
        assert!(row.doc.chars().count() > 1 && !row.doc.ends_with('.'), "{}", row.name);
        assert!(row.inputs().count() > 0, "{} takes a tensor", row.name);
        let first = row.parameters.iter().position(|p| !p.kind.is_tensor());
        let tensors = row.inputs().count();
        assert!(first.is_none_or(|f| f == tensors), "{}: tensors come first", row.name);
        for option in row.options() {
            // A preset's text can be written in a call.
            let arguments = Arguments { layer: row, tensors: &[], options: &[] };
            let setting = arguments.setting(option.name);
            assert!(setting.is_ok() || option.default.is_none(), "{} {}", row.name, option.name);
            if let Ok(Some(setting)) = setting {
                assert!(option.accepts(&setting), "{} {}", row.name, option.name);
            }
        }
    }
    assert!(layer("Conv").is_none());
}

#[test]
fn a_call_fills_its_defaults() {
    let (mut b, ids) = with(&[("x", &[5, 5]), ("k", &[3, 3])]);
    let conv = layer("conv").unwrap();
    let plain = conv.build(&mut b, &ids, &[]).unwrap();
    assert_eq!(b.shape(plain).lengths(), [3, 3]);
    let stride = ("stride", Setting::List(vec![2, 1]));
    let strided = conv.build(&mut b, &ids, &[stride]).unwrap();
    assert_eq!(b.shape(strided).lengths(), [2, 3]);
    let pool = layer("maxpool").unwrap().build(&mut b, &ids[..1], &[]).unwrap();
    assert_eq!(b.shape(pool).lengths(), [2, 2]);
    let word = ("stride", Setting::Word("window".into()));
    let same = layer("maxpool").unwrap().build(&mut b, &ids[..1], &[word]).unwrap();
    assert_eq!(b.node(same).op, b.node(pool).op);
}

#[test]
fn a_wrong_call_says_what_is_right() {
    let (mut b, ids) = with(&[("x", &[5, 5])]);
    let x = ids[0];
    let conv = layer("conv").unwrap();
    let error = conv.build(&mut b, &[x], &[]).unwrap_err();
    assert_eq!(error.message(), "conv takes 2 or 3 arguments (input, kernel, bias?), found 1");
    let error = conv.build(&mut b, &[x, x], &[("strid", Setting::Flag(true))]).unwrap_err();
    assert_eq!(error.hints(), ["did you mean `stride`?"]);
    let error = conv.build(&mut b, &[x, x], &[("flip", number("1"))]).unwrap_err();
    assert_eq!(error.message(), "conv: `flip` must be `true` or `false`");
    let error = layer("reshape").unwrap().build(&mut b, &[x], &[]).unwrap_err();
    assert!(error.message().starts_with("reshape needs `shape`"), "{error}");
}

/// ⌈n/s⌉ places for every length, stride, window and dilation, with at most one cell more after
/// than before: what JAX documents of ‘SAME’.
#[test]
fn same_padding_makes_a_place_for_each_stride() {
    let conv = layer("conv").unwrap();
    for n in 1..8usize {
        for (k, s, d) in [(1, 1, 1), (2, 1, 1), (3, 2, 1), (2, 3, 2), (4, 2, 1), (3, 1, 3)] {
            let (mut b, ids) = with(&[("x", &[n]), ("k", &[k])]);
            let options = [
                ("padding", Setting::Word("same".into())),
                ("stride", number(&s.to_string())),
                ("dilation", number(&d.to_string())),
            ];
            let y = conv.build(&mut b, &ids, &options).unwrap();
            assert_eq!(b.shape(y).lengths(), [n.div_ceil(s)], "{n} {k} {s} {d}");
            let crate::net::Op::Conv { window, .. } = &b.node(y).op else { panic!("a conv") };
            let [before, after] = window.padding[0];
            assert!(after == before || after == before + 1);
        }
    }
}

#[test]
fn axes_count_from_either_end() {
    let (mut b, ids) = with(&[("x", &[2, 3, 4])]);
    let mut shape = |name: &str, options: &[(&str, Setting)]| {
        let y = layer(name).unwrap().build(&mut b, &ids, options)?;
        Ok::<_, Error>(b.shape(y).lengths().to_vec())
    };
    let axis = |n: &str| ("axis", number(n));
    assert_eq!(shape("sum", &[axis("-1")]), Ok(vec![2, 3]));
    assert_eq!(shape("mean", &[("axis", Setting::List(vec![0, -1]))]), Ok(vec![3]));
    assert_eq!(shape("max", &[axis("1"), ("keep", Setting::Flag(true))]), Ok(vec![2, 1, 4]));
    assert_eq!(shape("sum", &[("axis", Setting::Word("all".into()))]), Ok(vec![]));
    assert_eq!(shape("flatten", &[("from", number("1"))]), Ok(vec![2, 12]));
    assert_eq!(shape("reshape", &[("shape", Setting::List(vec![4, -1]))]), Ok(vec![4, 6]));
    assert_eq!(shape("transpose", &[("axes", Setting::List(vec![-1, 0, 1]))]), Ok(vec![4, 2, 3]));
    assert_eq!(shape("transpose", &[]), Ok(vec![4, 3, 2]));
    assert_eq!(shape("softmax", &[]), Ok(vec![2, 3, 4]));
    assert_eq!(
        shape("sum", &[axis("-4")]).unwrap_err().message(),
        "sum: `x` is 2×3×4 and has no axis -4"
    );
}

#[test]
fn parts_have_names_that_nobody_uses() {
    let (mut b, ids) = with(&[("s", &[3])]);
    b.reserve("p");
    b.within(Some("E"));
    layer("cross_entropy").unwrap().build(&mut b, &[ids[0], ids[0]], &[]).unwrap();
    let names: Vec<&str> = b.quantities().iter().map(|q| q.name.as_str()).collect();
    assert_eq!(names, ["s", "s_E", "p_E"]);
}
