#![no_main]
backproof_fuzz::target!(rst, seconds: 1);
