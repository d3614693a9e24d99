//! Files of arrays. In go choices, out come the bytes of a `.npz`, a `.safetensors` or a `.json`
//! that is right, or that lies about its lengths, types, offsets and checksums.

use std::io::{Cursor, Write};

use zip::write::{SimpleFileOptions, ZipWriter};

use super::choices::Choices;

/// The network that the arrays are matched to.
pub const NETWORK: &str = "input x[3]\nparam w[2, 3], b[2], fc1_weight[1, 2], s\ntarget t\n\
    h = relu(w @ x + b)\ny = sum(fc1_weight @ h) + s\nE = (t - y)^2 / 2";

/// Names of its quantities as files spell them, and others.
const NAMES: &[&str] = &[
    "w",
    "b",
    "x",
    "t",
    "s",
    "fc1.weight",
    "fc1_weight",
    "grad_w",
    "dE_db",
    "h",
    "y",
    "E",
    "w_grad",
    "fc1/weight",
    "model.w",
    "d_s",
    "q",
    "",
    "W",
    "dw",
    "w:0",
];

/// The shapes of its quantities, and others.
const SHAPES: &[&[usize]] = &[
    &[2, 3],
    &[2],
    &[3],
    &[],
    &[1, 2],
    &[1, 3],
    &[1],
    &[3, 2],
    &[6],
    &[2, 2, 2],
    &[0],
    &[1, 1, 2, 3],
];

fn shape(c: &mut Choices, name: &str) -> Vec<usize> {
    // Mostly that of the name.
    let own: Option<&[usize]> = match name.trim_start_matches("grad_").trim_end_matches("_grad") {
        "w" | "dw" | "w:0" | "W" => Some(&[2, 3]),
        "b" | "h" | "dE_db" => Some(&[2]),
        "x" => Some(&[3]),
        "fc1.weight" | "fc1_weight" | "fc1/weight" => Some(&[1, 2]),
        "t" | "s" | "y" | "E" | "d_s" => Some(&[]),
        _ => None,
    };
    match own {
        Some(own) if c.below(16) > 0 => own.to_vec(),
        _ => c.pick(SHAPES).to_vec(),
    }
}

/// Lengths that nobody has room for.
const WILD: &[u64] = &[u64::MAX, 1 << 32, 1 << 22, (1 << 22) + 1, 1 << 62, 4_194_305, 65_536, 0];

fn name(c: &mut Choices, n: usize) -> String {
    // Equal names are refused, so most follow one another.
    match c.chance(240) {
        true => NAMES[n % NAMES.len()].to_string(),
        false => c.pick(NAMES).to_string(),
    }
}

/// Numbers of so many bytes each: mostly small ones, which every type has.
fn data(c: &mut Choices, elements: usize, each: usize) -> Vec<u8> {
    match c.below(8) {
        0 => (0..elements * each).map(|_| c.byte()).collect(),
        1 => vec![c.byte(); elements * each],
        2 | 3 => vec![0; elements * each],
        _ => {
            let one: Vec<u8> = (0..each).map(|n| u8::from(n == 0)).collect();
            one.repeat(elements)
        }
    }
}

/// A `.npz`.
pub fn npz(c: &mut Choices) -> Vec<u8> {
    let method = if c.below(3) == 0 {
        zip::CompressionMethod::Deflated
    } else {
        zip::CompressionMethod::Stored
    };
    let options = SimpleFileOptions::default().compression_method(method);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for n in 0..1 + c.below(4) {
        let name = name(c, n);
        let array = npy(c, &name);
        let ending = if c.chance(10) { ".txt" } else { ".npy" };
        // A name that is there already is refused by the writer.
        if writer.start_file(format!("{name}{ending}"), options).is_ok() {
            let _ = writer.write_all(&array);
        }
    }
    writer.finish().map_or(Vec::new(), Cursor::into_inner)
}

fn npy(c: &mut Choices, name: &str) -> Vec<u8> {
    let shape = shape(c, name);
    const TYPES: &[(&str, usize)] = &[
        ("<f4", 4),
        ("<f8", 8),
        ("<f2", 2),
        ("|b1", 1),
        ("<i8", 8),
        ("<u8", 8),
        (">f8", 8),
        ("<i4", 4),
        ("|i1", 1),
        ("bfloat16", 2),
        (">i2", 2),
        ("=u4", 4),
        ("|O", 8),
        ("<c16", 16),
        ("<V2", 2),
        ("|S5", 5),
    ];
    let of = if c.chance(20) { TYPES } else { &TYPES[..12] };
    let (descr, each) = c.pick(of);
    let mut lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    if c.chance(12) {
        lengths.push(c.pick(WILD).to_string());
    }
    let comma = if lengths.len() == 1 { "," } else { "" };
    let order = if c.chance(60) { "True" } else { "False" };
    let mut header = format!(
        "{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({}{comma}), }}",
        lengths.join(", ")
    );
    if c.chance(12) {
        header = header.replace(
            c.pick(&["'", ",", " ", "False", "(", "}"]),
            c.pick(&["\"", "", "  ", "(", "[", "é"]),
        );
    }
    header += &" ".repeat(c.below(20));
    header.push('\n');
    let version = if c.chance(20) { 1 + c.below(4) as u8 } else { 1 };
    let mut out = b"\x93NUMPY".to_vec();
    out.extend([version, 0]);
    let claimed = if c.chance(8) { c.word() as usize } else { header.len() };
    match version {
        1 => out.extend((claimed as u16).to_le_bytes()),
        _ => out.extend((claimed as u32).to_le_bytes()),
    }
    out.extend(header.bytes());
    let mut numbers = data(c, shape.iter().product(), each);
    if c.chance(8) {
        numbers.truncate(numbers.len().saturating_sub(1 + c.below(8)));
    }
    out.extend(numbers);
    out
}

/// A `.safetensors`.
pub fn safetensors(c: &mut Choices) -> Vec<u8> {
    const TYPES: &[(&str, usize)] = &[
        ("F32", 4),
        ("F64", 8),
        ("F16", 2),
        ("BF16", 2),
        ("I64", 8),
        ("U64", 8),
        ("BOOL", 1),
        ("I8", 1),
        ("U8", 1),
        ("I32", 4),
        ("U16", 2),
        ("F8_E4M3", 1),
        ("C64", 8),
    ];
    let (mut entries, mut all) = (Vec::new(), Vec::new());
    if c.chance(60) {
        entries.push("\"__metadata__\": {\"format\": \"pt\"}".to_string());
    }
    for n in 0..1 + c.below(4) {
        let name = name(c, n);
        let shape = shape(c, &name);
        let of = if c.chance(20) { TYPES } else { &TYPES[..11] };
        let (dtype, each) = c.pick(of);
        let bytes = shape.iter().product::<usize>() * each;
        let (mut from, mut to) = (all.len() as u64, (all.len() + bytes) as u64);
        if c.chance(8) {
            from = from.wrapping_sub(c.below(9) as u64);
        }
        if c.chance(8) {
            to = c.pick(WILD);
        }
        all.extend(data(c, shape.iter().product(), each));
        let mut lengths = format!("{shape:?}");
        if c.chance(8) {
            lengths = format!("[{}, {}]", c.pick(WILD), c.pick(WILD));
        }
        entries.push(format!("\"{name}\": {{\"dtype\": \"{dtype}\", \"shape\": {lengths}, \"data_offsets\": [{from}, {to}]}}"));
    }
    let mut header = format!("{{{}}}", entries.join(", "));
    if c.chance(100) {
        header += &" ".repeat(c.below(9));
    }
    let claimed = if c.chance(8) { c.word() } else { header.len() as u64 };
    let mut out = claimed.to_le_bytes().to_vec();
    out.extend(header.bytes());
    out.extend(all);
    out
}

/// A `.json`.
pub fn json(c: &mut Choices) -> String {
    let mut entries = Vec::new();
    for n in 0..1 + c.below(5) {
        let name = name(c, n);
        let shape = shape(c, &name);
        let value = match c.below(3) {
            0 => {
                let numbers: Vec<String> = (0..shape.iter().product()).map(|_| number(c)).collect();
                let data = if c.below(3) == 0 {
                    nested(c, &shape)
                } else {
                    format!("[{}]", numbers.join(", "))
                };
                let dtype = c.pick(&[
                    "f32", "float64", "bf16", "f16", "decimal", "f64", "i64", "integer", "f8",
                ]);
                let mut all = vec![
                    format!("\"dtype\": \"{dtype}\""),
                    format!("\"shape\": {shape:?}"),
                    format!("\"data\": {data}"),
                ];
                all.rotate_left(c.below(3));
                if c.chance(10) {
                    all.pop();
                }
                format!("{{{}}}", all.join(", "))
            }
            _ => nested(c, &shape),
        };
        entries.push(format!("\"{name}\"{}: {value}", c.pick(&["", " "])));
    }
    format!(
        "{}{{{}}}",
        if c.chance(6) { "\u{feff}" } else { "" },
        entries.join(c.pick(&[", ", ",", ",\n"]))
    )
}

fn nested(c: &mut Choices, shape: &[usize]) -> String {
    match shape.split_first() {
        None => number(c),
        Some((n, rest)) => {
            let ragged = c.chance(4);
            let all: Vec<String> = (0..n + usize::from(ragged)).map(|_| nested(c, rest)).collect();
            format!("[{}]", all.join(c.pick(&[", ", ","])))
        }
    }
}

fn number(c: &mut Choices) -> String {
    const NUMBERS: &[&str] = &[
        "1",
        "0",
        "0.1",
        "-2.5",
        "1e-3",
        "3E+5",
        "-0",
        "0.30000000000000004",
        "1e300",
        "123456789012345678901234567890",
        "5e-324",
        "65504",
        "3.4e38",
        "1",
        "2",
        "-7",
    ];
    const OTHERS: &[&str] = &[
        "1e999",
        "NaN",
        "-Infinity",
        "null",
        "true",
        "\"-inf\"",
        "\"1\"",
        "[]",
        "{}",
        "1e-999999999999",
        "01",
        ".5",
        "0e99999999999999999999",
    ];
    if c.chance(1) { c.pick(OTHERS).to_string() } else { c.pick(NUMBERS).to_string() }
}
