//! What JavaScript and libuv hold in place of pointers: slot and generation.

use slotmap::{Key as _, KeyData, new_key_type};

new_key_type! {
    /// A connection; stale once it has been closed.
    pub struct ConnectionKey;
    /// A listener; stale once it and all its connections have been closed.
    pub struct ListenerKey;
}

/// A slot fits 21 bits, so that slot and generation fit a JavaScript number.
const SLOT_BITS: u32 = 21;
const SLOTS: u64 = 1 << SLOT_BITS;

macro_rules! conversions {
    ($key:ident) => {
        impl $key {
            /// For libuv.
            pub fn to_bits(self) -> u64 {
                self.data().as_ffi()
            }

            pub fn from_bits(bits: u64) -> Self {
                KeyData::from_ffi(bits).into()
            }

            /// For JavaScript: a safe integer.
            pub fn to_number(self) -> f64 {
                let bits = self.to_bits();
                (((bits >> 32) << SLOT_BITS) | (bits & (SLOTS - 1))) as f64
            }

            pub fn from_number(number: f64) -> Self {
                let bits = number as u64;
                let key = Self::from_bits(((bits >> SLOT_BITS) << 32) | (bits & (SLOTS - 1)));
                // What `to_number` never gives names nothing, however near to a key it is.
                if key.to_number() == number { key } else { Self::default() }
            }
        }
    };
}

conversions!(ConnectionKey);
conversions!(ListenerKey);

impl ConnectionKey {
    /// Whether the slot can be told to JavaScript at all.
    pub fn is_representable(self) -> bool {
        (self.to_bits() & u64::from(u32::MAX)) < SLOTS
    }
}

#[cfg(test)]
mod tests {
    use slotmap::SlotMap;

    use super::{ConnectionKey, SLOTS};

    #[test]
    fn a_key_survives_the_way_through_javascript() {
        let mut slots: SlotMap<ConnectionKey, u8> = SlotMap::with_key();
        for round in 0..1000 {
            let key = slots.insert(0);
            assert_eq!(ConnectionKey::from_number(key.to_number()), key, "round {round}");
            assert_eq!(ConnectionKey::from_bits(key.to_bits()), key);
            assert!(key.is_representable());
            if round % 3 != 0 {
                slots.remove(key);
            }
        }
    }

    #[test]
    fn nonsense_from_javascript_names_no_connection() {
        let mut slots: SlotMap<ConnectionKey, u8> = SlotMap::with_key();
        slots.insert(0);
        for number in [f64::NAN, -1.0, 0.0, f64::INFINITY, 1e300, 0.5] {
            assert!(slots.get(ConnectionKey::from_number(number)).is_none(), "{number}");
        }
        let key = slots.insert(0).to_number();
        let generation = SLOTS as f64;
        for wrong in [key + 0.5, key - generation, key + generation, -key, key + 1.0] {
            assert!(slots.get(ConnectionKey::from_number(wrong)).is_none(), "{wrong}");
        }
    }
}
