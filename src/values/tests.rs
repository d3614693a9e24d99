//! What was written is read back exactly, whatever the format; what lies about itself is refused.

use std::io::{Cursor, Write};

use half::{bf16, f16};
use proptest::prelude::*;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::*;

/// Compares with `snapshots/values_{name}.snap`.
fn snapshot(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => "../../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(format!("values_{name}"), text) });
}

/// A `.npy` of version 1.
fn npy(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let text = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
    let mut out = b"\x93NUMPY\x01\x00".to_vec();
    out.extend((text.len() as u16).to_le_bytes());
    out.extend(text.bytes());
    out.extend(data);
    out
}

fn npz(entries: &[(&str, Vec<u8>)], deflated: bool) -> Vec<u8> {
    let method = match deflated {
        true => zip::CompressionMethod::Deflated,
        false => zip::CompressionMethod::Stored,
    };
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(format!("{name}.npy"), options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    let mut out = (header.len() as u64).to_le_bytes().to_vec();
    out.extend(header.bytes());
    out.extend(data);
    out
}

fn one(name: &str, bytes: &[u8]) -> Array {
    let mut file = read(name, bytes).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(file.arrays.len(), 1);
    file.arrays.remove(0)
}

fn refused(name: &str, bytes: &[u8]) -> Error {
    read(name, bytes).map(|f| f.arrays.len()).unwrap_err()
}

/// The refusal of a `.npz` with the one array `w`.
fn refused_npy(bytes: Vec<u8>) -> String {
    refused("v.npz", &npz(&[("w", bytes)], false)).to_string()
}

fn floats(array: &Array) -> Vec<u64> {
    array.numbers.to_f64().iter().map(|x| x.to_bits()).collect()
}

/// A shape and as many finite floats of 64 bits.
fn tensors() -> impl Strategy<Value = (Vec<usize>, Vec<f64>)> {
    proptest::collection::vec(1..4usize, 0..4).prop_flat_map(|shape| {
        let n = shape.iter().product::<usize>();
        let number = any::<f64>().prop_filter("finite", |x| x.is_finite());
        (Just(shape), proptest::collection::vec(number, n..=n))
    })
}

fn tuple(shape: &[usize]) -> String {
    format!("({})", shape.iter().map(|l| format!("{l},")).collect::<String>())
}

/// Bytes of each number, with the larger byte first where `big`.
fn bytes_of(numbers: &[f64], kind: &str, big: bool) -> Vec<u8> {
    let each = |x: &f64| {
        let mut bytes = match kind {
            "f2" | "F16" => f16::from_f64(*x).to_bits().to_le_bytes().to_vec(),
            "BF16" => bf16::from_f64(*x).to_bits().to_le_bytes().to_vec(),
            "f4" | "F32" => (*x as f32).to_le_bytes().to_vec(),
            _ => x.to_le_bytes().to_vec(),
        };
        if big {
            bytes.reverse();
        }
        bytes
    };
    numbers.iter().flat_map(each).collect()
}

fn rounded(x: f64, kind: &str) -> f64 {
    match kind {
        "f2" | "F16" => f16::from_f64(x).to_f64(),
        "BF16" => bf16::from_f64(x).to_f64(),
        "f4" | "F32" => f64::from(x as f32),
        _ => x,
    }
}

/// The row-major numbers in the order in which the first index moves fastest.
fn in_fortran_order(shape: &[usize], numbers: &[f64]) -> Vec<f64> {
    let reversed: Vec<usize> = shape.iter().rev().copied().collect();
    let (shape, reversed) = (Shape::new(shape), Shape::new(reversed));
    let at = |n: usize| {
        let index: Vec<usize> = reversed.index(n).into_iter().rev().collect();
        numbers[shape.position(&index).unwrap()]
    };
    (0..numbers.len()).map(at).collect()
}

proptest! {
    #![proptest_config(crate::laws::laws(256))]

    #[test]
    fn npz_gives_back_what_was_written(
        (shape, numbers) in tensors(),
        kind in prop::sample::select(vec!["f2", "f4", "f8"]),
        big: bool,
        fortran: bool,
        deflated: bool,
    ) {
        let numbers: Vec<f64> = numbers
            .into_iter()
            .map(|x| if rounded(x, kind).is_finite() { x } else { 1.5 })
            .collect();
        let stored = if fortran { in_fortran_order(&shape, &numbers) } else { numbers.clone() };
        let descr = format!("{}{kind}", if big { '>' } else { '<' });
        let array = npy(&descr, fortran, &tuple(&shape), &bytes_of(&stored, kind, big));
        let found = one("v.npz", &npz(&[("w", array)], deflated));
        let wanted: Vec<u64> = numbers.iter().map(|x| rounded(*x, kind).to_bits()).collect();
        prop_assert_eq!(floats(&found), wanted);
        prop_assert_eq!(found.shape.lengths(), &shape[..]);
        prop_assert_eq!(found.name, "w");
    }

    #[test]
    fn safetensors_gives_back_what_was_written(
        (shape, numbers) in tensors(),
        kind in prop::sample::select(vec!["F16", "BF16", "F32", "F64"]),
    ) {
        let numbers: Vec<f64> = numbers
            .into_iter()
            .map(|x| if rounded(x, kind).is_finite() { x } else { 1.5 })
            .collect();
        let data = bytes_of(&numbers, kind, false);
        let header = format!(
            "{{\"w\":{{\"dtype\":\"{kind}\",\"shape\":{shape:?},\"data_offsets\":[0,{}]}}}}",
            data.len()
        );
        let found = one("v.safetensors", &safetensors(&header, &data));
        let wanted: Vec<u64> = numbers.iter().map(|x| rounded(*x, kind).to_bits()).collect();
        prop_assert_eq!(floats(&found), wanted);
        prop_assert_eq!(found.shape.lengths(), &shape[..]);
    }

    #[test]
    fn decimals_of_json_are_exact(numer: i32, digits in 0..12usize) {
        let size = numer.unsigned_abs();
        let text = format!("{size:0>width$}", width = digits + 1);
        let (whole, fraction) = text.split_at(text.len() - digits);
        let point = if digits > 0 { "." } else { "" };
        let sign = if numer < 0 { "-" } else { "" };
        let whole = whole.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        let file = format!("{{\"w\": {sign}{whole}{point}{fraction}}}");
        let found = one("v.json", file.as_bytes());
        let wanted = Rational::new(numer, 10i64.pow(digits as u32)).unwrap();
        prop_assert_eq!(found.numbers, Numbers::Exact(vec![wanted]));
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for name in ["a.npz", "a.safetensors", "a.json"] {
            let _ = read(name, &bytes);
        }
        let _ = npy::read("w", &[b"\x93NUMPY\x01\x00", &bytes[..]].concat(), &mut Room::default());
    }

    #[test]
    fn no_changed_byte_panics(at in any::<prop::sample::Index>(), to: u8, cut in any::<prop::sample::Index>()) {
        let array = npy("<f4", true, "(2, 3)", &bytes_of(&[1.0; 6], "f4", false));
        let header = r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
        let files = [
            ("v.npz", npz(&[("w", array.clone()), ("x", array)], true)),
            ("v.safetensors", safetensors(header, &[0; 8])),
            ("v.json", br#"{"w": {"dtype": "f32", "shape": [2], "data": [1, 2]}, "x": [[1], [2]]}"#.to_vec()),
        ];
        for (name, mut bytes) in files {
            let at = at.index(bytes.len());
            bytes[at] = to;
            let _ = read(name, &bytes);
            bytes.truncate(cut.index(bytes.len()));
            let _ = read(name, &bytes);
        }
    }
}

#[test]
fn integers_and_bools_are_what_they_are() {
    let cases: [(&str, &[u8], &str); 8] = [
        ("|b1", &[0, 1], "0 1"),
        ("|i1", &[0xff, 0x7f], "-1 127"),
        ("|u1", &[0xff, 0x7f], "255 127"),
        ("<i2", &[0xfe, 0xff, 1, 0], "-2 1"),
        (">i4", &[0xff, 0xff, 0xff, 0xfd, 0, 0, 0, 7], "-3 7"),
        ("<u4", &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], "4294967295 0"),
        (
            "<i8",
            &[1, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0x80],
            "9007199254740993 -9223372036854775808",
        ),
        ("<u8", &[0xff; 16], "18446744073709551615 18446744073709551615"),
    ];
    for (descr, bytes, wanted) in cases {
        let array = one("v.npz", &npz(&[("w", npy(descr, false, "(2,)", bytes))], false));
        let found: Vec<String> =
            array.numbers.to_rationals().iter().map(|q| q.to_string()).collect();
        assert_eq!(found.join(" "), wanted, "{descr}");
    }
}

#[test]
fn json_says_what_it_was_stored_as() {
    let array = one("v.json", br#"{"w": {"dtype": "f32", "shape": [1, 2], "data": [0.1, 3]}}"#);
    assert_eq!((array.dtype, array.shape), (Dtype::F32, Shape::new([1, 2])));
    assert_eq!(array.numbers, Numbers::F64(vec![f64::from(0.1f32), 3.0]));
    let exact = one("v.json", br#"{"w": 1e-3}"#);
    assert_eq!(exact.numbers.to_rationals()[0], "1/1000".parse().unwrap());
    assert_eq!(exact.shape, Shape::scalar());
    let bools = one("v.json", b"\xef\xbb\xbf{\"mask\": [true, false]}");
    assert_eq!(bools.numbers.to_f64(), [1.0, 0.0]);
}

#[test]
fn what_is_no_number_is_named_with_its_element() {
    let nan = bytes_of(&[1.0, f64::NAN], "f4", false);
    let infinite = bytes_of(&[1.0, 1.0, 1.0, f64::INFINITY], "f8", false);
    snapshot(
        "not_finite",
        &[
            refused_npy(npy("<f4", false, "(2,)", &nan)),
            // Of columns, the second number in the file is w[1,0].
            refused_npy(npy("<f8", true, "(2, 2)", &infinite)),
            refused("d/v.json", br#"{"a": 1, "w": [[1, 2], [3, null]], "x": [NaN]}"#).to_string(),
            refused("v.json", br#"{"w": [[1, 2], [3, null]], "b": "1", "c": 1e999}"#).to_string(),
            refused("v.json", br#"{"w": {"dtype": "f16", "shape": [], "data": 70000}}"#)
                .to_string(),
        ]
        .join("\n"),
    );
}

#[test]
fn files_that_lie_are_refused() {
    let four = [0; 16];
    let header = |text: &str| {
        let mut out = b"\x93NUMPY\x01\x00".to_vec();
        out.extend((text.len() as u16).to_le_bytes());
        out.extend(text.bytes());
        out
    };
    let long = {
        let mut out = b"\x93NUMPY\x02\x00".to_vec();
        out.extend(u32::MAX.to_le_bytes());
        out
    };
    let st = |text: &str, data: usize| refused("v.safetensors", &safetensors(text, &vec![0; data]));
    let whole = npz(&[("w", npy("<f4", false, "(4,)", &four))], false);
    let refusals = [
        refused_npy(npy("<f4", false, "(5,)", &four)),
        refused_npy(npy("<f4", false, "(3,)", &four)),
        refused_npy(npy("<f4", false, "(18446744073709551615, 2)", &four)),
        refused_npy(npy("<f4", false, "(99999999999999999999999,)", &four)),
        refused_npy(npy("<f4", false, "(1000000, 1000000)", &four)),
        refused_npy(npy("<f4", false, "(0, 3)", &[])),
        refused_npy(npy("<f4", false, "(1,1,1,1,1,1,1,1,1)", &four)),
        refused_npy(npy("|O", false, "(2,)", &four)),
        refused_npy(npy("<c8", false, "(2,)", &four)),
        refused_npy(npy("|V2", false, "(8,)", &four)),
        refused_npy(npy("|b1", false, "(2,)", &[1, 2])),
        refused_npy(header(&"(".repeat(9000))),
        refused_npy(header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }")),
        refused_npy(header("{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': ()}")),
        refused_npy(long),
        refused_npy(b"hello".to_vec()),
        refused_npy(b"\x93NUMPY".to_vec()),
        refused("v.npz", &whole[..whole.len() - 10]).to_string(),
        refused("v.npz", b"").to_string(),
        refused("v.npz", &npy("<f4", false, "(4,)", &four)).to_string(),
        refused("v.safetensors", b"abc").to_string(),
        refused("v.safetensors", &u64::MAX.to_le_bytes()).to_string(),
        refused("v.safetensors", &[&9u64.to_le_bytes()[..], b"{}"].concat()).to_string(),
        st(r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 7).to_string(),
        st(r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8).to_string(),
        st(r#"{"w":{"dtype":"F32","shape":[9],"data_offsets":[0,8]}}"#, 8).to_string(),
        st(r#"{"w":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}"#, 8).to_string(),
        st(
            r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
            8,
        )
        .to_string(),
        refused("v.json", br#"{"w": 1, "w": 1}"#).to_string(),
        refused("v.json", br#"{"w": [[1, 2], [3]]}"#).to_string(),
        refused("v.json", br#"{"w": [[1, 2], 3]}"#).to_string(),
        refused("v.json", br#"{"w": [1, [2]]}"#).to_string(),
        refused("v.json", br#"{"w": []}"#).to_string(),
        refused("v.json", br#"{"w": {"data": [1]}}"#).to_string(),
        refused("v.json", br#"{"w": {"dtype": "f32", "shape": [3], "data": [1, 2]}}"#).to_string(),
        refused("v.json", b"[1, 2]").to_string(),
        refused("v.json", br#"{"w": [1, 2"#).to_string(),
        refused("v.pth", b"").to_string(),
        refused("values", b"").to_string(),
    ];
    snapshot("refused", &refusals.join("\n"));
}

#[test]
fn depth_and_repetition_are_bounded() {
    let deep = format!("{{\"w\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(refused("v.json", deep.as_bytes()).kind(), Kind::Shape);
    let deep = "{\"w\":".repeat(100_000);
    assert_eq!(refused("v.json", deep.as_bytes()).kind(), Kind::Syntax);
    assert_eq!(refused("v.safetensors", &safetensors(&deep, &[])).kind(), Kind::Syntax);
    let entries: Vec<String> = (0..=MAX_ARRAYS).map(|n| format!("\"a{n}\": 1")).collect();
    let many = format!("{{{}}}", entries.join(","));
    assert!(refused("v.json", many.as_bytes()).message().contains("10000 arrays"));
    let name = "n".repeat(MAX_NAME_BYTES + 1);
    let error = refused("v.json", format!("{{\"{name}\": 1}}").as_bytes());
    assert_eq!(error.kind(), Kind::Limit);
    let long = format!("{{\"w\": [{}1]}}", "1,".repeat(MAX_ELEMENTS));
    assert!(refused("v.json", long.as_bytes()).message().contains("4194304"));
}

/// 64 MiB of zeros in 64 KiB: unpacking stops where no array can be.
#[test]
fn a_zip_bomb_is_not_unpacked() {
    let bomb = npz(&[("w", vec![0; 2 * MAX_ELEMENTS * 8])], true);
    assert!(bomb.len() < 1 << 18);
    let error = refused("v.npz", &bomb);
    assert_eq!(
        (error.kind(), error.message()),
        (Kind::Limit, "v.npz: unpacked, the arrays take more than 32 MiB")
    );
    let quarter =
        npy("<f8", false, &format!("({},)", MAX_ELEMENTS / 2), &vec![0; MAX_ELEMENTS * 4]);
    let names = ["a", "b", "c"].map(|n| (n, quarter.clone()));
    assert_eq!(refused("v.npz", &npz(&names, true)).kind(), Kind::Limit);
}

#[test]
fn an_archive_with_a_name_twice_is_refused() {
    let array = || npy("<f4", false, "(1,)", &[0; 4]);
    let mut bytes = npz(&[("aa", array()), ("bb", array())], false);
    let text = bytes.clone();
    for n in 0..text.len() - 6 {
        if text[n..].starts_with(b"bb.npy") {
            bytes[n..n + 2].copy_from_slice(b"aa");
        }
    }
    assert_eq!(refused("v.npz", &bytes).message(), "v.npz: the array `aa` is there twice");
}

#[test]
fn a_big_file_is_refused_before_it_is_read() {
    let zeros = vec![0; MAX_FILE_BYTES + 1];
    assert_eq!(refused("v.json", &zeros).message(), "v.json: the file is longer than 128 MiB");
}

const NETWORK: &str = "input x[3]\nparam fc1_weight[2, 3], b[2], s\ntarget t\n\
                       E = (sum(fc1_weight)*sum(b) + s*sum(x) - t)^2";

fn json(name: &str, text: &str) -> File {
    read(name, text.as_bytes()).unwrap()
}

fn net(text: &str) -> crate::net::Network {
    crate::lang::parse_network(text).unwrap()
}

#[test]
fn arrays_find_their_quantities() {
    let net = net(NETWORK);
    let files = [
        json("v.json", r#"{"fc1.weight": [[1, 2, 3], [4, 5, 6]], "b": [[0.5, -1]], "s": [7]}"#),
        json("t.json", r#"{"t": 0}"#),
    ];
    let found = values(&net, &files).unwrap();
    let of = |name: &str| {
        let texts: Vec<String> =
            found[&net.find(name).unwrap()].iter().map(|q| q.to_string()).collect();
        texts.join(" ")
    };
    assert_eq!([of("fc1_weight"), of("b"), of("s"), of("t")], ["1 2 3 4 5 6", "1/2 -1", "7", "0"]);
    assert_eq!(found.len(), 4);
}

#[test]
fn gradients_are_marked_in_many_ways() {
    let net = net(NETWORK);
    let spelled = [
        ("fc1_weight", "fc1.weight.grad"),
        ("fc1_weight", "grad/fc1.weight"),
        ("b", "b"),
        ("b", "db"),
        ("b", "d_b"),
        ("b", "dE/db"),
        ("b", "dE_db"),
        ("b", "grads.b"),
        ("s", "s_grad"),
        ("x", "dL_dx"),
        ("t", "gradients/t"),
    ];
    for (name, array) in spelled {
        let id = net.find(name).unwrap();
        let zeros = match name {
            "fc1_weight" => "[[0, 0, 0], [0, 0, 0]]",
            "b" => "[0, 0]",
            "x" => "[0, 0, 0]",
            _ => "0",
        };
        let found = gradients(&net, &[json("g.json", &format!("{{\"{array}\": {zeros}}}"))]);
        assert_eq!(found.map(|all| all[0].quantity), Ok(id), "{array}");
    }
}

#[test]
fn what_does_not_fit_is_told_at_once() {
    let net = net(NETWORK);
    let told = |result: Result<String, Error>| -> String {
        let error = result.unwrap_err();
        error
            .all()
            .map(|e| {
                format!(
                    "{}\n{}",
                    e.message(),
                    e.hints().iter().map(|h| format!("    {h}\n")).collect::<String>()
                )
            })
            .collect()
    };
    let of_values =
        |text: &str| told(values(&net, &[json("v.json", text)]).map(|v| format!("{v:?}")));
    let of_gradients =
        |text: &str| told(gradients(&net, &[json("g.json", text)]).map(|v| format!("{v:?}")));
    let ambiguous = crate::lang::parse_network("param w, dw, a_b, ab\nE = w*dw + a_b*ab").unwrap();
    let twice =
        gradients(&ambiguous, &[json("g.json", r#"{"dw": 1, "a.b": 2, "grad_ab": 3, "ab": 4}"#)]);
    snapshot(
        "misfits",
        &[
            of_values(r#"{"fc1.wieght": [1], "b": [1, 2, 3], "E": 1, "banana": 2}"#),
            of_values(r#"{"fc1_weight": [[1, 2], [3, 4], [5, 6]], "b": [[1], [2]], "s": [1, 2], "x": [[1, 2, 3], [4, 5, 6]]}"#),
            of_values(r#"{"s": 1, "module.fc1.weight": [[1, 2, 3], [3, 4, 5]], "t": 1, "b": [1, 2], "x": [1, 2, 3]}"#),
            of_values(r#"{"0.weight": [[1, 2, 3], [3, 4, 5]], "s": 1, "t": 1, "b": [1, 2], "x": [1, 2, 3]}"#),
            of_gradients(r#"{"s": 1, "d_fc1.wieght": 3, "grad_s": 1}"#),
            of_gradients("{}"),
            told(twice.map(|v| format!("{v:?}"))),
        ]
        .join("--\n"),
    );
    let same = [json("a.json", r#"{"s": 1}"#), json("b.json", r#"{"s": 1}"#)];
    let error = values(&net, &same).unwrap_err();
    assert_eq!(error.message(), "`s` is there twice: `s` in a.json and `s` in b.json");
}

#[test]
fn class_numbers_are_recognised() {
    let net = net("param w[2, 3]\ntarget t[2, 3]\nE = cross_entropy(w, t)");
    let numbers = npy("<i8", false, "(2,)", &[2, 1].map(u64::to_le_bytes).concat());
    let file = read("v.npz", &npz(&[("t", numbers)], true)).unwrap();
    let error = values(&net, &[file]).unwrap_err();
    assert!(error.hints()[0].contains("`t` is one-hot"), "{error}");
    // Floats are class numbers, too, if they are whole, in a column as well; a class past the
    // last one is none.
    let told = |text: &str| {
        let error = values(&net, &[json("v.json", text)]).unwrap_err();
        error.hints()[0].clone()
    };
    assert!(told(r#"{"t": [2.0, 0.0]}"#).contains("numpy.eye(3)[labels]"));
    assert!(told(r#"{"t": [[2], [0]]}"#).contains("numpy.eye(3)[labels]"));
    assert!(!told(r#"{"t": [3, 0]}"#).contains("one-hot"));
    assert!(!told(r#"{"t": [0.5, 0]}"#).contains("one-hot"));
    assert!(!told(r#"{"t": [-1, 0]}"#).contains("one-hot"));
}

#[test]
fn a_kernel_of_another_layout_is_recognised() {
    let net = net("param w[4, 3, 2, 5]\nE = sum(w)");
    let zeros = vec![0u8; 120 * 4];
    let array = npy("<f4", false, "(2, 5, 3, 4)", &zeros);
    let file = read("v.npz", &npz(&[("w", array)], true)).unwrap();
    let error = values(&net, &[file]).unwrap_err();
    assert!(error.hints()[0].contains("(3, 2, 0, 1)"), "{error}");
}

/// Every number of 16 bits is what another program reads, and what lies between two neighbours goes
/// to the nearer one; from the middle to the even one.
#[test]
fn short_floats_are_read_and_rounded_to_the_nearest() {
    use super::decode::{BF16, F16};
    let theirs: [fn(u16) -> f64; 2] =
        [|bits| f16::from_bits(bits).to_f64(), |bits| bf16::from_bits(bits).to_f64()];
    for (format, theirs) in [F16, BF16].into_iter().zip(theirs) {
        for bits in 0..=u16::MAX {
            let (own, other) = (format.value(bits), theirs(bits));
            assert!(own.to_bits() == other.to_bits() || own.is_nan() && other.is_nan(), "{bits:x}");
            let below = format.value(bits & 0x7FFF);
            if !below.is_finite() {
                continue;
            }
            let (sign, above) = (1f64.copysign(own), format.value((bits & 0x7FFF) + 1));
            assert_eq!(format.nearest(own).to_bits(), own.to_bits());
            // Where the next number would be, if there is none.
            let step = if above.is_finite() {
                above - below
            } else {
                below - format.value((bits & 0x7FFF) - 1)
            };
            let middle = below + step / 2.0;
            let even = if bits % 2 == 0 { below } else { above };
            assert_eq!(format.nearest(sign * middle), sign * even, "{bits:x}");
            assert_eq!(format.nearest(sign * middle.next_down()), sign * below, "{bits:x}");
            assert_eq!(format.nearest(sign * middle.next_up()), sign * above, "{bits:x}");
        }
        assert!(format.nearest(f64::NAN).is_nan());
        assert_eq!(format.nearest(f64::MAX), f64::INFINITY);
        assert_eq!(format.nearest(-f64::MAX), f64::NEG_INFINITY);
        assert_eq!(format.nearest(f64::from_bits(1)).to_bits(), 0);
        assert_eq!(format.nearest(-f64::from_bits(1)).to_bits(), (-0f64).to_bits());
    }
}
