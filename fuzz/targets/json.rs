#![no_main]
backproof_fuzz::target!(json, seconds: 1);
