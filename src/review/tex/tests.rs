//! Readings, and what must hold for any text.

mod print;
