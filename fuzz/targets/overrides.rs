#![no_main]
backproof_fuzz::target!(overrides, seconds: 1);
