#![no_main]
backproof_fuzz::target!(formula, seconds: 1);
