//! The program as a person meets it, run from outside: `run` starts it in a folder of its own.

#[cfg(target_os = "linux")]
mod faults;
mod files;
#[cfg(target_os = "linux")]
mod hostile;
mod pages;
#[cfg(unix)]
mod readme;
mod review;
mod run;
