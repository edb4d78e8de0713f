//! Chance that is the same in every run.

/// Splitmix64: every bit of the result depends on every bit of the count.
pub fn spread(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

/// A stream of numbers that follows from its seed.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The stream of that seed.
    pub fn new(seed: u64) -> Self {
        Self(spread(seed))
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        spread(self.0)
    }

    /// From 0 up to, not including, `end`; 0 when that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        // The bias is below one in 2^40 for every size used here.
        ((u128::from(self.number()) * end as u128) >> 64) as usize
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    /// Any of them.
    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// All of them in another order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}

/// Whole numbers from 1 to a bound, each `k` as likely as `k` to the power of minus the exponent: most are 1, a few are
/// near the bound.
#[derive(Debug, Clone)]
pub(super) struct Zipf(Vec<f64>);

impl Zipf {
    pub(super) fn new(bound: usize, exponent: f64) -> Self {
        let mut sum = 0.0;
        let mut cumulated: Vec<f64> = (1..=bound)
            .map(|k| {
                sum += (k as f64).powf(-exponent);
                sum
            })
            .collect();
        cumulated.iter_mut().for_each(|share| *share /= sum);
        Self(cumulated)
    }

    pub(super) fn draw(&self, random: &mut Random) -> usize {
        let share = random.number() as f64 / u64::MAX as f64;
        self.0.partition_point(|cumulated| *cumulated < share).min(self.0.len() - 1) + 1
    }
}
