#![no_main]
backproof_fuzz::target!(arrays, seconds: 1);
