//! A `.safetensors` file: the length of a header, a header in JSON, and the raw numbers, always
//! row-major and the smaller byte first. The crate of the format's authors checks the offsets.

use safetensors::tensor::{Dtype as Type, SafeTensorError, SafeTensors};

use super::decode::{Layout, Stored, array};
use super::{Array, MAX_SAFETENSORS_HEADER, Room, all_or, json, malformed};
use crate::diag::{Error, Kind};

/// The arrays in these bytes, in the order of their numbers.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Array>, Error> {
    let (length, text) = bytes.split_first_chunk::<8>().ok_or_else(too_short)?;
    let length = u64::from_le_bytes(*length);
    if length > MAX_SAFETENSORS_HEADER as u64 {
        let sentence =
            format!("its header claims {length} bytes: at most {MAX_SAFETENSORS_HEADER} are read");
        return Err(Error::new(Kind::Limit, sentence).hint("is it a .safetensors file?"));
    }
    let text = text.get(..length as usize).ok_or_else(too_short)?;
    // The crate keeps the last of several equal names.
    json::check_names(text)?;
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|fault| unreadable(&fault))?;
    let data = &bytes[8 + length as usize..];
    let mut room = Room::default();
    let names = metadata.offset_keys();
    all_or(names.iter().map(|name| {
        let Some(info) = metadata.info(name) else {
            return Err(malformed(format!("`{name}` is listed and not there")));
        };
        let lengths: Vec<u64> = info.shape.iter().map(|l| *l as u64).collect();
        let stored = stored(name, info.dtype)?;
        let shape = room.shape(name, &lengths)?;
        let (start, end) = info.data_offsets;
        let numbers = data.get(start..end).unwrap_or_default();
        array(name, shape, Layout { stored, big_endian: false, fortran: false }, numbers)
    }))
}

fn too_short() -> Error {
    malformed("the file ends within its header").hint("was the file cut off?")
}

fn unreadable(fault: &SafeTensorError) -> Error {
    match fault {
        SafeTensorError::MetadataIncompleteBuffer => {
            malformed("its numbers take another number of bytes than its header says")
                .hint("was the file cut off?")
        }
        SafeTensorError::InvalidOffset(name) => {
            malformed(format!("the bytes of `{name}` do not follow those of the array before it"))
        }
        other => malformed(format!("this is no .safetensors file, or a damaged one: {other}")),
    }
}

fn stored(name: &str, dtype: Type) -> Result<Stored, Error> {
    Ok(match dtype {
        Type::BOOL => Stored::Bool,
        Type::I8 => Stored::Signed(1),
        Type::I16 => Stored::Signed(2),
        Type::I32 => Stored::Signed(4),
        Type::I64 => Stored::Signed(8),
        Type::U8 => Stored::Unsigned(1),
        Type::U16 => Stored::Unsigned(2),
        Type::U32 => Stored::Unsigned(4),
        Type::U64 => Stored::Unsigned(8),
        Type::F16 => Stored::F16,
        Type::BF16 => Stored::Bf16,
        Type::F32 => Stored::F32,
        Type::F64 => Stored::F64,
        other => {
            let sentence =
                format!("the numbers of `{name}` are of type `{other}`, which is not read");
            return Err(Error::new(Kind::Value, sentence)
                .hint("f16, bf16, f32, f64, integers and bool are read"));
        }
    })
}
