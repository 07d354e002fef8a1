//! The number beside a packed head: how JavaScript cuts it without looking.

use http1::{BodyLength, RequestHead, Version};

/// Bits 0 to 5: flags. Bits 6 to 10: the method's length, 0 when it does not fit. Bits 11 to 30:
/// the target's length, 0 when it does not fit. In all a small integer, which costs V8 nothing.
/// lib/exchange.js reads it.
const HTTP_1_0: u32 = 1;
const HAS_BODY: u32 = 2;
const EXPECTS_CONTINUE: u32 = 4;
const IS_HEAD: u32 = 8;

const METHOD_SHIFT: u32 = 6;
const METHOD_MAX: u32 = 31;
const TARGET_SHIFT: u32 = 11;
const TARGET_MAX: u32 = (1 << 20) - 1;

pub fn pack(head: &RequestHead) -> f64 {
    let mut meta = 0;
    if head.version == Version::Http10 {
        meta |= HTTP_1_0;
    }
    if !matches!(head.body, BodyLength::None | BodyLength::Length(0)) {
        meta |= HAS_BODY;
    }
    if head.expect_continue {
        meta |= EXPECTS_CONTINUE;
    }
    if head.is_head {
        meta |= IS_HEAD;
    }
    let method = u32::from(head.method_len);
    if method <= METHOD_MAX {
        meta |= method << METHOD_SHIFT;
    }
    if head.target_len <= TARGET_MAX {
        meta |= head.target_len << TARGET_SHIFT;
    }
    f64::from(meta)
}
