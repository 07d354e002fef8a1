//! A fuzzer's bytes, read as numbers and texts.

/// Begins a repetition in [`expand`]; no part of a request, so that texts stay readable.
pub const REPEAT: u8 = 0xfd;

/// The most that [`expand`] makes: more than the events buffer of Milo.
pub const MAX_EXPANDED: usize = 80 * 1024;

/// Reads from the front; past the end everything is 0 and empty.
pub struct Script<'a> {
    rest: &'a [u8],
}

impl<'a> Script<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self { rest: data }
    }

    pub fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        first
    }

    pub fn number(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.byte()) % choices.len()]
    }

    /// A text behind the byte that tells its length.
    pub fn text(&mut self) -> &'a [u8] {
        let len = usize::from(self.byte()).min(self.rest.len());
        let (text, rest) = self.rest.split_at(len);
        self.rest = rest;
        text
    }

    pub fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.rest)
    }
}

/// Writes out repetitions: `REPEAT len times times` stands for the `len` bytes before it, so many
/// times more. Small inputs can so reach the limits. `REPEAT 0` is the byte itself.
pub fn expand(text: &[u8]) -> Vec<u8> {
    let mut script = Script::new(text);
    let mut out = Vec::new();
    while !script.is_over() && out.len() < MAX_EXPANDED {
        let byte = script.byte();
        if byte != REPEAT {
            out.push(byte);
            continue;
        }
        let len = usize::from(script.byte());
        if len == 0 {
            out.push(REPEAT);
            continue;
        }
        let times = usize::from(script.number());
        let from = out.len().saturating_sub(len);
        let unit = out[from..].to_vec();
        let room = (MAX_EXPANDED - out.len()) / unit.len().max(1);
        for _ in 0..times.min(room) {
            out.extend_from_slice(&unit);
        }
    }
    out
}
