//! A `.npz` file: a ZIP archive with one `.npy` for each array, stored or deflated.
//!
//! The archive's own sizes are not believed: an entry is unpacked up to what all limits leave
//! room for, and no further.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::{Array, MAX_ARRAYS, MAX_ELEMENTS, MAX_NPY_HEADER, Room, all_or, malformed, npy};
use crate::diag::{Error, Kind};

/// The most bytes that all arrays take unpacked: eight for each element, and the headers.
const MAX_UNPACKED: usize = MAX_ELEMENTS * 8;

/// The arrays in these bytes.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Array>, Error> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|fault| {
        let error = unreadable(&fault);
        match bytes {
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => {
                error.hint("it is a single array; numpy.savez(\"v.npz\", w=w) keeps its name")
            }
            _ => error.hint("numpy.savez writes such files"),
        }
    })?;
    if archive.len() > MAX_ARRAYS {
        let sentence = format!("there are more than {MAX_ARRAYS} arrays");
        return Err(Error::new(Kind::Limit, sentence));
    }
    check_names(&directory(bytes, archive.central_directory_start()))?;
    let mut room = Room::default();
    let mut left = MAX_UNPACKED;
    all_or((0..archive.len()).map(|n| entry(&mut archive, n, &mut left, &mut room)))
}

fn unreadable(fault: &ZipError) -> Error {
    match fault {
        ZipError::UnsupportedArchive(why) => malformed(format!("the archive is not read: {why}")),
        _ => malformed("this is no .npz file, or a damaged one"),
    }
}

fn entry(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    n: usize,
    left: &mut usize,
    room: &mut Room,
) -> Result<Array, Error> {
    let name = archive.name_for_index(n).unwrap_or_default().to_string();
    let shown: String = name.chars().take(60).collect();
    let mut file = archive
        .by_index(n)
        .map_err(|fault| malformed(format!("the entry `{shown}` cannot be read: {fault}")))?;
    let stem = name.strip_suffix(".npy").unwrap_or(&name);
    let mut unpacked = Vec::new();
    let most = *left + MAX_NPY_HEADER + 12;
    let read = file.by_ref().take(most as u64 + 1).read_to_end(&mut unpacked);
    if read.map_err(|fault| malformed(format!("the entry `{shown}` is damaged: {fault}")))? > most {
        let sentence = format!("unpacked, the arrays take more than {} MiB", MAX_UNPACKED >> 20);
        return Err(Error::new(Kind::Limit, sentence).hint("keep only the arrays of this network"));
    }
    *left = left.saturating_sub(unpacked.len());
    npy::read(stem, &unpacked, room)
}

/// The names in the central directory, in its order: the archive itself keeps one of each.
fn directory(bytes: &[u8], start: u64) -> Vec<&[u8]> {
    let mut names = Vec::new();
    let mut rest = usize::try_from(start).ok().and_then(|s| bytes.get(s..)).unwrap_or_default();
    while let Some(entry) = rest.strip_prefix(b"PK\x01\x02") {
        let length = |at: usize| match entry.get(at..at + 2) {
            Some(two) => usize::from(two[0]) | usize::from(two[1]) << 8,
            None => 0,
        };
        // Offsets of the ZIP format, less the four bytes of the signature.
        let (name, extra, comment) = (length(24), length(26), length(28));
        let Some(text) = entry.get(42..42 + name) else { break };
        names.push(text);
        rest = entry.get(42 + name + extra + comment..).unwrap_or_default();
    }
    names
}

fn check_names(names: &[&[u8]]) -> Result<(), Error> {
    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    let Some(twice) = sorted.windows(2).find(|two| two[0] == two[1]) else { return Ok(()) };
    let name = String::from_utf8_lossy(twice[0]);
    let shown: String = name.strip_suffix(".npy").unwrap_or(&name).chars().take(60).collect();
    Err(Error::new(Kind::Name, format!("the array `{shown}` is there twice")))
}
