//! What a panic has thrown, once it was caught.

use std::any::Any;

/// Lets go of it. Panics throw text, as a rule; anything else might panic in its own drop, and
/// stays.
pub fn let_go(payload: Box<dyn Any + Send>) {
    if payload.is::<String>() || payload.is::<&'static str>() {
        drop(payload);
    } else {
        std::mem::forget(payload);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{catch_unwind, panic_any};

    use super::let_go;

    struct PanicsInDrop;

    impl Drop for PanicsInDrop {
        fn drop(&mut self) {
            panic!("in the drop");
        }
    }

    fn throw() {
        panic_any(PanicsInDrop);
    }

    #[test]
    fn what_might_panic_in_its_drop_is_not_dropped() {
        let_go(catch_unwind(throw).unwrap_err());
    }
}
