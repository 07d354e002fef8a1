//! Any sequence of calls on a connection: no panic, bounded buffers, answers in order and well
//! formed, requests as the decoder alone reads them, and an end that always comes.

use http1::{
    CloseReason, Config, DRAIN_LIMIT, Engine, HIGH_WATER_MARK, Limits, OutgoingBody, SendError,
    Timeouts,
};

use super::app::{App, MAX_READ};
use super::decoder::{Outcome, decode};
use super::script::{Script, expand};

const REQUESTS: [&[u8]; 16] = [
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /10 HTTP/1.0\r\n\r\n",
    b"GET /10k HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /close HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"POST /5 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
    b"POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
    b"POST /l HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n",
    b"POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HEAD /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
    b"POST /k HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n",
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
    b"0\r\nA: b\r\n\r\n",
    b"hello",
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\n",
];

const LINES: [&[u8]; 8] = [
    b"",
    b"a: b\r\n",
    b"connection: close\r\n",
    b"content-length: 3\r\n",
    b"date: x\r\n",
    b"set-cookie: a\r\nset-cookie: b\r\n",
    b"transfer-encoding: chunked\r\n",
    b"upgrade: h2c\r\nconnection: upgrade\r\n",
];

/// Input: limits, clocks, and calls to their end.
pub fn run(data: &[u8]) {
    let mut script = Script::new(data);
    let limits = Limits {
        max_header_size: script.pick(&[16_384, 300]),
        max_headers_count: 200,
        max_request_body_size: script.pick(&[1 << 27, 1_000, DRAIN_LIMIT * 2]),
        max_requests_per_connection: script.pick(&[0, 1, 3]),
    };
    let time = script.pick(&[50, 50, 0, 5_000]);
    let timeouts = Timeouts { headers: time, receive: time, send: time, idle: time };
    // A socket that is read although it should not be: nothing may break, but bounds are off.
    let is_rude = script.byte() & 7 == 7;
    let high_water_mark = script.pick(&[HIGH_WATER_MARK, HIGH_WATER_MARK, 1, 1_000]);
    let mut app = App::new(Config { limits, timeouts, high_water_mark });
    while !script.is_over() {
        call(&mut app, &mut script, is_rude);
        check(&app, is_rude);
    }
    finish(&mut app);
    let read = decode(&mut Engine::new(), &app.config.limits, [&app.log[..]]);
    app.check_written(is_next_head(&app, &read));
    check_read(&app, &read, is_rude);
}

fn call(app: &mut App, script: &mut Script<'_>, is_rude: bool) {
    match script.byte() % 20 {
        0..4 => {
            let bytes = script.pick(&REQUESTS);
            receive(app, bytes, is_rude);
        }
        4 => {
            let bytes = script.text();
            receive(app, bytes, is_rude);
        }
        5 => {
            let bytes = expand(script.text());
            receive(app, &bytes[..bytes.len().min(MAX_READ)], is_rude);
        }
        6 => {
            let bytes = vec![b'x'; usize::from(script.number())];
            receive(app, &bytes, is_rude);
        }
        7 => app.end_input(),
        8 => {
            app.next();
        }
        9 => drain_events(app),
        10 => app.want_body(),
        11 => app.take_body(),
        12 => app.discard_body(),
        13 | 14 => send_head(app, script),
        15 => {
            let data = vec![b'd'; usize::from(script.byte()) % 9];
            let _ = app.send_data(&data);
        }
        16 => {
            let lines = script.pick(&LINES);
            let _ = app.send_end(lines, count(lines));
        }
        17 => {
            let status = script.pick(&[103, 100, 102, 101, 200]);
            let lines = script.pick(&LINES);
            let _ = app.inform(status, lines, count(lines));
        }
        18 => match script.byte() % 4 {
            0 => {
                app.connection.begin_shutdown();
                app.shutdown = true;
            }
            pending => {
                app.pending = [0, 1, HIGH_WATER_MARK][usize::from(pending) - 1];
                app.connection.note_sent(app.now, app.pending);
            }
        },
        _ => wait(app, script),
    }
}

fn count(lines: &[u8]) -> u32 {
    lines.iter().filter(|&&byte| byte == b'\n').count() as u32
}

fn receive(app: &mut App, bytes: &[u8], is_rude: bool) {
    if is_rude || app.connection.wants_read() {
        app.receive(bytes);
    }
}

fn drain_events(app: &mut App) {
    // Each turn tells something of the request or is the last.
    for _ in 0..8 {
        if !app.next() {
            app.begin_next();
            return check_rest(app);
        }
    }
    panic!("events without end");
}

fn send_head(app: &mut App, script: &mut Script<'_>) {
    let status = script.pick(&[200, 200, 204, 205, 304, 404, 500, 100, 600, 426]);
    let reason = script.pick(&[&b""[..], b"", b"Fine", b"a\r\nb", b"\xe4\t"]);
    let body = script.pick(&[
        OutgoingBody::None,
        OutgoingBody::Full(3),
        OutgoingBody::Full(0),
        OutgoingBody::Stream(None),
        OutgoingBody::Stream(Some(3)),
        OutgoingBody::Stream(Some(0)),
    ]);
    let choice = script.byte();
    let (lines, lines_count) = match LINES.get(usize::from(choice)) {
        Some(lines) => (*lines, count(lines)),
        None if choice < 128 => {
            let lines = LINES[usize::from(choice) % LINES.len()];
            (lines, count(lines))
        }
        None => (script.text(), u32::from(choice) & 3),
    };
    let _ = app.send_head(status, reason, lines, lines_count, body);
}

fn wait(app: &mut App, script: &mut Script<'_>) {
    let choice = script.byte();
    let deadline = app.connection.deadline();
    app.now = match (choice % 4, deadline) {
        (0, Some(deadline)) => deadline.max(app.now),
        (1, Some(deadline)) => app.now.max(deadline - 1),
        _ => app.now + u64::from(choice),
    };
    let is_early = deadline.is_none_or(|deadline| app.now < deadline);
    let written = app.out.len();
    let (closed, refused) = (app.closed, app.refusal.is_some());
    app.deadline();
    if is_early {
        let same = app.closed == closed && app.refusal.is_some() == refused;
        assert!(same && app.out.len() == written, "a clock went off too early");
    }
}

/// Holds behind every call.
fn check(app: &App, is_rude: bool) {
    let connection = &app.connection;
    assert!(!(connection.is_idle() && connection.exchange_open()));
    assert!(!connection.body_done() || connection.body_complete());
    assert!(
        is_rude || connection.body().len() <= app.config.high_water_mark + MAX_READ,
        "the body is held"
    );
    if app.closed.is_some() {
        assert!(!connection.exchange_open() && !connection.is_idle());
        assert!(connection.body().is_empty());
    }
}

/// Holds when all events are told: somebody can go on.
fn check_rest(app: &App) {
    let connection = &app.connection;
    if app.closed.is_some() {
        return;
    }
    assert!(app.refusal.is_none(), "the end does not follow the refusal");
    if !connection.exchange_open() && app.pending == 0 {
        assert!(connection.wants_read(), "nobody can go on");
        let is_timed = app.config.timeouts.idle > 0;
        assert!(!is_timed || connection.deadline().is_some(), "a silent client holds it for ever");
    }
    if connection.exchange_open() && connection.body().is_empty() && !connection.body_complete() {
        let is_discarded = app.exchanges.last().is_some_and(|last| last.discarded);
        assert!(is_discarded || connection.wants_read(), "a body that is never read");
        let is_timed = app.wanted && app.config.timeouts.receive > 0;
        let is_bounded = is_discarded || connection.deadline().is_some();
        assert!(!is_timed || is_bounded, "a body that may be waited for without end");
    }
}

/// A well-behaved end: what is asked is answered, the client leaves, the connection closes.
fn finish(app: &mut App) {
    app.pending = 0;
    app.connection.note_sent(app.now, 0);
    app.end_input();
    // A request of the log is at least 18 bytes long.
    for _ in 0..app.log.len() / 18 + 4 {
        drain_events(app);
        if app.closed.is_some() {
            break;
        }
        if app.open().is_none() {
            continue;
        }
        if app.connection.response_started() {
            match app.send_end(b"", 0) {
                Ok(()) | Err(SendError::BodyTooShort) => {}
                Err(error) => panic!("an answer cannot be ended: {error:?}"),
            }
        } else {
            let sent = app.send_head(200, b"", b"", 0, OutgoingBody::None);
            assert!(sent.is_ok(), "an answer that is right: {sent:?}");
        }
    }
    assert!(app.closed.is_some(), "the end does not come");
    let written = app.out.len();
    assert_eq!(app.send_head(200, b"", b"", 0, OutgoingBody::None), Err(SendError::Closed));
    assert_eq!(app.send_data(b"x"), Err(SendError::Closed));
    assert_eq!(app.send_end(b"", 0), Err(SendError::Closed));
    assert_eq!(app.inform(103, b"", 0), Err(SendError::Closed));
    app.want_body();
    app.discard_body();
    app.connection.receive(&mut app.engine, REQUESTS[0], app.now);
    assert!(!app.next() && app.out.len() == written, "alive behind the end");
}

/// Whether a HEAD follows the requests that were handed out.
fn is_next_head(app: &App, read: &Outcome) -> bool {
    let before = app.exchanges.len().checked_sub(1);
    let start = before.map_or(Some(0), |last| read.messages.get(last)?.end);
    let mut text = &app.log[start.unwrap_or(app.log.len())..];
    for _ in 0..8 {
        text = text.strip_prefix(b"\r\n").unwrap_or(text);
    }
    text.starts_with(b"HEAD ")
}

/// The requests are those that the decoder alone finds in the same bytes.
fn check_read(app: &App, read: &Outcome, is_rude: bool) {
    assert!(app.exchanges.len() <= read.messages.len(), "a request out of nothing");
    for (exchange, message) in app.exchanges.iter().zip(&read.messages) {
        assert_eq!(exchange.head, message.head);
        assert_eq!(exchange.packed, message.packed);
        assert!(message.body.starts_with(&exchange.taken), "a body out of nothing");
        if let Some(end) = message.end.filter(|_| !is_rude && exchange.received > 0) {
            let kept = exchange.received.saturating_sub(end);
            assert!(kept <= app.config.high_water_mark + MAX_READ, "{kept} bytes kept");
        }
    }
    if app.closed == Some(CloseReason::ClientClosed) && app.refusal.is_none() {
        assert_eq!(app.exchanges.len(), read.messages.len(), "a request was lost");
    }
    let Some(told) = &app.refusal else { return };
    let is_ours = told.code.ends_with("_TIMEOUT") || told.code == "HTTP_UNEXPECTED_END";
    if !is_ours {
        let refusal = read.refusal.as_ref().expect("the decoder refuses it too");
        assert_eq!((told.code, told.offset), (refusal.code, refusal.offset));
    }
}
