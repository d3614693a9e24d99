#![no_main]
backproof_fuzz::target!(html, seconds: 1);
