//! Bytes in any split: no panic, no loop, no more held than the limits allow, and the same
//! events as in one piece; and whatever is accepted may be accepted.

use http1::{Decoded, Engine, Limits, MAX_CHUNK_LINE, Refusal, RequestDecoder};

use super::accepted::Message;
use super::script::{Script, expand};

/// Everything one stream of bytes came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    pub messages: Vec<Message>,
    pub refusal: Option<Refusal>,
    /// Bytes of a head or a body are missing at the end.
    pub is_cut: bool,
}

/// Input: the limits, three sizes of pieces, the stream.
pub fn run(data: &[u8]) {
    let mut script = Script::new(data);
    let limits = Limits {
        max_header_size: script.pick(&[16_384, 64, 400, 65_536]),
        max_headers_count: script.pick(&[200, 3, 20_000]),
        max_request_body_size: script.pick(&[1 << 27, 10, u64::MAX]),
        max_requests_per_connection: 0,
    };
    let sizes = [script.byte(), script.byte(), script.byte()].map(|size| usize::from(size) + 1);
    let stream = expand(script.rest());
    let engine = &mut Engine::new();
    let whole = decode(engine, &limits, [&stream[..]]);
    let refused_at = whole.refusal.as_ref().map_or(stream.len(), |refusal| refusal.offset as usize);
    for message in &whole.messages {
        message.check(&limits, &stream[..refused_at]);
    }
    let mut rest = &stream[..];
    let pieces = sizes.iter().cycle().map_while(|&size| {
        let (piece, behind) = rest.split_at(size.min(rest.len()));
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    });
    assert_same(&decode(engine, &limits, pieces), &whole, "in pieces");
    // Long streams byte by byte would take the time of a thousand short ones.
    let size = if stream.len() <= 2_048 { 1 } else { 61 };
    assert_same(&decode(engine, &limits, stream.chunks(size)), &whole, "in small pieces");
    let lines = stream.split_inclusive(|&byte| byte == b'\n');
    assert_same(&decode(engine, &limits, lines), &whole, "line by line");
}

fn assert_same(split: &Outcome, whole: &Outcome, how: &str) {
    assert!(split == whole, "{how}: {split:#?}\nin one piece: {whole:#?}");
}

/// Feeds the pieces one after the other. Another connection has the same bytes in between, so
/// that what one leaves behind in the engine would show in the other.
pub fn decode<'a>(
    engine: &mut Engine,
    limits: &Limits,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Outcome {
    let mut decoder = RequestDecoder::new();
    let mut other = RequestDecoder::new();
    let mut outcome = Outcome::default();
    let mut feed = Feed { at: 0, start: 0, quiet: 0 };
    for piece in pieces {
        if let Err(refusal) = feed.piece(engine, &mut decoder, limits, piece, &mut outcome) {
            assert!(refusal.offset <= (feed.at + piece.len()) as u64, "a fault in the future");
            let again = decoder.decode(engine, limits, b"GET / HTTP/1.0\r\n\r\n");
            assert_eq!(again.unwrap_err().status, 0, "nothing is served behind a refusal");
            outcome.refusal = Some(refusal);
            return outcome;
        }
        let half = &piece[piece.len() / 2..];
        if other.decode(engine, limits, half).is_err() {
            other = RequestDecoder::new();
        }
    }
    let is_inside = !decoder.is_between_messages();
    outcome.is_cut = decoder.finish().is_err();
    assert!(is_inside || !outcome.is_cut);
    outcome
}

struct Feed {
    /// Bytes decoded.
    at: usize,
    /// Where the message starts.
    start: usize,
    /// Bytes used since something was told: all that can be held.
    quiet: usize,
}

impl Feed {
    fn piece(
        &mut self,
        engine: &mut Engine,
        decoder: &mut RequestDecoder,
        limits: &Limits,
        piece: &[u8],
        outcome: &mut Outcome,
    ) -> Result<(), Refusal> {
        let mut rest = piece;
        loop {
            let (used, found) = decoder.decode(engine, limits, rest)?;
            let is_ending = found == Decoded::End;
            assert!(used > 0 || rest.is_empty() || is_ending, "no progress");
            self.at += used;
            self.quiet = if found == Decoded::NeedMore { self.quiet + used } else { 0 };
            match found {
                Decoded::NeedMore => {
                    assert_eq!(used, rest.len(), "NeedMore uses everything");
                    self.check_held(decoder, limits);
                    return Ok(());
                }
                Decoded::Head(head) => outcome.messages.push(Message {
                    head,
                    packed: engine.head().to_vec(),
                    start: self.start,
                    head_end: self.at,
                    ..Message::default()
                }),
                Decoded::Data(range) => {
                    assert!(!range.is_empty() && range.end == used);
                    let message = outcome.messages.last_mut().unwrap();
                    message.body.extend_from_slice(&rest[range]);
                }
                Decoded::End => {
                    let message = outcome.messages.last_mut().unwrap();
                    message.trailers = engine.trailers().to_vec();
                    message.end = Some(self.at);
                    self.start = self.at;
                    assert!(decoder.is_between_messages());
                }
            }
            rest = &rest[used..];
        }
    }

    fn check_held(&self, decoder: &RequestDecoder, limits: &Limits) {
        let head = limits.max_header_size as usize;
        if decoder.has_partial_head() {
            assert!(self.quiet < head, "{} bytes held of a head", self.quiet);
        }
        // The end of a chunk, a size line, then perhaps trailers.
        let bound = 2 + MAX_CHUNK_LINE + head;
        assert!(self.quiet <= bound, "{} bytes held", self.quiet);
    }
}
