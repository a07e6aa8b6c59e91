//! Parses server-sent events from a stream of text: pure.
//!
//! The page reads them from an ordinary `fetch`, not an `EventSource`, since only a `fetch` can
//! carry an API key. So the same code serves a page on its server's origin and one hosted apart.
//! Written by hand, since what is left without the browser's reader is splitting lines.

/// One event: its data, and the id to reconnect with after a break.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Message {
    /// The `data` lines, joined by line ends.
    pub(crate) data: String,
    /// The last `id` up to this event: one without an `id` of its own has that of an earlier one.
    pub(crate) id: String,
}

/// Joins pieces of the stream, cut anywhere, to events.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    line: String,
    message: Message,
    has_data: bool,
}

impl Parser {
    /// Takes the next piece of the stream and returns the events that it completes.
    pub(crate) fn push(&mut self, piece: &str) -> Vec<Message> {
        let mut complete = Vec::new();
        for part in piece.split_inclusive('\n') {
            self.line.push_str(part);
            if self.line.ends_with('\n') {
                let line = std::mem::take(&mut self.line);
                complete.extend(self.end_line(line.trim_end_matches(['\r', '\n'])));
            }
        }
        complete
    }

    fn end_line(&mut self, line: &str) -> Option<Message> {
        if line.is_empty() {
            let done = std::mem::take(&mut self.has_data).then(|| self.message.clone());
            self.message.data.clear();
            return done;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if self.has_data {
                    self.message.data.push('\n');
                }
                self.message.data.push_str(value);
                self.has_data = true;
            }
            "id" => value.clone_into(&mut self.message.id),
            // Comments (an empty field), `event` and `retry` say nothing that the page uses.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn events_survive_any_cut() {
        let stream = ": hello\n\nid: 7\ndata: {\"a\":1}\n\r\n\nid: 8\r\ndata:x\r\ndata: y\r\n\r\nretry: 1\n\n";
        let expected = [("{\"a\":1}", "7"), ("x\ny", "8")];
        for size in 1..stream.len() {
            let mut parser = Parser::default();
            let bytes = stream.as_bytes();
            let found: Vec<_> = bytes
                .chunks(size)
                .filter_map(|piece| std::str::from_utf8(piece).ok())
                .flat_map(|piece| parser.push(piece))
                .collect();
            let found: Vec<_> = found
                .iter()
                .map(|m| (m.data.as_str(), m.id.as_str()))
                .collect();
            assert_eq!(found, expected, "pieces of {size}");
        }
    }

    #[test]
    fn an_unfinished_event_waits() {
        let mut parser = Parser::default();
        assert!(parser.push("data: half").is_empty());
        assert_eq!(parser.push("\n\n").len(), 1);
    }
}
