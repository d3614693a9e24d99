#![no_main]
backproof_fuzz::target!(latex, seconds: 1);
