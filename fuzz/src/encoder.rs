//! No text of the application's can split an answer, or say what is ours to say.

use http1::{Config, OutgoingBody, SendError};

use super::app::App;
use super::grammar;
use super::script::Script;

const REQUESTS: [&[u8]; 5] = [
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
];

const NAMES: [&[u8]; 12] = [
    b"x-a",
    b"Set-Cookie",
    b"content-type",
    b"Content-Length",
    b"Transfer-Encoding",
    b"connection",
    b"date",
    b"Upgrade",
    b"keep-alive",
    b"trailer",
    b"host",
    b"te",
];

/// Names whose lines never come through.
const OURS: [&str; 6] = [
    "connection",
    "keep-alive",
    "upgrade",
    "proxy-connection",
    "content-length",
    "transfer-encoding",
];

/// Lines as the application means them, and the text they come to.
struct Section {
    text: Vec<u8>,
    count: u32,
    /// The lines that were meant; `None` where the text was made up as a whole.
    meant: Option<Vec<Vec<u8>>>,
}

impl Section {
    /// A text with a number of lines, or pairs of name and value that become `name: value CR LF`.
    fn read(script: &mut Script<'_>) -> Self {
        let kind = script.byte();
        if kind & 0x80 != 0 {
            let (text, count) = (script.text().to_vec(), u32::from(kind & 7));
            return Self { text, count, meant: None };
        }
        let mut meant = Vec::new();
        for _ in 0..kind & 7 {
            let choice = usize::from(script.byte());
            let name = match NAMES.get(choice) {
                Some(name) => *name,
                None => script.text(),
            };
            meant.push([name, b": ", script.text()].concat());
        }
        let text = meant.iter().flat_map(|line| [line, &b"\r\n"[..]].concat()).collect();
        let count = meant.len() as u32;
        Self { text, count, meant: Some(meant) }
    }

    /// The lines of the text, if it is as many whole and valid lines as were announced.
    fn lines(&self) -> Option<Vec<&[u8]>> {
        let mut lines = Vec::new();
        let mut rest = &self.text[..];
        while !rest.is_empty() {
            let (line, behind) = grammar::line(rest)?;
            grammar::field(line)?;
            lines.push(line);
            rest = behind;
        }
        if lines.len() != self.count as usize {
            return None;
        }
        if let Some(meant) = &self.meant {
            assert_eq!(&lines, meant, "a line that was not meant");
        }
        Some(lines)
    }
}

/// Input: the request, an informational answer, the head of the answer, its body, its trailers.
pub fn run(data: &[u8]) {
    let [new, kept] = [false, true].map(|keeps| answer(data, keeps));
    assert!(kept == new, "kept lines make another answer: {}", kept.escape_ascii());
}

/// Returns all that was written.
fn answer(data: &[u8], keeps: bool) -> Vec<u8> {
    let mut script = Script::new(data);
    let mut app = App::new(Config::default());
    app.keeps = keeps;
    app.receive(script.pick(&REQUESTS));
    while app.next() {}
    let body = script.pick(&[
        OutgoingBody::None,
        OutgoingBody::Full(2),
        OutgoingBody::Stream(None),
        OutgoingBody::Stream(Some(4)),
    ]);
    let status = match script.byte() {
        code @ 0..100 => 200 + u16::from(code),
        _ => script.pick(&[200, 204, 205, 304, 599, 600, 199, 0, 1000, 404, 426]),
    };
    let reason = script.text();
    let head = Section::read(&mut script);
    let early = Section::read(&mut script);
    let trailers = Section::read(&mut script);

    let informed = app.inform(103, &early.text, early.count);
    check_result(&early, informed.err());
    let sent = app.send_head(status, reason, &head.text, head.count, body);
    let is_sayable = (200..=599).contains(&status) && grammar::is_text(reason);
    if is_sayable {
        check_result(&head, sent.err());
    } else {
        assert!(sent.is_err(), "a status line out of nothing");
    }
    if sent.is_err() {
        assert!(app.send_end(b"", 0).is_err());
        // The connection is as it was: another answer can be sent.
        let another = app.send_head(500, b"", b"", 0, OutgoingBody::None);
        assert!(another.is_ok(), "another answer: {another:?}");
        check_answers(&app, None, informed == Ok(true), &early, &trailers);
        return app.out;
    }
    if matches!(body, OutgoingBody::Stream(_)) {
        stream(&mut app, &trailers);
    }
    check_answers(&app, Some((&head, reason)), informed == Ok(true), &early, &trailers);
    app.out
}

fn stream(app: &mut App, trailers: &Section) {
    let _ = app.send_data(b"ab").and_then(|()| app.send_data(b"cd"));
    let ended = app.send_end(&trailers.text, trailers.count);
    if ended.is_err() && app.connection.exchange_open() {
        assert!(trailers.lines().is_none(), "{ended:?}");
        app.send_end(b"", 0).expect("an end without trailers");
    }
}

/// What is well formed is sent, what is not is refused.
fn check_result(section: &Section, error: Option<SendError>) {
    let lines = section.lines();
    match error {
        None => {}
        // Whether it fits the body is not this target's to know.
        Some(SendError::InvalidContentLength) => {
            let is_it = |line: &[u8]| line.to_ascii_lowercase().starts_with(b"content-length:");
            let text = section.text.split(|&byte| byte == b'\n');
            assert!(text.into_iter().any(is_it));
        }
        Some(error) => assert!(lines.is_none(), "refused although it is right: {error:?}"),
    }
}

fn check_answers(
    app: &App,
    head: Option<(&Section, &[u8])>,
    is_informed: bool,
    early: &Section,
    trailers: &Section,
) {
    let answers = app.check_written(false);
    assert_eq!(answers.len(), 1 + usize::from(is_informed), "an answer was split");
    if is_informed {
        assert!(answers[0].is_informational());
        assert_eq!(answers[0].lines, kept(early, 103), "informational lines");
    }
    let last = &answers[answers.len() - 1];
    assert!(!last.is_informational());
    if let Some((section, reason)) = head {
        let expected = kept(section, last.status);
        let (theirs, ours) = last.lines.split_at(expected.len());
        assert_eq!(theirs, expected);
        assert!(ours.len() <= 4, "lines out of nothing");
        assert!(reason.is_empty() || last.reason == reason);
    }
    let mut lines = trailers.lines().unwrap_or_default().into_iter();
    for trailer in &last.trailers {
        assert!(lines.any(|line| line == *trailer), "a trailer out of nothing");
        let (name, _) = grammar::field(trailer).unwrap();
        let name = name.to_ascii_lowercase();
        assert!(!OURS.iter().any(|ours| ours.as_bytes() == name), "a trailer that frames");
    }
}

/// The lines that come through.
fn kept(section: &Section, status: u16) -> Vec<&[u8]> {
    let mut lines = section.lines().expect("what was sent is well formed");
    lines.retain(|line| {
        let (name, _) = grammar::field(line).unwrap();
        let is = |ours: &str| name.eq_ignore_ascii_case(ours.as_bytes());
        (status == 426 && is("upgrade")) || !OURS.iter().any(|ours| is(ours))
    });
    lines
}
