//! `pow`, which the runtime calls to smooth its statistics.
//!
//! Law: the program loads no library for a single function. The system's library of mathematics has a variant of everything
//! for every processor and chooses among them when it is loaded: half a megabyte of a router at rest.

/// `base` to the power of `exponent`, with the name and the signature that C has for it.
#[allow(unsafe_code, reason = "a name that the linker looks for; what is behind it is safe")]
#[unsafe(no_mangle)]
extern "C" fn pow(base: f64, exponent: f64) -> f64 {
    libm::pow(base, exponent)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_power_is_what_multiplying_makes_it() {
        let tenth: f64 = std::hint::black_box(0.9);
        let product: f64 = (0..64).map(|_| tenth).product();
        assert!((super::pow(tenth, 64.0) - product).abs() < 1e-15);
        assert_eq!(tenth.powf(std::hint::black_box(0.0)).to_bits(), 1_f64.to_bits());
    }
}
